"""URLs as they may be shown: in logs, errors and `lagebild settings`."""

import re
from typing import Final
from urllib.parse import unquote_plus

MASK: Final = "********"

LOGIN: Final = re.compile(r"(?<=://)([^:/@?#]*):.*@", re.DOTALL)
"""User and password. Greedy, for a password that holds what it should write in percents: better too much than less."""

PARAMETER: Final = re.compile(r"([?&])([^=&#]*)=([^&#]*)")
SECRET: Final = re.compile(r"pass|pwd|secret|token|credential|api.?key", re.IGNORECASE)
"""Parameters that libpq and collectors of traces take secrets by: password, sslpassword, access_token …"""


def masked(url: str) -> str:
    """The URL without its password, where that stands before the host or in a parameter; all else as written."""
    return PARAMETER.sub(_parameter, LOGIN.sub(rf"\1:{MASK}@", url))


def _parameter(found: re.Match[str]) -> str:
    separator, name, _value = found.groups()
    return f"{separator}{name}={MASK}" if SECRET.search(unquote_plus(name)) else found[0]

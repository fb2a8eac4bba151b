"""Free ports of this machine for the broker's listeners."""

import contextlib
import os
import socket
from collections.abc import Iterable

from services.common.errors import UserError

HOST = "127.0.0.1"


def choose_ports(names: Iterable[str], wanted: dict[str, int]) -> dict[str, int]:
    """A port of 127.0.0.1 for each name: the wanted one, else a free one.

    Raises:
        UserError: a wanted port cannot be had.
    """
    # All are held open until the last is known, so that none is given out twice.
    with contextlib.ExitStack() as held:
        return {name: _bind(held.enter_context(socket.socket()), wanted.get(name, 0)) for name in names}


def _bind(listener: socket.socket, wanted: int) -> int:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, wanted))
    except OSError as error:
        raise UserError(
            f"port {wanted} on {HOST} cannot be used for the broker ({os.strerror(error.errno or 0)})",
            remedy="stop what listens there, or choose another port (--port)",
        ) from error
    port: int = listener.getsockname()[1]
    return port

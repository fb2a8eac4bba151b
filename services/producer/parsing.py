"""Pages and feeds of strangers are parsed in a process of their own, within limits of time and memory.

A parser may take hours for a page that is made for it, or fill the memory: nothing but the end of its process stops it.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from pebble import ProcessExpired
from pebble.concurrent import process

from services.common.processes import bound, forkserver
from services.producer.inputs import ParseLimits, Rejected

P = ParamSpec("P")
T = TypeVar("T")

OTHERWISE = "send its text as a .txt file"


def parsed(limits: ParseLimits, parse: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function of `services.producer.markup` makes of its arguments; blocks for `limits.seconds` and some.

    Raises:
        Rejected: it did not come to an end within the limits, or failed; the reason says what to do.
    """
    context = forkserver(["services.producer.markup"])
    # pebble 5.2.3 reads `context`, its annotation says `mp_context`.
    start = process(timeout=limits.seconds, context=context)(_bounded)  # type: ignore[call-overload]
    try:
        return cast(T, start(limits.memory_bytes, parse, args, kwargs).result())
    except TimeoutError:
        raise Rejected(f"not parsed within {limits.seconds:g} s; {OTHERWISE}") from None
    except MemoryError:
        raise Rejected(f"not parsed with {limits.memory_bytes} bytes of memory; {OTHERWISE}") from None
    except ProcessExpired as error:
        raise Rejected(f"it crashed its parser (exit code {error.exitcode}); {OTHERWISE}") from None
    except Exception as error:  # noqa: BLE001 - whatever a parser raises belongs to this document
        raise Rejected(f"its parser fails ({type(error).__name__}: {error}); {OTHERWISE}") from None


def _bounded(memory_bytes: int, parse: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    bound(memory_bytes)
    return parse(*args, **kwargs)

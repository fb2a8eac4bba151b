"""What people write after options, checked: one of several words, a day."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeVar

from services.common.errors import UserError

UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
T = TypeVar("T", bound=str)


def among(given: list[str] | None, known: tuple[T, ...], option: str) -> list[T]:
    """The given words, in the order of the known ones.

    Raises:
        UserError: one is not known.
    """
    for value in given or ():
        if value not in known:
            raise UserError(f"{option} {value!r} does not exist", remedy=f"choose from {', '.join(known)}")
    return [value for value in known if value in (given or ())]


def day(given: str | None, option: str) -> date | None:
    """The UTC day meant by an ISO 8601 date, or by a span of time before now.

    Raises:
        UserError: it is neither.
    """
    return None if given is None else moment(given, option).date()


def moment(given: str, option: str) -> datetime:
    """The moment meant by a span of time before now, or by an ISO 8601 date: its beginning in UTC.

    Raises:
        UserError: it is neither.
    """
    number, unit = given[:-1], UNITS.get(given[-1:])
    try:
        if unit is not None and number.isdecimal():
            return datetime.now(UTC) - int(number) * unit
        return datetime.combine(date.fromisoformat(given), time.min, UTC)
    except (ValueError, OverflowError):
        raise UserError(
            f"{option} {given!r} is no day", remedy="write 2024-10-28, or 24h, 7d, 2w for a time before now"
        ) from None

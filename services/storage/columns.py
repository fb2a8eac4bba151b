"""The types of columns, as both databases have them.

SQLite's strict tables know TEXT, INTEGER, REAL and BLOB, so identifiers, days and moments are TEXT in ISO 8601 there;
moments are UTC with milliseconds and a Z, so that their order as text is their order in time. Released migrations
were made with these types: add to them, never change one.
"""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator


class UtcMoment(TypeDecorator[datetime]):
    """A moment in UTC: timestamptz in PostgreSQL, ISO 8601 text in SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The column's type in this database."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """A moment on its way into a query."""
        return moment_text(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """A moment on its way out of a query."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def moment_text(moment: datetime) -> str:
    """The moment in UTC with milliseconds: 2024-10-28T17:30:00.000Z."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


TEXT = sa.Text()
INTEGER = sa.Integer()
LARGE_INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")
MOMENT = UtcMoment()
IDENTIFIER = sa.Uuid(as_uuid=False).with_variant(sa.Text(), "sqlite")
DOCUMENT = postgresql.JSONB().with_variant(sa.Text(), "sqlite")

# The same as annotations of row types: what a row holds in Python is text or a number, which both drivers pass on
# without conversion.
Identifier = Annotated[str, IDENTIFIER]
Words = Annotated[str, TEXT]
Whole = Annotated[int, INTEGER]
LargeWhole = Annotated[int, LARGE_INTEGER]
Number = Annotated[float, NUMBER]
Flag = Annotated[int, FLAG]
Day = Annotated[str, DAY]
Moment = Annotated[str, MOMENT]
Document = Annotated[str, DOCUMENT]


def day_text(day: date) -> str:
    """The day in ISO 8601: 2024-10-28."""
    return day.isoformat()

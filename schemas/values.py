"""The values that fill an event's slots: parties, places, quantities and times, each with its span."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Span

PartyKind = Literal["state", "organisation", "armed_group", "person", "unknown"]

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 3166-1 alpha-3; XKX for Kosovo, as the European Union and the World Bank use it."""


class Party(Span):
    """A state, organisation, armed group or person as written at one place of the article."""

    name: Annotated[str, Field(min_length=1, description="Who is meant, after pronouns, roles and metonymy")]
    code: Annotated[
        str | None,
        Field(
            min_length=1,
            description="ISO 3166-1 alpha-3 code of the state it belongs to, or the organisation's short name, or null",
        ),
    ] = None
    kind: PartyKind = "unknown"


class Place(Span):
    """A place as written, with its country and WGS 84 coordinates where they are known."""

    name: Annotated[str, Field(min_length=1)]
    country: Annotated[
        CountryCode | None,
        Field(description="The country it lies in; null for seas and regions over several"),
    ] = None
    latitude: Annotated[float | None, Field(ge=-90, le=90, description="Degrees north, WGS 84")] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180, description="Degrees east, WGS 84")] = None
    geonames_id: Annotated[int | None, Field(ge=1, description="Identifier at GeoNames")] = None


class Quantity(Span):
    """How many or how much, as closed bounds; null means unbounded or unknown on that side."""

    min: Annotated[int | float | None, Field(description="Lower bound, inclusive")] = None
    max: Annotated[int | float | None, Field(description="Upper bound, inclusive")] = None
    approximate: Annotated[bool, Field(description="True for 'etwa', 'rund', 'Tausende'")] = False
    unit: Annotated[
        str | None, Field(min_length=1, description="Schuss, Tonnen, Euro …; null where the force counts")
    ] = None

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"quantity has its lower bound {self.min} above its upper bound {self.max}")
        return self


class Time(Span):
    """A time expression, resolved against the article's publication date.

    Both dates are inclusive ISO 8601 calendar dates; null means open or unknown on that side.
    """

    earliest: date | None = None
    latest: date | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.earliest and self.latest and self.earliest > self.latest:
            raise ValueError(f"time begins {self.earliest} after it ends {self.latest}")
        return self

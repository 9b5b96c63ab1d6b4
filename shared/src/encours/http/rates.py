"""Published exchange rates in answers."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from encours.contracts.common import Conversion
from encours.http.models import BusinessDate
from encours.kernel.exchange import QuotedRate


class PublishedRateOut(BaseModel):
    """Exchange rate by which a figure was converted."""

    base: str
    quote: str
    rate: str = Field(description="Units of `quote` for one unit of `base`.")
    on: BusinessDate
    source: str

    @classmethod
    def of(cls, rate: QuotedRate | None) -> Self | None:
        """Return a rate."""
        if rate is None:
            return None
        return cls(base=rate.base, quote=rate.quote, rate=rate.rate, on=rate.on, source=rate.source)

    @classmethod
    def of_conversion(cls, found: Conversion | None) -> Self | None:
        """Return the rate of a conversion that an event has kept."""
        if found is None:
            return None
        return cls(base=found.base, quote=found.quote, rate=found.rate, on=found.rate_on, source=found.source)

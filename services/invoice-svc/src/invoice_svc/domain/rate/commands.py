"""Commands on exchange rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PublishRates:
    """Rates of a pair of currencies by day: decimals, units of ``quote`` for one unit of ``base``."""

    rate_id: str
    entity_id: str
    base: str
    quote: str
    source: str
    rates: tuple[tuple[date, str], ...]

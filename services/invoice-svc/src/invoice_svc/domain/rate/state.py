"""State of the exchange rates of an entity for one pair of currencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.rate import ExchangeRatePublished
from encours.kernel.errors import NotFound
from encours.kernel.exchange import QuotedRate
from encours.kernel.ids import derived_id


class RatesNotFound(NotFound):
    """The entity has no rates of the pair (404)."""

    code = "exchange-rates-not-found"
    title = "Exchange rates not found"
    remedy = "PUT /v1/exchange-rates for the entity and the two currencies first."


@dataclass(frozen=True, slots=True)
class DatedRate:
    """Rate from a day on, until that of a later day."""

    on: date
    rate: str
    source: str


@dataclass(frozen=True, slots=True)
class ExchangeRates:
    """Rates by day, ascending; the last one that is known for a day."""

    rate_id: str = ""
    entity_id: str = ""
    base: str = ""
    quote: str = ""
    rates: tuple[DatedRate, ...] = ()

    def in_force(self, day: date) -> DatedRate | None:
        """Return the rate of the day, else of the last day before it; ``None`` before the first."""
        return next((rate for rate in reversed(self.rates) if rate.on <= day), None)

    def quoted(self) -> Iterator[QuotedRate]:
        """Iterate over the rates with their pair of currencies."""
        for each in self.rates:
            yield QuotedRate(self.base, self.quote, each.rate, each.on, each.source)


def rates_id(entity_id: str, base: str, quote: str) -> str:
    """Return the id of the stream with the rates of a pair."""
    return derived_id("fxr", entity_id, base, quote)


def evolve(state: ExchangeRates, recorded: Recorded) -> ExchangeRates:
    """Return the rates after one more event."""
    event = cast(ExchangeRatePublished, recorded.data)
    kept = [rate for rate in state.rates if rate.on != event.on]
    kept.append(DatedRate(event.on, event.rate, event.source))
    return replace(
        state,
        rate_id=event.rate_id,
        entity_id=event.entity_id,
        base=event.base,
        quote=event.quote,
        rates=tuple(sorted(kept, key=lambda rate: rate.on)),
    )


def fold_as_of(recorded: Iterable[Recorded], day: date) -> ExchangeRates:
    """Return the rates of days up to the day."""
    state = ExchangeRates()
    for event in recorded:
        if event.effective_on <= day:
            state = evolve(state, event)
    return state

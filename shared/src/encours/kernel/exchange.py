"""Conversion between currencies by published rates: of the pair itself, of its inverse, or through a third currency."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from encours.kernel.money import exponent


@dataclass(frozen=True, slots=True)
class QuotedRate:
    """Rate from a day on: units of ``quote`` for one unit of ``base``, as a decimal."""

    base: str
    quote: str
    rate: str
    on: date
    source: str

    def converted(self, minor: int, to: str) -> int:
        """Return an amount of the other currency of the pair in minor units of ``to``, rounded half up from zero."""
        source = self.base if to == self.quote else self.quote
        operation = _EXACT.multiply if to == self.quote else _EXACT.divide
        scaled = operation(Decimal(minor), Decimal(self.rate)).scaleb(exponent(to) - exponent(source))
        return int(scaled.quantize(Decimal(1), ROUND_HALF_UP, _EXACT))

    def per_unit(self, base: str) -> Decimal:
        """Return the units of the other currency of the pair for one unit of ``base``, to 15 significant digits."""
        return _RATES.plus(self.exact_per_unit(base)).normalize()

    def written_per_unit(self, base: str) -> str:
        """Return the same as a decimal: as it was published for the base, else calculated."""
        return self.rate if base == self.base else f"{self.per_unit(base):f}"

    def exact_per_unit(self, base: str) -> Decimal:
        """Return that as exactly as it has to be for a calculation."""
        return Decimal(self.rate) if base == self.base else _EXACT.divide(Decimal(1), Decimal(self.rate))


_RATES = Context(prec=15)
"""For a rate that is calculated from others."""
_EXACT = Context(prec=60)
"""Enough for the largest amount at any rate that the APIs accept."""


def rate_on(
    rates: Iterable[QuotedRate], base: str, quote: str, day: date, through: str | None = None
) -> QuotedRate | None:
    """Return the rate of a pair on a day: of that day, else of the last day before it; ``None`` without one.

    The later one of the rates of the pair and of its inverse counts, of two of the same day that of the pair. Without
    either, it is the quotient of the two currencies' rates against ``through``, dated as the older of the two.
    """
    known = list(rates)
    if found := _last(known, base, quote, day):
        return found
    if through is None or through in (base, quote):
        return None
    first, second = _last(known, base, through, day), _last(known, quote, through, day)
    if first is None or second is None:
        return None
    rate = _RATES.divide(first.exact_per_unit(base), second.exact_per_unit(quote)).normalize()
    legs = "; ".join(f"{leg.base}/{leg.quote} {leg.rate} {leg.source}" for leg in (first, second))
    return QuotedRate(base, quote, f"{rate:f}", min(first.on, second.on), legs)


class RateHistory:
    """Rates of many days, for many look-ups."""

    def __init__(self, rates: Iterable[QuotedRate]) -> None:
        self._by_pair: dict[frozenset[str], list[QuotedRate]] = {}
        for rate in sorted(rates, key=lambda rate: rate.on):
            self._by_pair.setdefault(frozenset((rate.base, rate.quote)), []).append(rate)

    def on(self, base: str, quote: str, day: date) -> QuotedRate | None:
        """Return the rate of a pair on a day as :func:`rate_through` does."""
        last: list[QuotedRate] = []
        for rates in self._by_pair.values():
            end = bisect_right(rates, day, key=lambda rate: rate.on)
            # Of the last day there may be one rate each way.
            last += rates[max(0, end - 2) : end]
        return rate_through(last, base, quote, day)


def rate_through(rates: Iterable[QuotedRate], base: str, quote: str, day: date) -> QuotedRate | None:
    """Return the rate of a pair on a day, if need be through a third currency, in alphabetical order."""
    known = tuple(rates)
    thirds = sorted({code for rate in known for code in (rate.base, rate.quote)} - {base, quote})
    found = (rate_on(known, base, quote, day, third) for third in (None, *thirds))
    return next((rate for rate in found if rate is not None), None)


def _last(rates: Iterable[QuotedRate], base: str, quote: str, day: date) -> QuotedRate | None:
    pair = {base, quote}
    dated = [rate for rate in rates if rate.on <= day and {rate.base, rate.quote} == pair]
    return max(dated, key=lambda rate: (rate.on, rate.base == base), default=None)

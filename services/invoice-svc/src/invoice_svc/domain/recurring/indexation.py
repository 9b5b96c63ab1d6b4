"""Indexed prices: price times the value for the period, divided by the base value, rounded half up per price.

Discounts and charges of an amount are not indexed; those of a percentage follow the prices.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from encours.contracts.events.sales.recurring import IndexedBy
from encours.kernel.errors import Refusal
from encours.kernel.money import div_half_up
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.index.state import PriceIndex, period_of
from invoice_svc.domain.recurring.state import Recurring

RULE = "unit price × value for the period ÷ base value, rounded half up to the decimals of a price"


class IndexValueMissing(Refusal):
    """The index has no value for a period that an invoice needs."""

    code = "index-value-missing"
    title = "Index has no value for the period"
    remedy = "Set the value with PUT /v1/indices/{code}."


def indexed_by(state: Recurring, index: PriceIndex, period: date) -> IndexedBy:
    """Return the index values for a period. Raises ``index-value-missing``, which names the value."""
    asked = state.indexation
    assert asked is not None, "only prices that follow an index are indexed"
    revised_on = period if asked.revision == "each_period" else _anniversary(state.schedule.starts_on, period)
    base = period_of(index.frequency, asked.base_period)
    now = period_of(index.frequency, revised_on, asked.months_back)
    return IndexedBy(
        code=index.code,
        base_period=base,
        base_value=_value(index, base),
        value_period=now,
        value=_value(index, now),
    )


def require_base(index: PriceIndex, base_period: date) -> None:
    """Raise ``index-value-missing`` unless the base value is known."""
    _value(index, period_of(index.frequency, base_period))


def indexed_line(line: LineInput, by: IndexedBy, decimals: int) -> LineInput:
    """Return the line with its price by the index."""
    price = Fraction(line.unit_price) * Fraction(by.value) / Fraction(by.base_value) * 10**decimals
    rounded = div_half_up(price.numerator, price.denominator)
    return replace(line, unit_price=f"{Decimal(rounded).scaleb(-decimals):f}")


def _value(index: PriceIndex, period: date) -> str:
    value = index.values.get(period)
    if value is None:
        raise IndexValueMissing(
            f"{index.code} ({index.frequency}) has no value for {period}; it has {len(index.values)} values, the last "
            f"for {max(index.values, default='none')}."
        )
    return value


def _anniversary(first: date, day: date) -> date:
    """Return the last anniversary of a day; that of 29 February is 1 March in other years."""
    year = day.year if (day.month, day.day) >= (first.month, first.day) else day.year - 1
    return date(year, 3, 1) if (first.month, first.day) == (2, 29) and year % 4 else first.replace(year=year)

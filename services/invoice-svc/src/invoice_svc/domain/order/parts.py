"""Parts of an order's amounts: those of a delivered quantity, and of the deliveries that an invoice bills.

A percentage is calculated on the part. A discount or charge of an amount is divided by quantity, or by value for the
whole order, so that the parts of all deliveries add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from encours.contracts.common import Adjustment, Line
from encours.contracts.events.sales.order import DeliveredLine
from encours.kernel.money import div_half_up, format_amount
from invoice_svc.domain.amounts.adjustments import AdjustmentInput, as_input
from invoice_svc.domain.amounts.decimals import percent
from invoice_svc.domain.amounts.sums import LineInput, line_input, reckon
from invoice_svc.domain.order.state import Delivery, Order


def delivered_line(
    line: Line, number: int, quantity: Decimal, before: Decimal, currency: str
) -> DeliveredLine:
    """Return the value of a quantity of the order's line ``number``, of which ``before`` was delivered earlier."""
    whole = line_input(line, currency)
    parts = (
        asked
        if asked.amount is None
        else _of_amount(asked, each, before, before + quantity, Decimal(line.quantity), currency)
        for asked, each in zip(whole.adjustments, line.adjustments, strict=True)
    )
    part = replace(whole, quantity=f"{quantity:f}", adjustments=tuple(parts))
    (found,) = reckon([part], currency).lines
    return DeliveredLine(
        line=number, quantity=found.quantity, net_minor=found.net_minor, adjustments=found.adjustments
    )


def billed_lines(order: Order, delivery: Delivery) -> list[LineInput]:
    """Return the lines of an invoice for a delivery."""
    return [_billed(order.content.lines[part.line - 1], part, order.currency) for part in delivery.lines]


def billed_adjustments(order: Order, deliveries: Iterable[Delivery]) -> list[AdjustmentInput]:
    """Return the part of the order's own discounts and charges that falls on deliveries, by their value."""
    part = Decimal(sum(each.net_minor for each in deliveries))
    before = Decimal(sum(each.net_minor for each in order.deliveries if each.invoice_id is not None))
    whole = Decimal(sum(line.net_minor for line in order.content.lines))
    found = []
    for each in order.content.adjustments:
        asked = as_input(each, order.currency, int(whole))
        if asked.percent is not None and asked.base is None:
            base = format_amount(int(part), order.currency)
            found.append(replace(asked, percent=percent(each.percent_bps or 0), base=base))
        else:
            found.append(_of_amount(asked, each, before, before + part, whole, order.currency))
    return found


def _billed(line: Line, part: DeliveredLine, currency: str) -> LineInput:
    gross_minor = part.net_minor - sum(each.signed_minor for each in part.adjustments)
    return replace(
        line_input(line, currency),
        quantity=part.quantity,
        adjustments=tuple(as_input(each, currency, gross_minor) for each in part.adjustments),
    )


def _of_amount(
    asked: AdjustmentInput, whole: Adjustment, before: Decimal, after: Decimal, of: Decimal, currency: str
) -> AdjustmentInput:
    """Return the part of an amount that lies between two marks of ``of``; where that is 0, the first has all of it."""
    if of > 0:
        minor = _upto(whole.amount_minor, after, of) - _upto(whole.amount_minor, before, of)
    else:
        minor = whole.amount_minor if before == 0 else 0
    return replace(asked, amount=format_amount(minor, currency), percent=None, base=None)


def _upto(amount_minor: int, mark: Decimal, of: Decimal) -> int:
    part = amount_minor * Fraction(mark) / Fraction(of)
    return div_half_up(part.numerator, part.denominator)

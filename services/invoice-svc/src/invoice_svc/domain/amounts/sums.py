"""Sums of an invoice.

EN 16931, BR-CO-10 to BR-CO-17: price times quantity, and each discount and charge, is rounded half up to the currency's
minor unit; VAT is calculated per category and rate on the sum of its lines, discounts and charges, and rounded half up
once (BR-CO-17), never per line. All amounts are integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.common import Adjustment, DocumentAdjustment, Line, VatCategory, VatShare
from encours.kernel.errors import Invalid
from encours.kernel.money import MAX_MINOR, div_half_up, exponent, format_amount, pro_rata
from invoice_svc.domain.amounts.adjustments import (
    AdjustmentInput,
    as_input,
    on_document,
    on_line,
    vat_of,
)
from invoice_svc.domain.amounts.decimals import decimal_parts, percent


class LineInput(Struct, frozen=True, gc=False):
    """A requested line. Quantity, unit price (net, major units) and rate (percent) are decimal strings.

    ``currency`` is that of the price if the request gives it; ``vat_category`` ``None`` is that of the rate.
    """

    description: str
    quantity: str
    unit_price: str
    vat_rate: str
    product: str | None = None
    currency: str | None = None
    vat_category: VatCategory | None = None
    adjustments: tuple[AdjustmentInput, ...] = ()
    unit_cost: str | None = None


MAX_LINE_COST_MINOR = MAX_MINOR // 1_000
"""Bound of the cost of a line: all lines of a document together stay an amount."""


class InvoiceSums(Struct, frozen=True, gc=False):
    """Lines with their nets, adjustments of the document, VAT by rate ascending, and the totals, in minor units."""

    lines: tuple[Line, ...]
    adjustments: tuple[DocumentAdjustment, ...]
    vat: tuple[VatShare, ...]
    net_minor: int
    vat_minor: int
    total_minor: int


class RateAmounts(Struct, frozen=True, gc=False):
    """Net and VAT in a category at a rate, in minor units; with ``rate_bps`` ``None``, in all together, unknown."""

    rate_bps: int | None
    net_minor: int
    vat_minor: int
    category: VatCategory = "S"

    @property
    def is_something(self) -> bool:
        """Return True if net or VAT is not 0."""
        return bool(self.net_minor or self.vat_minor)

    @property
    def key(self) -> VatKey:
        """Return what tells the part apart from the others of its document."""
        return (-1, "S") if self.rate_bps is None else (self.rate_bps, self.category)


VatKey = tuple[int, VatCategory]
"""Rate and category, by which the VAT of a document is divided."""


def currency_of(named: str | None, inputs: Iterable[LineInput], usual: str) -> str:
    """Return the currency of a document: the one that is named, else that of its prices, else the usual one."""
    return named or next((line.currency for line in inputs if line.currency is not None), usual)


def reckon(
    inputs: Iterable[LineInput], currency: str, adjustments: Sequence[AdjustmentInput] = ()
) -> InvoiceSums:
    """Return the sums of the lines, and of the document's discounts and charges, in a currency.

    Raises :class:`Invalid` with a pointer to the faulty part.
    """
    lines = tuple([_line(line, currency, f"/lines/{i}") for i, line in enumerate(inputs)])
    lines_minor = sum([line.net_minor for line in lines])
    adjusted = tuple(_on_document(adjustments, currency, lines_minor)) if adjustments else ()
    nets: dict[VatKey, int] = {}
    for line in lines:
        key = line.vat_rate_bps, line.vat_category
        nets[key] = nets.get(key, 0) + line.net_minor
    for each in adjusted:
        key = each.vat_rate_bps, each.vat_category
        nets[key] = nets.get(key, 0) + each.signed_minor
    vat = tuple(
        [
            VatShare(
                category=category, rate_bps=rate, net_minor=net, vat_minor=div_half_up(net * rate, 10_000)
            )
            for (rate, category), net in sorted(nets.items())
        ]
    )
    net_minor = sum(nets.values())
    vat_minor = sum([share.vat_minor for share in vat])
    if abs(net_minor + vat_minor) > MAX_MINOR:
        raise Invalid(
            f"The total of an invoice may be at most {format_amount(MAX_MINOR, currency)}.", "/lines"
        )
    return InvoiceSums(lines, adjusted, vat, net_minor, vat_minor, net_minor + vat_minor)


def line_input(line: Line, currency: str) -> LineInput:
    """Return the request for a line that is there."""
    gross_minor = line.net_minor - sum(each.signed_minor for each in line.adjustments)
    return LineInput(
        line.description,
        line.quantity,
        line.unit_price,
        percent(line.vat_rate_bps),
        line.product,
        vat_category=line.vat_category,
        adjustments=tuple(as_input(each, currency, gross_minor) for each in line.adjustments),
        unit_cost=line.unit_cost,
    )


def _on_document(
    asked: Iterable[AdjustmentInput], currency: str, lines_minor: int
) -> Iterable[DocumentAdjustment]:
    counts = {"allowance": 0, "charge": 0}
    for each in asked:
        yield on_document(each, currency, lines_minor, f"/{each.kind}s/{counts[each.kind]}")
        counts[each.kind] += 1


def _line(line: LineInput, currency: str, pointer: str) -> Line:
    if line.currency not in (None, currency):
        raise Invalid(
            f"The invoice is in {currency}; write the price in {currency}.", f"{pointer}/unit_price/currency"
        )
    digits = exponent(currency)
    quantity, quantity_scale, quantity_text = decimal_parts(line.quantity, f"{pointer}/quantity")
    price, price_scale, price_text = decimal_parts(line.unit_price, f"{pointer}/unit_price")
    gross_minor = div_half_up(quantity * price * 10**digits, 10 ** (quantity_scale + price_scale))
    adjustments = (
        tuple(_on_line(line.adjustments, currency, gross_minor, pointer)) if line.adjustments else ()
    )
    net_minor = gross_minor + sum([each.signed_minor for each in adjustments])
    if abs(net_minor) > MAX_MINOR:
        raise Invalid(f"The amount of a line may be at most {format_amount(MAX_MINOR, currency)}.", pointer)
    category, rate = vat_of(line.vat_category, line.vat_rate, pointer)
    return Line(
        description=line.description,
        quantity=quantity_text,
        unit_price=price_text,
        vat_category=category,
        vat_rate_bps=rate,
        net_minor=net_minor,
        product=line.product,
        adjustments=adjustments,
        unit_cost=None
        if line.unit_cost is None
        else _unit_cost(line.unit_cost, quantity, quantity_scale, digits, f"{pointer}/unit_cost"),
    )


def _unit_cost(text: str, quantity: int, quantity_scale: int, digits: int, pointer: str) -> str:
    """Return the canonical cost of a unit. Raises :class:`Invalid` for one below 0, and for too much in the line."""
    cost, scale, canonical = decimal_parts(text, pointer)
    of_line = cost * abs(quantity) * 10**digits // 10 ** (scale + quantity_scale)
    if cost < 0 or of_line > MAX_LINE_COST_MINOR:
        raise Invalid("A cost is 0 or more, and that of a line within the bounds of amounts.", pointer)
    return canonical


def _on_line(
    asked: Iterable[AdjustmentInput], currency: str, gross_minor: int, pointer: str
) -> Iterator[Adjustment]:
    counts = {"allowance": 0, "charge": 0}
    for each in asked:
        yield on_line(each, currency, gross_minor, f"{pointer}/{each.kind}s/{counts[each.kind]}")
        counts[each.kind] += 1


def split_credit(amount_minor: int, left: Sequence[RateAmounts]) -> tuple[RateAmounts, ...]:
    """Return a credit of a gross amount, pro rata to the net and the VAT that are not credited yet at each rate.

    So the credits that cancel an invoice add up exactly to its net and its VAT at each rate, including a rebate at
    another rate. The sum of ``left`` is above 0.
    """
    minors = iter(
        pro_rata(amount_minor, [minor for part in left for minor in (part.net_minor, part.vat_minor)])
    )
    return tuple(replace(part, net_minor=next(minors), vat_minor=next(minors)) for part in left)

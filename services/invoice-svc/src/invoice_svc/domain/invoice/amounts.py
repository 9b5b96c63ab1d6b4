"""Sums of an invoice.

EN 16931: the net of a line is rounded half up to the currency's minor unit (BT-131); VAT is calculated per rate on
the sum of that rate's lines and rounded half up once (BT-117), never per line. All amounts are integers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from encours.contracts.common import Line, VatShare
from encours.kernel.errors import Invalid
from encours.kernel.money import MAX_MINOR, div_half_up, exponent, format_amount, pro_rata

_DECIMAL = re.compile(r"(-?)0*([0-9]{1,15})(?:\.([0-9]{1,8}?)0*)?")


class LineInput(Struct, frozen=True):
    """A requested line. Quantity, unit price (net, major units) and rate (percent) are decimal strings.

    ``currency`` is that of the price if the request gives it.
    """

    description: str
    quantity: str
    unit_price: str
    vat_rate: str
    product: str | None = None
    currency: str | None = None


class InvoiceSums(Struct, frozen=True):
    """Lines with their nets, VAT by rate ascending, and the totals, in minor units."""

    lines: tuple[Line, ...]
    vat: tuple[VatShare, ...]
    net_minor: int
    vat_minor: int
    total_minor: int


class RateAmounts(Struct, frozen=True):
    """Net and VAT at one rate, in minor units; with ``rate_bps`` ``None``, at all rates together, which are unknown."""

    rate_bps: int | None
    net_minor: int
    vat_minor: int

    @property
    def is_something(self) -> bool:
        """Return True if net or VAT is not 0."""
        return bool(self.net_minor or self.vat_minor)


def decimal_parts(text: str, pointer: str) -> tuple[int, int, str]:
    """Return a decimal string as (integer, digits after the point, canonical text): ``-1.50`` → (-15, 1, "-1.5")."""
    parts = _parts(text)
    if parts is None:
        raise Invalid(f"Write a decimal number such as 12.5, not {text[:40]!r}.", pointer)
    return parts


@lru_cache(maxsize=8_192)
def _parts(text: str) -> tuple[int, int, str] | None:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    if fraction.strip("0") == "":
        fraction = ""
    value = int(whole + fraction)
    sign = sign if value else ""
    canonical = f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
    return (-value if sign else value), len(fraction), canonical


def rate_bps(percent: str, pointer: str = "/vat_rate", what: str = "A VAT rate") -> int:
    """Return a rate in percent (``5.5``) as hundredths of a percent (550); at most 100 %, two decimals."""
    value, scale, _ = decimal_parts(percent, pointer)
    if scale > 2 or value < 0 or value > 100 * 10**scale:
        raise Invalid(
            f"{what} is a percentage from 0 to 100 with at most two decimals, such as 20 or 5.5.", pointer
        )
    return int(value * 10 ** (2 - scale))


def percent(bps: int) -> str:
    """Return hundredths of a percent as a percentage: 550 → ``5.50``."""
    return f"{bps // 100}.{bps % 100:02d}"


def currency_of(named: str | None, inputs: Iterable[LineInput], usual: str) -> str:
    """Return the currency of a document: the one that is named, else that of its prices, else the usual one."""
    return named or next((line.currency for line in inputs if line.currency is not None), usual)


def input_of(line: Line) -> LineInput:
    """Return the request that gives a line again, for a document that is made from another."""
    return LineInput(
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        vat_rate=percent(line.vat_rate_bps),
        product=line.product,
    )


def reckon(inputs: Iterable[LineInput], currency: str) -> InvoiceSums:
    """Return the sums of the lines in a currency. Raises :class:`Invalid` with a pointer to the faulty line."""
    lines = tuple(_line(line, currency, f"/lines/{i}") for i, line in enumerate(inputs))
    nets: dict[int, int] = {}
    for line in lines:
        nets[line.vat_rate_bps] = nets.get(line.vat_rate_bps, 0) + line.net_minor
    vat = tuple(
        VatShare(rate_bps=rate, net_minor=net, vat_minor=div_half_up(net * rate, 10_000))
        for rate, net in sorted(nets.items())
    )
    net_minor = sum(nets.values())
    vat_minor = sum(share.vat_minor for share in vat)
    if abs(net_minor + vat_minor) > MAX_MINOR:
        raise Invalid(
            f"The total of an invoice may be at most {format_amount(MAX_MINOR, currency)}.", "/lines"
        )
    return InvoiceSums(lines, vat, net_minor, vat_minor, net_minor + vat_minor)


def _line(line: LineInput, currency: str, pointer: str) -> Line:
    if line.currency not in (None, currency):
        raise Invalid(
            f"The invoice is in {currency}; write the price in {currency}.", f"{pointer}/unit_price/currency"
        )
    digits = exponent(currency)
    quantity, quantity_scale, quantity_text = decimal_parts(line.quantity, f"{pointer}/quantity")
    price, price_scale, price_text = decimal_parts(line.unit_price, f"{pointer}/unit_price")
    net_minor = div_half_up(quantity * price * 10**digits, 10 ** (quantity_scale + price_scale))
    if abs(net_minor) > MAX_MINOR:
        raise Invalid(f"The amount of a line may be at most {format_amount(MAX_MINOR, currency)}.", pointer)
    return Line(
        description=line.description,
        quantity=quantity_text,
        unit_price=price_text,
        vat_rate_bps=rate_bps(line.vat_rate, f"{pointer}/vat_rate"),
        net_minor=net_minor,
        product=line.product,
    )


def split_credit(amount_minor: int, left: Sequence[RateAmounts]) -> tuple[RateAmounts, ...]:
    """Return a credit of a gross amount, pro rata to the net and the VAT that are not credited yet at each rate.

    So the credits that cancel an invoice add up exactly to its net and its VAT at each rate, including a rebate at
    another rate. The sum of ``left`` is above 0.
    """
    minors = iter(
        pro_rata(amount_minor, [minor for part in left for minor in (part.net_minor, part.vat_minor)])
    )
    return tuple(RateAmounts(part.rate_bps, next(minors), next(minors)) for part in left)

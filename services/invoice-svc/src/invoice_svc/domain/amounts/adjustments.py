"""Discounts and charges, on a line and on the document, and the VAT category that goes with a rate."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.common import Adjustment, DocumentAdjustment, VatCategory
from encours.kernel.errors import Invalid
from encours.kernel.money import div_half_up, format_amount, parse_amount
from invoice_svc.domain.amounts.decimals import percent, rate_bps
from invoice_svc.domain.refusals import require_currency


class AdjustmentInput(Struct, frozen=True):
    """A requested discount or charge: ``amount``, net in major units, or ``percent`` of ``base``.

    Without ``base`` the percentage is of price times quantity for a line, and of the lines' sum for the document. The
    VAT is given for the document alone: on a line it is that of the line.
    """

    kind: Literal["allowance", "charge"]
    reason: str
    amount: str | None = None
    percent: str | None = None
    base: str | None = None
    currency: str | None = None
    """Currency of the amount and of the base, if the request gives it."""
    vat_rate: str = "0"
    vat_category: VatCategory | None = None


def on_line(asked: AdjustmentInput, currency: str, base_minor: int, pointer: str) -> Adjustment:
    """Return the adjustment of a line whose price times quantity is ``base_minor``."""
    amount_minor, percent_bps, base = _amount(asked, currency, base_minor, pointer)
    return Adjustment(
        kind=asked.kind,
        reason=asked.reason,
        amount_minor=amount_minor,
        percent_bps=percent_bps,
        base_minor=base,
    )


def on_document(asked: AdjustmentInput, currency: str, lines_minor: int, pointer: str) -> DocumentAdjustment:
    """Return the adjustment of a document whose lines add up to ``lines_minor``."""
    amount_minor, percent_bps, base = _amount(asked, currency, lines_minor, pointer)
    category, vat_rate_bps = vat_of(asked.vat_category, asked.vat_rate, pointer)
    return DocumentAdjustment(
        kind=asked.kind,
        reason=asked.reason,
        amount_minor=amount_minor,
        percent_bps=percent_bps,
        base_minor=base,
        vat_category=category,
        vat_rate_bps=vat_rate_bps,
    )


def vat_of(category: VatCategory | None, rate: str, pointer: str) -> tuple[VatCategory, int]:
    """Return category and rate; without a category, that of the rate: S above 0, else Z.

    EN 16931 BR-S-05 and BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05, BR-G-05: the rate is above 0 in S alone.
    """
    bps = rate_bps(rate, f"{pointer}/vat_rate")
    if category is None:
        return ("S" if bps else "Z"), bps
    if (category == "S") != (bps > 0):
        raise Invalid(
            f"VAT category {category} has {'a rate above 0' if category == 'S' else 'the rate 0'}; "
            "correct the rate or the category.",
            f"{pointer}/vat_rate",
        )
    return category, bps


def as_input(adjustment: Adjustment, currency: str, usual_base_minor: int) -> AdjustmentInput:
    """Return the request for an adjustment that is there, so that it can be calculated again on other lines."""
    kept = AdjustmentInput(adjustment.kind, adjustment.reason)
    if isinstance(adjustment, DocumentAdjustment):
        kept = replace(kept, vat_rate=percent(adjustment.vat_rate_bps), vat_category=adjustment.vat_category)
    if adjustment.percent_bps is None or adjustment.base_minor is None:
        return replace(kept, amount=format_amount(adjustment.amount_minor, currency))
    usual = adjustment.base_minor == usual_base_minor
    base = None if usual else format_amount(adjustment.base_minor, currency)
    return replace(kept, percent=percent(adjustment.percent_bps), base=base)


def _amount(
    asked: AdjustmentInput, currency: str, usual_base_minor: int, pointer: str
) -> tuple[int, int | None, int | None]:
    """Amount, percentage and base in minor units. A percentage of a negative base is negative."""
    require_currency(asked.currency, currency, f"{pointer}/amount")
    if (asked.amount is None) == (asked.percent is None):
        raise Invalid("Give either an amount or a percentage.", f"{pointer}/amount")
    if asked.amount is not None:
        amount = parse_amount(asked.amount, currency, pointer=f"{pointer}/amount")
        return amount, None, None
    assert asked.percent is not None, "one of the two is given"
    bps = rate_bps(asked.percent, f"{pointer}/percent", "A discount or charge")
    base = usual_base_minor
    if asked.base is not None:
        base = parse_amount(asked.base, currency, pointer=f"{pointer}/base")
    return div_half_up(base * bps, 10_000), bps, base

"""Totals of a document as EN 16931 states them (BG-22)."""

from __future__ import annotations

from msgspec import Struct

from invoice_svc.domain.invoice.state import Invoice

RULE = "EN 16931 BR-CO-10 to BR-CO-17: VAT once per category and rate, rounded half up"


class Totals(Struct, frozen=True):
    """Totals in minor units; ``None`` is not known, of an invoice that was taken over with its total alone.

    ``net_minor`` is ``lines_minor`` less ``allowances_minor`` plus ``charges_minor`` (BR-CO-13), ``total_minor`` adds
    the VAT (BR-CO-15), and ``payable_minor`` is what the deposits leave of it (BR-CO-16).
    """

    lines_minor: int | None
    allowances_minor: int
    charges_minor: int
    net_minor: int | None
    vat_minor: int | None
    total_minor: int
    prepaid_minor: int
    payable_minor: int


def totals_of(state: Invoice) -> Totals:
    """Return the totals of the whole supply, and the deposits that were invoiced before."""
    prepaid_minor = sum(deposit.total_minor for deposit in state.deducted)
    allowances_minor = sum(each.amount_minor for each in state.adjustments if each.kind == "allowance")
    charges_minor = sum(each.amount_minor for each in state.adjustments if each.kind == "charge")
    net_minor, vat_minor = state.net_minor, state.vat_minor
    if net_minor is not None and vat_minor is not None:
        net_minor += sum(deposit.net_minor for deposit in state.deducted)
        vat_minor += sum(deposit.vat_minor for deposit in state.deducted)
    return Totals(
        lines_minor=None if net_minor is None else net_minor - charges_minor + allowances_minor,
        allowances_minor=allowances_minor,
        charges_minor=charges_minor,
        net_minor=net_minor,
        vat_minor=vat_minor,
        total_minor=state.total_minor + prepaid_minor,
        prepaid_minor=prepaid_minor,
        payable_minor=state.total_minor,
    )

"""Event that makes the VAT of an invoice due to the State, and the VAT that is due by receipt (CGI 269-2).

VAT on goods is due on delivery, on services on receipt unless the seller has opted for debits, and on a deposit on
receipt, of goods too since 2023. Each receipt brings its part of the VAT at each rate, and its reversal takes it back.
"""

from __future__ import annotations

from typing import Literal

from encours.contracts.common import VatShare
from invoice_svc.domain.amounts.sums import split_credit
from invoice_svc.domain.invoice.credit.sums import amounts_of
from invoice_svc.domain.invoice.state import Invoice

VatDue = Literal["receipt", "issue", "delivery"]


def vat_due(state: Invoice) -> VatDue | None:
    """Return the event that makes the VAT due; ``None`` if the nature is mixed or not known."""
    if state.purpose == "deposit":
        return "receipt"
    match state.particulars.nature:
        case "goods":
            return "delivery"
        case "services":
            return "issue" if state.particulars.vat_on_debits else "receipt"
        case _:
            return None


def vat_received(state: Invoice) -> tuple[VatShare, ...]:
    """Return net and VAT by rate of what was paid, pro rata to the invoice, where VAT is due on receipt."""
    paid = state.paid_minor
    if vat_due(state) != "receipt" or not paid or not state.vat:
        return ()
    parts = split_credit(paid, [amounts_of(share) for share in state.vat])
    return tuple(
        VatShare(
            category=share.category,
            rate_bps=share.rate_bps,
            net_minor=part.net_minor,
            vat_minor=part.vat_minor,
        )
        for share, part in zip(state.vat, parts, strict=True)
    )

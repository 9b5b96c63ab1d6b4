"""VAT of an invoice that is due by receipt (CGI 269-2).

Each receipt brings its part of the VAT at each rate, and its reversal takes it back.
"""

from __future__ import annotations

from encours.contracts.common import VatShare
from encours.contracts.vat_due import vat_due
from invoice_svc.domain.amounts.sums import split_credit
from invoice_svc.domain.invoice.credit.sums import amounts_of
from invoice_svc.domain.invoice.state import Invoice


def vat_received(state: Invoice) -> tuple[VatShare, ...]:
    """Return net and VAT by rate of what was paid, pro rata to the invoice, where VAT is due on receipt."""
    paid = state.paid_minor
    if vat_due(state.purpose, state.particulars) != "receipt" or not paid or not state.vat:
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

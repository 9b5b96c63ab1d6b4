"""Mirrors of an instrument in the streams of the invoices that it is meant for."""

from __future__ import annotations

from encours.contracts.events.money.cover import CoverEnd, InvoiceCovered, InvoiceUncovered
from invoice_svc.domain.instrument.state import Instrument
from invoice_svc.domain.invoice.state import Invoice


def begun(instrument: Instrument, invoice: Invoice, amount_minor: int) -> InvoiceCovered:
    """Return the mirror of an instrument that is in hand for an amount of the invoice."""
    return InvoiceCovered(
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        instrument_id=instrument.instrument_id,
        kind=instrument.kind,
        amount_minor=amount_minor,
        matures_on=instrument.matures_on,
        interest=instrument.interest,
    )


def ended(instrument_id: str, invoice: Invoice, outcome: CoverEnd) -> InvoiceUncovered | None:
    """Return the mirror of the end of a cover; ``None`` if nothing of it has to be recorded.

    Interest that was to be waived if the instrument is paid is owed if its payment was returned later.
    """
    cover = next((each for each in invoice.covers if each.instrument_id == instrument_id), None)
    if cover is None:
        return None
    if cover.outcome is not None and (cover.outcome != "cleared" or cover.interest == "runs"):
        return None
    return InvoiceUncovered(
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        instrument_id=instrument_id,
        amount_minor=cover.amount_minor if cover.outcome is None else 0,
        outcome=outcome,
    )

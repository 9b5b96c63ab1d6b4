"""Document of an invoice from its events: drafted, amended, issued."""

from __future__ import annotations

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.common import (
    Particulars,
)
from encours.contracts.events import invoice as events
from invoice_svc.domain.approval.state import of_draft
from invoice_svc.domain.invoice.parts import (
    BalanceChange,
)
from invoice_svc.domain.invoice.state import Invoice


def drafted_document(recorded: Recorded, event: events.InvoiceDrafted) -> Invoice:
    return Invoice(
        document="draft",
        invoice_id=event.invoice_id,
        entity_id=recorded.entity,
        customer_id=event.customer_id,
        currency=event.currency,
        series=event.series,
        supply_on=event.supply_on,
        purpose=event.purpose,
        lines=event.lines,
        adjustments=event.adjustments,
        vat=event.vat,
        net_minor=event.net_minor,
        vat_minor=event.vat_minor,
        total_minor=event.total_minor,
        terms=event.terms,
        reference=event.reference,
        salesperson=event.salesperson,
        particulars=event.particulars or Particulars(),
        deposits=event.deposits,
        drafted_instalments=event.instalments,
        corrects=event.corrects,
        drafted_on=recorded.effective_on,
        deliveries=event.deliveries,
        approval=of_draft(recorded.actor),
        correction_cause=event.correction_cause,
        credit_series=event.credit_series,
    )


def amended_document(state: Invoice, event: events.InvoiceAmended) -> Invoice:
    return replace(
        state,
        supply_on=event.supply_on,
        lines=event.lines,
        adjustments=event.adjustments,
        vat=event.vat,
        net_minor=event.net_minor,
        vat_minor=event.vat_minor,
        total_minor=event.total_minor,
        terms=event.terms,
        reference=event.reference,
        salesperson=event.salesperson,
        particulars=event.particulars or Particulars(),
        deposits=event.deposits,
        drafted_instalments=event.instalments,
    )


def issued_document(state: Invoice, entity_id: str, event: events.InvoiceIssued) -> Invoice:
    return Invoice(
        document="issued",
        invoice_id=event.invoice_id,
        entity_id=entity_id,
        customer_id=event.customer_id,
        currency=event.currency,
        series=event.series,
        supply_on=event.supply_on,
        purpose=event.purpose,
        lines=state.lines,
        adjustments=state.adjustments,
        products=event.products,
        vat=event.vat,
        net_minor=event.net_minor,
        vat_minor=event.vat_minor,
        total_minor=event.total_minor,
        terms=event.terms,
        reference=event.reference,
        salesperson=event.salesperson,
        particulars=event.particulars or Particulars(),
        deducted=event.deposits,
        corrects=event.corrects,
        purchaser_id=event.purchaser_id,
        number=event.number,
        display=event.display,
        issued_on=event.issued_on,
        due_on=event.due_on,
        discount_until=event.discount_until,
        origin=event.origin,
        drafted_on=state.drafted_on,
        approval=state.approval,
        fields=state.fields,
        deliveries=event.deliveries,
        penalises=event.penalises,
        movements=(BalanceChange(event.issued_on, event.total_minor),),
    )

"""Open remittance advices as matching takes them in."""

from __future__ import annotations

from invoice_svc.domain.remittance.decide import stated
from invoice_svc.domain.remittance.state import RemittanceAdvice
from invoice_svc.matching.announced import AnnouncedItem, AnnouncedPayment


def announced(advice: RemittanceAdvice) -> AnnouncedPayment:
    """Return what an advice announces. An item that is a credit note has no ``invoice_id``."""
    event = stated(advice)
    return AnnouncedPayment(
        advice_id=event.advice_id,
        entity_id=advice.entity_id,
        customer_id=event.customer_id,
        currency=event.currency,
        total_minor=event.total_minor,
        announced_on=event.announced_on,
        expected_on=event.expected_on,
        expires_on=event.expires_on,
        payer_name=event.payer_name,
        payer_account=event.payer_account,
        references=(event.reference,) if event.reference else (),
        items=tuple(
            AnnouncedItem(
                paid_minor=each.amount_minor,
                invoice_id=None if each.credit_note_id else each.invoice_id,
                written=each.written,
                deducted_minor=sum(part.amount_minor for part in each.deductions),
            )
            for each in event.items
        ),
    )

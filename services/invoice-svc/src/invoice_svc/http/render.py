"""States as they are answered. The same code answers a command, its repetition, a GET and a list."""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.contracts import Recorded
from encours.contracts.common import Address, Terms
from encours.http.models import money_json
from invoice_svc.domain.customer import Customer, terms_on
from invoice_svc.domain.dispute import Dispute
from invoice_svc.domain.entity import Entity
from invoice_svc.domain.invoice.amounts import percent
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.invoice.status import Standing, status
from invoice_svc.domain.payment.state import Payment

Json = dict[str, Any]


def day(value: date | None) -> str | None:
    """A business date."""
    return None if value is None else value.isoformat()


def address(value: Address | None) -> Json | None:
    """A postal address."""
    if value is None:
        return None
    return {
        "lines": list(value.lines),
        "postal_code": value.postal_code,
        "city": value.city,
        "country": value.country,
    }


def terms(value: Terms | None, valid_from: date | None = None) -> Json | None:
    """Contract conditions."""
    if value is None:
        return None
    return {
        "kind": value.due_kind,
        "days": value.days,
        "penalty_rate": None if value.penalty_rate_bps is None else percent(value.penalty_rate_bps),
        "indemnity_minor": value.indemnity_minor,
        "valid_from": day(valid_from),
    }


def entity(state: Entity, version: int) -> Json:
    """An entity with its series."""
    return {
        "id": state.entity_id,
        "name": state.name,
        "country": state.country,
        "currency": state.currency,
        "time_zone": state.time_zone,
        "legal_form": state.legal_form,
        "siren": state.siren,
        "vat_id": state.vat_id,
        "address": address(state.address),
        "iban": state.iban,
        "series": [
            {"code": s.code, "document": s.document, "prefix": s.prefix, "width": s.width}
            for _, s in sorted(state.series.items())
        ],
        "version": version,
    }


def customer(state: Customer, version: int, as_of: date) -> Json:
    """A customer; ``terms`` are those in force on the day."""
    in_force = terms_on(state, as_of)
    return {
        "id": state.customer_id,
        "entity_id": state.entity_id,
        "name": state.name,
        "external_ref": state.external_ref,
        "country": state.country,
        "language": state.language,
        "email": state.email,
        "phone": state.phone,
        "siren": state.siren,
        "vat_id": state.vat_id,
        "address": address(state.address),
        "segment": state.segment,
        "salesperson": state.salesperson,
        "terms": terms(in_force),
        "agreements": [terms(agreed.terms, agreed.valid_from) for agreed in state.terms],
        "contacts": [
            {"role": c.role, "name": c.name, "email": c.email, "phone": c.phone} for c in state.contacts
        ],
        "notes": [{"noted_on": day(note.noted_on), "text": note.text} for note in state.notes],
        "version": version,
    }


def invoice(state: Invoice, version: int, as_of: date) -> Json:
    """An invoice with its status on the day."""
    currency = state.currency
    outstanding, disputed = state.outstanding_minor, state.disputed_minor
    paid, credited = state.paid_minor, state.credited_minor
    stand = status(
        Standing(state.document, state.due_on, state.total_minor, credited, paid, outstanding, disputed),
        as_of,
    )
    return {
        "id": state.invoice_id,
        "number": state.number,
        "entity_id": state.entity_id,
        "customer_id": state.customer_id,
        "series": state.series,
        "currency": currency,
        "supply_on": day(state.supply_on),
        "issued_on": day(state.issued_on),
        "due_on": day(state.due_on),
        "net": money_json(state.net_minor, currency),
        "vat": money_json(state.vat_minor, currency),
        "total": money_json(state.total_minor, currency),
        "credited": money_json(credited, currency),
        "paid": money_json(paid, currency),
        "outstanding": money_json(outstanding, currency),
        "disputed": money_json(disputed, currency),
        "status": {
            "document": stand.document,
            "delivery": stand.delivery,
            "settlement": stand.settlement,
            "collection": stand.collection,
            "einvoice": stand.einvoice,
        },
        "labels": {"business": stand.business, "crm": stand.crm},
        "days_past_due": stand.days_past_due,
        "vat_breakdown": [
            {
                "rate": percent(share.rate_bps),
                "net": money_json(share.net_minor, currency),
                "vat": money_json(share.vat_minor, currency),
            }
            for share in state.vat
        ],
        "lines": [
            {
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "vat_rate": percent(line.vat_rate_bps),
                "net": money_json(line.net_minor, currency),
                "product": line.product,
            }
            for line in state.lines
        ],
        "terms": terms(state.terms),
        "reference": state.reference,
        "salesperson": state.salesperson,
        "origin": state.origin,
        "credit_notes": [
            {
                "id": credit.credit_note_id,
                "number": credit.number,
                "issued_on": day(credit.issued_on),
                "net": money_json(credit.net_minor, currency),
                "vat": money_json(credit.vat_minor, currency),
                "total": money_json(credit.total_minor, currency),
                "cause": credit.cause,
            }
            for credit in state.credits
        ],
        "payments": [
            {
                "allocation_id": part.allocation_id,
                "payment_id": part.payment_id,
                "amount": money_json(part.amount_minor, currency),
                "received_on": day(part.received_on),
            }
            for part in state.applied
        ],
        "disputes": [
            {"id": share.dispute_id, "amount": money_json(share.amount_minor, currency)}
            for share in state.disputed
        ],
        "version": version,
    }


def payment(state: Payment, version: int) -> Json:
    """A payment with the allocations that stand."""
    return {
        "id": state.payment_id,
        "entity_id": state.entity_id,
        "customer_id": state.customer_id,
        "received_on": day(state.received_on),
        "amount": money_json(state.amount_minor, state.currency),
        "allocated": money_json(state.allocated_minor, state.currency),
        "unapplied": money_json(state.unapplied_minor, state.currency),
        "currency": state.currency,
        "method": state.method,
        "remittance_text": state.remittance_text,
        "external_ref": state.external_ref,
        "status": _payment_status(state),
        "reversed_on": day(state.reversed_on),
        "reversal_reason": state.reversal_cause,
        "allocations": [
            {
                "id": standing.allocation.allocation_id,
                "invoice_id": standing.allocation.invoice_id,
                "amount": money_json(standing.allocation.amount_minor, state.currency),
                "rule": standing.allocation.rule,
                "basis": standing.allocation.basis,
                "evidence": standing.allocation.evidence,
                "effective_on": day(standing.effective_on),
            }
            for standing in state.allocations
        ],
        "version": version,
    }


def _payment_status(state: Payment) -> str:
    if state.reversed_on is not None:
        return "reversed"
    if state.unapplied_minor == 0:
        return "allocated"
    return "part_allocated" if state.allocations else "unapplied"


def dispute(state: Dispute, version: int) -> Json:
    """A dispute."""
    return {
        "id": state.dispute_id,
        "invoice_id": state.invoice_id,
        "customer_id": state.customer_id,
        "entity_id": state.entity_id,
        "category": state.category,
        "amount": money_json(state.amount_minor, state.currency),
        "text": state.text,
        "owner": state.owner,
        "opened_on": day(state.opened_on),
        "status": "open" if state.outcome is None else "resolved",
        "outcome": state.outcome,
        "resolved_on": day(state.resolved_on),
        "resolution": state.resolution,
        "version": version,
    }


def history(recorded: Recorded) -> Json:
    """One fact of a stream, with who, when and why."""
    return {
        "position": recorded.position,
        "version": recorded.version,
        "type": recorded.type,
        "effective_on": recorded.effective_on.isoformat(),
        "recorded_at": recorded.recorded_at.isoformat().replace("+00:00", "Z"),
        "actor": recorded.actor,
        "reason": recorded.reason,
        "command_id": str(recorded.command_id),
        "traceparent": recorded.traceparent,
        "data": recorded.data,
    }

"""Content of orders to the gateway, by channel."""

from __future__ import annotations

from typing import Any

from dunning_svc.domain.message.render import Message
from dunning_svc.domain.message.sms import short_message
from dunning_svc.outbox.gateway import GatewayOrder, document, order_of
from dunning_svc.outbox.letters import letter_pdf
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.contracts.recipients import recipient


def order(ledger: str, outgoing: OutgoingReminder, message: Message) -> GatewayOrder:
    """Return the order for a message. Raises ``ValueError`` if the customer or the message lacks what it needs."""
    reminder = outgoing.event
    match reminder.channel:
        case "registered_letter":
            content = _letter(outgoing, message)
        case "sms":
            content = _short(outgoing, message)
        case _:
            content = _notice(outgoing, message)
    return order_of(reminder.reminder_id, ledger, reminder.channel, content)


def _letter(outgoing: OutgoingReminder, message: Message) -> dict[str, Any]:
    pdf = letter_pdf(message, outgoing.event, outgoing.customer, outgoing.creditor)
    return {
        "to": _addressee(outgoing.customer),
        "from": _party(outgoing.creditor),
        "subject": message.subject,
        "document": document(pdf),
    }


def _short(outgoing: OutgoingReminder, message: Message) -> dict[str, Any]:
    if not outgoing.customer.phone:
        raise ValueError("the customer's telephone number was removed")
    short = short_message(message.text)
    return {
        "to": {"name": outgoing.customer.name, "phone": outgoing.customer.phone},
        "from": {"name": outgoing.creditor.name},
        "text": short.text,
        "encoding": short.encoding,
        "parts": short.parts,
    }


def _notice(outgoing: OutgoingReminder, message: Message) -> dict[str, Any]:
    reminder, customer = outgoing.event, outgoing.customer
    to = recipient(customer, "dunning")
    return {
        "to": _addressee(customer) | {"contact": to.name, "email": to.email, "phone": customer.phone},
        "from": _party(outgoing.creditor),
        "subject": message.subject,
        "text": message.text,
        "customer_id": reminder.customer_id,
        "step": reminder.step,
        "day": reminder.day.isoformat(),
        "currency": reminder.currency,
        "amount_minor": reminder.amount_minor,
        "invoices": [
            {
                "id": item.invoice_id,
                "number": item.number,
                "due_on": item.due_on.isoformat(),
                "asked_minor": item.asked_minor,
            }
            for item in reminder.items
        ],
    }


def _addressee(customer: DebtorRow) -> dict[str, Any]:
    lines = (customer.address or "").splitlines()
    return {"name": customer.name, "address": lines, "country": customer.country}


def _party(creditor: CreditorRow) -> dict[str, Any]:
    lines = (creditor.address or "").splitlines()
    return {"name": creditor.name, "address": lines, "country": creditor.country}

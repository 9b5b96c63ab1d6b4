"""The rules of a quote.

An offer binds until the end of its term (C. civ. 1116) and lapses with it (C. civ. 1117): once sent, only its last day
can be moved, later; the customer accepts or refuses up to that day.
"""

from __future__ import annotations

from datetime import date

from encours.contracts.events import quote as quotes
from encours.kernel.errors import Invalid, Refusal
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.document import ReckonedDocument, content_again, made_number, reckon_document
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.commands import DraftInvoice
from invoice_svc.domain.order.commands import PlaceOrder
from invoice_svc.domain.quote.commands import (
    AcceptQuote,
    AmendQuote,
    DraftQuote,
    ExtendQuote,
    RefuseQuote,
    SendQuote,
)
from invoice_svc.domain.quote.state import Quote, QuoteEvent, status_on
from invoice_svc.domain.refusals import DateInFuture


class QuoteExists(Refusal):
    """A quote with the number exists already."""

    code = "quote-exists"
    title = "Quote already exists"
    remedy = "GET the quote, or choose another number."


class QuoteWasSent(Refusal):
    """The customer has the quote: it binds until its last day."""

    code = "quote-sent"
    title = "Quote was sent"
    remedy = "Extend it, or draft another quote."


class QuoteClosed(Refusal):
    """The quote was accepted or refused."""

    code = "quote-closed"
    title = "Quote is closed"
    remedy = "GET the quote for its outcome; draft another quote for another offer."


class QuoteExpired(Refusal):
    """The day is after the last day of the quote."""

    code = "quote-expired"
    title = "Quote has expired"
    remedy = "Extend the quote first."


def draft(
    state: Quote, command: DraftQuote, entity: Entity, customer: Customer, today: date
) -> list[QuoteEvent]:
    """Prepare the quote with its sums."""
    if state.quote_id:
        raise QuoteExists(f"Quote {state.number} of {entity.name} exists already: {state.quote_id}.")
    require_customer_of(customer, command.entity_id)
    _require_term(command.valid_until, today)
    found = reckon_document(command.content, command.currency, entity, customer, today)
    return [
        quotes.QuoteDrafted(
            quote_id=command.quote_id,
            customer_id=command.customer_id,
            number=command.number or made_number("DEV", command.quote_id, today),
            currency=found.currency,
            valid_until=command.valid_until,
            content=found.content,
            net_minor=found.net_minor,
            vat_minor=found.vat_minor,
            total_minor=found.total_minor,
        )
    ]


def amend(
    state: Quote, command: AmendQuote, entity: Entity, customer: Customer, today: date
) -> list[QuoteEvent]:
    """Replace the content of a quote that was not sent; no event if it is the same."""
    _require_open(state)
    if state.sent_on is not None:
        raise QuoteWasSent(f"{state.number} was sent on {state.sent_on} and binds until {state.valid_until}.")
    _require_term(command.valid_until, today)
    found = reckon_document(command.content, command.currency, entity, customer, today)
    if (command.valid_until, found) == (state.valid_until, _reckoned(state)):
        return []
    return [
        quotes.QuoteAmended(
            quote_id=state.quote_id,
            customer_id=state.customer_id,
            currency=found.currency,
            valid_until=command.valid_until,
            content=found.content,
            net_minor=found.net_minor,
            vat_minor=found.vat_minor,
            total_minor=found.total_minor,
        )
    ]


def send(state: Quote, command: SendQuote, on: date, today: date) -> list[QuoteEvent]:
    """Record the sending; sending again on the same day to the same address records nothing."""
    _require_open(state)
    _require_day(state, on, today, "/sent_on")
    _require_in_time(state, on)
    if (state.sent_on, state.sent_to) == (on, command.sent_to):
        return []
    return [quotes.QuoteSent(quote_id=state.quote_id, customer_id=state.customer_id, sent_to=command.sent_to)]


def extend(state: Quote, command: ExtendQuote, today: date) -> list[QuoteEvent]:
    """Move the last day later, also of a quote that has expired; no event for the same day."""
    _require_open(state)
    if command.valid_until == state.valid_until:
        return []
    if command.valid_until < state.valid_until:
        raise Invalid(
            f"The quote binds until {state.valid_until}: give a later day, not {command.valid_until}.",
            "/valid_until",
        )
    _require_term(command.valid_until, today)
    return [
        quotes.QuoteExtended(
            quote_id=state.quote_id, customer_id=state.customer_id, valid_until=command.valid_until
        )
    ]


def accept(
    state: Quote, command: AcceptQuote, on: date, today: date, *, leads_to: str
) -> quotes.QuoteAccepted:
    """Accept the quote in time, once. ``leads_to`` is the id of the invoice or the order."""
    _require_open(state)
    _require_day(state, on, today, "/accepted_on")
    _require_in_time(state, on)
    return quotes.QuoteAccepted(
        quote_id=state.quote_id,
        customer_id=state.customer_id,
        currency=state.currency,
        total_minor=state.total_minor,
        accepted_by=command.accepted_by,
        evidence=command.evidence,
        led_to=command.into,
        invoice_id=leads_to if command.into == "invoice" else None,
        order_id=leads_to if command.into == "order" else None,
    )


def refuse(state: Quote, command: RefuseQuote, on: date, today: date) -> list[QuoteEvent]:
    """Record the refusal; no event if it is recorded already."""
    if state.refused_on is not None:
        return []
    _require_open(state)
    _require_day(state, on, today, "/refused_on")
    return [quotes.QuoteRefused(quote_id=state.quote_id, customer_id=state.customer_id, cause=command.cause)]


def invoice_of(state: Quote, invoice_id: str, series: str) -> DraftInvoice:
    """Return the command for the draft invoice of an accepted quote."""
    return DraftInvoice(
        invoice_id=invoice_id,
        entity_id=state.entity_id,
        customer_id=state.customer_id,
        series=series,
        content=content_again(state.content, state.currency),
        currency=state.currency,
    )


def order_of(state: Quote, order_id: str, on: date) -> PlaceOrder:
    """Return the command for the order of a quote that was accepted on a day."""
    return PlaceOrder(
        order_id=order_id,
        entity_id=state.entity_id,
        customer_id=state.customer_id,
        content=content_again(state.content, state.currency),
        currency=state.currency,
        ordered_on=on,
        quote_id=state.quote_id,
    )


def _reckoned(state: Quote) -> ReckonedDocument:
    return ReckonedDocument(
        state.content, state.currency, state.net_minor, state.vat_minor, state.total_minor
    )


def _require_term(valid_until: date, today: date) -> None:
    if valid_until < today:
        raise Invalid(f"The last day of a quote is {today} or later, not {valid_until}.", "/valid_until")


def _require_open(state: Quote) -> None:
    if (accepted := state.acceptance) is not None:
        led_to = accepted.invoice_id or accepted.order_id
        raise QuoteClosed(f"{state.number} was accepted on {accepted.accepted_on} and led to {led_to}.")
    if state.refused_on is not None:
        raise QuoteClosed(f"{state.number} was refused on {state.refused_on}.")


def _require_day(state: Quote, on: date, today: date, pointer: str) -> None:
    if on > today:
        raise DateInFuture(f"{on} is after the ledger's date; use {today} or an earlier one.", pointer)
    first = state.sent_on or state.drafted_on
    if on < first:
        raise Invalid(f"The customer has the quote from {first} on: use that day or a later one.", pointer)


def _require_in_time(state: Quote, on: date) -> None:
    if status_on(state, on) == "expired":
        raise QuoteExpired(f"{state.number} was valid until {state.valid_until}, not on {on}.")

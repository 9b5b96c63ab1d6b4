"""Rules of exchange rates, and the differences that a payment realises by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from encours.contracts.events.rate import (
    ExchangeDifferenceRealised,
    ExchangeDifferenceReversed,
    ExchangeRatePublished,
)
from encours.kernel.errors import Invalid
from invoice_svc.domain.invoice.parts import AppliedPayment
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.rate.commands import PublishRates
from invoice_svc.domain.rate.state import DatedRate, ExchangeRates
from invoice_svc.domain.refusals import DateInFuture


def publish(state: ExchangeRates, command: PublishRates, today: date) -> list[ExchangeRatePublished]:
    """Publish rates by day; no event for one that is known already. Raises 422 with a pointer to the fault."""
    if command.base == command.quote:
        raise Invalid("Name two different currencies.", "/quote")
    events = []
    known = set(state.rates)
    given: dict[date, str] = {}
    for n, (on, rate) in enumerate(command.rates):
        if Decimal(rate) <= 0:
            raise Invalid("A rate must be above 0.", f"/rates/{n}/rate")
        if on > today:
            raise DateInFuture(
                f"{on} is after the ledger's date; use {today} or an earlier one.", f"/rates/{n}/on"
            )
        first = given.setdefault(on, rate)
        if Decimal(rate) != Decimal(first):
            raise Invalid(f"{on} has the rate {first} too; send one rate for each day.", f"/rates/{n}/rate")
        if DatedRate(on, first, command.source) in known:
            continue
        known.add(DatedRate(on, first, command.source))
        events.append(
            ExchangeRatePublished(
                rate_id=command.rate_id,
                entity_id=command.entity_id,
                base=command.base,
                quote=command.quote,
                on=on,
                rate=rate,
                source=command.source,
            )
        )
    return events


def realise(invoice: Invoice, part: AppliedPayment, rates: ExchangeRates) -> list[ExchangeDifferenceRealised]:
    """Return the difference that a part of a payment realises; none without the rates of both days, or if it is 0."""
    assert invoice.issued_on is not None, "a payment is on an issued invoice"
    issue, paid = rates.in_force(invoice.issued_on), rates.in_force(part.received_on)
    if issue is None or paid is None:
        return []
    amount = rates.converted(part.amount_minor, paid) - rates.converted(part.amount_minor, issue)
    if amount == 0:
        return []
    return [
        ExchangeDifferenceRealised(
            invoice_id=invoice.invoice_id,
            customer_id=invoice.customer_id,
            payment_id=part.payment_id,
            allocation_id=part.allocation_id,
            currency=rates.quote,
            amount_minor=amount,
            settled_currency=rates.base,
            settled_minor=part.amount_minor,
            issue_rate=issue.rate,
            issue_rate_on=issue.on,
            issue_rate_source=issue.source,
            payment_rate=paid.rate,
            payment_rate_on=paid.on,
            payment_rate_source=paid.source,
        )
    ]


def undo(invoice: Invoice, allocation_id: str) -> list[ExchangeDifferenceReversed]:
    """Reverse the difference of an allocation that left the invoice; no event if there was none."""
    return [
        ExchangeDifferenceReversed(
            invoice_id=invoice.invoice_id,
            customer_id=invoice.customer_id,
            payment_id=difference.payment_id,
            allocation_id=allocation_id,
            currency=difference.currency,
            amount_minor=difference.amount_minor,
        )
        for difference in invoice.exchange_differences
        if difference.allocation_id == allocation_id
    ]

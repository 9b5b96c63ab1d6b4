"""Rules of exchange rates, and the differences that a payment realises by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from encours.contracts.events.rate import (
    ExchangeDifferenceRealised,
    ExchangeDifferenceReversed,
    ExchangeRatePublished,
)
from encours.kernel.errors import Invalid
from encours.kernel.exchange import QuotedRate, rate_on
from encours.kernel.money import require_code
from invoice_svc.domain.invoice.parts import AppliedPayment
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.rate.commands import PublishRates
from invoice_svc.domain.rate.state import DatedRate, ExchangeRates
from invoice_svc.domain.refusals import DateInFuture


def publish(state: ExchangeRates, command: PublishRates, today: date) -> list[ExchangeRatePublished]:
    """Publish rates by day; no event for one that is known already. Raises 422 with a pointer to the fault."""
    require_code(command.base, "/base")
    require_code(command.quote, "/quote")
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


def realise(
    invoice: Invoice, part: AppliedPayment, currency: str, known: Sequence[QuotedRate]
) -> list[ExchangeDifferenceRealised]:
    """Return the difference that a part of a payment realises against the books, which are in ``currency``.

    None without the rates of both days, or if it is 0. What was paid in the currency of the books has its own value.
    """
    assert invoice.issued_on is not None, "a payment is on an issued invoice"
    used = part.paid.amount_minor if part.paid else part.amount_minor
    paid_currency = part.paid.currency if part.paid else invoice.currency
    issue = rate_on(known, invoice.currency, currency, invoice.issued_on)
    paid: QuotedRate | None
    if part.paid is not None and paid_currency == currency:
        paid = QuotedRate(currency, currency, "1", part.received_on, part.paid.source)
    else:
        paid = rate_on(known, paid_currency, currency, part.received_on)
    if issue is None or paid is None:
        return []
    amount = paid.converted(used, currency) - issue.converted(part.amount_minor, currency)
    if amount == 0:
        return []
    return [
        ExchangeDifferenceRealised(
            invoice_id=invoice.invoice_id,
            customer_id=invoice.customer_id,
            payment_id=part.payment_id,
            allocation_id=part.allocation_id,
            currency=currency,
            amount_minor=amount,
            settled_currency=invoice.currency,
            settled_minor=part.amount_minor,
            issue_rate=issue.written_per_unit(invoice.currency),
            issue_rate_on=issue.on,
            issue_rate_source=issue.source,
            payment_rate=paid.written_per_unit(paid_currency),
            payment_rate_on=paid.on,
            payment_rate_source=paid.source,
            paid_currency=paid_currency if part.paid else None,
            paid_minor=used if part.paid else None,
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

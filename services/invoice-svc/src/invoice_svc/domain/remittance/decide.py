"""Rules of a remittance advice. It moves no money and never overrides the amount of a payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from encours.contracts.events import remittance as events
from encours.contracts.events.sales.dispute import Category
from encours.kernel.errors import Invalid, Refusal
from encours.kernel.money import MAX_MINOR, Money, format_amount
from invoice_svc.domain.legal import advice_days
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.refusals import DateInFuture
from invoice_svc.domain.remittance.commands import ReceiveAdvice, StatedItem
from invoice_svc.domain.remittance.numbers import AdvisableDocument, identify
from invoice_svc.domain.remittance.state import RemittanceAdvice

MAX_ITEMS = 500


class AdviceUnbalanced(Refusal):
    """The items do not add up to the stated total (422)."""

    code = "advice-unbalanced"
    title = "Items do not add up to the total"
    status = 422
    remedy = "Correct the amounts; an item is what is paid after deductions, below 0 for a credit note."


class AdviceExists(Refusal):
    """The reference belongs to another advice of the customer (409)."""

    code = "advice-exists"
    title = "Another remittance advice has the reference"
    remedy = "Withdraw that one with POST /v1/remittance-advices/{id}/withdraw, then send the new one."


class AdviceIsJoined(Refusal):
    """A payment has joined the advice (409)."""

    code = "advice-joined"
    title = "Remittance advice belongs to a payment"
    remedy = "Release the allocations of the payment, or reverse it, if the advice was wrong."


class AdviceIsWithdrawn(Refusal):
    """The advice was withdrawn (409)."""

    code = "advice-withdrawn"
    title = "Remittance advice is withdrawn"
    remedy = "Send the advice again."


class AdviceOfOtherPayment(Refusal):
    """Advice and payment differ in entity, currency or payer (422)."""

    code = "advice-of-other-payment"
    title = "Remittance advice is of another payment"
    status = 422
    remedy = "Choose a payment of the advice's entity, currency and payer."


def receive(
    state: RemittanceAdvice,
    command: ReceiveAdvice,
    documents: Sequence[AdvisableDocument],
    categories: Mapping[str, Category],
    today: date,
) -> list[events.AdviceReceived]:
    """Record the advice; no event if it is the same as before.

    ``documents`` are those that the items may mean, ``categories`` what each code of a deduction is mapped to.
    """
    event = _received(command, documents, categories, today)
    known = state.stated
    if known is None or state.withdrawn_cause is not None:
        return [event]
    if _content(known) == _content(event):
        return []
    raise AdviceExists(
        f"{known.advice_id} has the reference {known.reference} and says "
        f"{Money(known.total_minor, known.currency)} for {len(known.items)} documents."
    )


def withdraw(state: RemittanceAdvice, cause: str) -> list[events.AdviceWithdrawn]:
    """Withdraw the advice; no event if it is withdrawn already."""
    known = stated(state)
    if state.withdrawn_cause is not None:
        return []
    if state.joined is not None:
        raise AdviceIsJoined(f"{known.advice_id} says what {state.joined.payment_id} pays.")
    return [events.AdviceWithdrawn(advice_id=known.advice_id, customer_id=known.customer_id, cause=cause)]


def separate(state: RemittanceAdvice, payment_id: str, cause: str) -> list[events.AdviceSeparated]:
    """Separate the advice from a payment that is reversed; no event if another payment has it."""
    if state.joined is None or state.joined.payment_id != payment_id:
        return []
    known = stated(state)
    return [
        events.AdviceSeparated(
            advice_id=known.advice_id, customer_id=known.customer_id, payment_id=payment_id, cause=cause
        )
    ]


def require_joinable(state: RemittanceAdvice, payment: Payment, *, same_payer: bool | None) -> None:
    """Raise a refusal unless the payment may join the advice: same entity, currency and payer, and neither has another.

    ``same_payer`` is None if either names no customer.
    """
    known = stated(state)
    if state.withdrawn_cause is not None:
        raise AdviceIsWithdrawn(f"{known.advice_id} was withdrawn: {state.withdrawn_cause}")
    if state.joined is not None and state.joined.payment_id != payment.payment_id:
        raise AdviceIsJoined(f"{known.advice_id} says what {state.joined.payment_id} pays.")
    if payment.advice_id not in (None, known.advice_id):
        raise AdviceIsJoined(f"{payment.advice_id} says what {payment.payment_id} pays.")
    same = (state.entity_id, known.currency) == (payment.entity_id, payment.currency)
    if not same:
        raise AdviceOfOtherPayment(
            f"{known.advice_id} announces {Money(known.total_minor, known.currency)} to {state.entity_id}; "
            f"{payment.payment_id} is {Money(payment.amount_minor, payment.currency)} to {payment.entity_id}."
        )
    if same_payer is False:
        raise AdviceOfOtherPayment(
            f"{known.advice_id} is from {known.customer_id}, {payment.payment_id} from {payment.customer_id}."
        )


def stated(state: RemittanceAdvice) -> events.AdviceReceived:
    """Return the content of an advice that exists."""
    assert state.stated is not None, "the advice was loaded with its refusal"
    return state.stated


def _received(
    command: ReceiveAdvice,
    documents: Sequence[AdvisableDocument],
    categories: Mapping[str, Category],
    today: date,
) -> events.AdviceReceived:
    announced_on = command.announced_on or today
    if announced_on > today:
        raise DateInFuture(f"{announced_on} is after today; use {today} or an earlier day.", "/announced_on")
    total_minor = _total(command)
    by_written = identify([each.written for each in command.items if each.written], documents)
    until = max(announced_on, command.expected_on or announced_on)
    return events.AdviceReceived(
        advice_id=command.advice_id,
        customer_id=command.customer_id,
        payer_name=command.payer_name,
        payer_account=command.payer_account,
        reference=command.reference,
        currency=command.currency,
        total_minor=total_minor,
        announced_on=announced_on,
        expected_on=command.expected_on,
        expires_on=until + timedelta(days=advice_days(announced_on)),
        items=tuple(_item(each, by_written, categories) for each in command.items),
        format=command.format,
        content_sha256=command.content_sha256,
    )


def _total(command: ReceiveAdvice) -> int:
    """Return the sum of the items. Raises :class:`AdviceUnbalanced` with the difference, :class:`Invalid`."""
    if not 1 <= len(command.items) <= MAX_ITEMS:
        raise Invalid(f"An advice names 1 to {MAX_ITEMS} documents, not {len(command.items)}.", "/items")
    total = sum(each.amount_minor for each in command.items)
    if command.total_minor is not None and command.total_minor != total:
        said, found, off = (
            format_amount(minor, command.currency)
            for minor in (command.total_minor, total, command.total_minor - total)
        )
        raise AdviceUnbalanced(
            f"The items add up to {found} {command.currency}, the total is {said}; the difference is {off}.",
            extra={"difference": {"amount": off, "currency": command.currency}},
        )
    if not 0 < total <= MAX_MINOR:
        raise Invalid("The total of an advice is above 0.", "/total")
    return total


def _item(
    item: StatedItem,
    by_written: Mapping[str, AdvisableDocument],
    categories: Mapping[str, Category],
) -> events.AdvisedItem:
    found = by_written.get(item.written or "")
    is_note = item.amount_minor < 0
    if found is not None and is_note != (found.credit_note_id is not None):
        found = None  # an invoice is not netted, and a credit note not paid
    return events.AdvisedItem(
        written=item.written,
        invoice_id=item.invoice_id or (found and found.invoice_id),
        credit_note_id=found and found.credit_note_id,
        amount_minor=item.amount_minor,
        deductions=tuple(
            events.AdvisedDeduction(
                amount_minor=each.amount_minor,
                code=each.code,
                category=categories.get(each.code or ""),
                text=each.text,
            )
            for each in item.deductions
        ),
    )


def _content(event: events.AdviceReceived) -> tuple[object, ...]:
    items = tuple(
        (
            each.credit_note_id or each.invoice_id or each.written,
            each.amount_minor,
            tuple((part.amount_minor, part.code) for part in each.deductions),
        )
        for each in event.items
    )
    return (event.currency, event.total_minor, event.expected_on, items)

"""The rarer things that happen to invoices and payments, for the random histories of receivables."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from encours.contracts import event_class
from encours.contracts.books import OWING, movements, moving
from encours.contracts.events import invoice, loss, payment
from encours.contracts.events.dunning import placements, promises, reminders, replies
from encours.contracts.events.money import residual
from encours.contracts.events.parties.customer import CustomerMerged, FieldsSet, FieldValue, RolesAssigned
from encours.testing.events import event as sample
from tests.integration.product_parts import amounts
from tests.integration.receivable_histories import (
    ACTS,
    CUSTOMERS,
    DAY_0,
    TERMS,
    Books,
    credit_one,
    customer_of,
)

RAISED: dict[Any, Any] = {
    loss.InvoiceWrittenOff: loss.WriteOffReversed,
    invoice.EarlyDiscountTaken: invoice.EarlyDiscountWithdrawn,
    residual.InvoiceResidualClosed: residual.InvoiceResidualReopened,
}


def lower(b: Books, n: int, day: date, amount: int) -> None:
    """Part of an invoice is written off, discounted or closed as a residual, or that is taken back."""
    found = [i for i, left in b.open.items() if left > 0]
    if not found:
        return
    invoice_id, kind = found[n % len(found)], list(RAISED)[n % 3]
    part = min(amount, b.open[invoice_id])
    customer, currency = b.owner[invoice_id]
    given = {"invoice_id": invoice_id, "customer_id": customer, "currency": currency, "amount_minor": part}
    paid = {} if kind is loss.InvoiceWrittenOff else {"payment_id": b.id("pay"), "received_on": day}
    b.record(invoice_id, sample(kind, **given | paid), day)
    if n % 2:
        back = loss.WriteOffRecovered if n % 12 == 9 else RAISED[kind]
        paid = {} if back is loss.WriteOffReversed else {"payment_id": b.id("pay")}
        b.record(invoice_id, sample(back, **given | paid), day + timedelta(days=n % 30))
    else:
        b.open[invoice_id] -= part
        if kind is invoice.EarlyDiscountTaken:
            b.owed[invoice_id] -= part


def use_cash(b: Books, n: int, day: date, amount: int) -> None:
    """Unapplied money is refunded or closed as a residual, and may come back; or it was another customer's."""
    found = [p for p, paid in b.payments.items() if paid["customer"] is not None and paid["left"] > 0]
    if not found:
        return
    payment_id = found[n % len(found)]
    paid = b.payments[payment_id]
    part = min(amount, paid["left"])
    given = {
        "payment_id": payment_id, "customer_id": paid["customer"], "currency": paid["currency"], "amount_minor": part,
    }  # fmt: skip
    if n % 3 == 0 and not paid["parts"]:
        other = CUSTOMERS[CUSTOMERS.index(paid["customer"]) - 1]
        moved = {"customer_id": other, "from_customer_id": paid["customer"], "amount_minor": paid["left"]}
        b.record(payment_id, sample(payment.PaymentReassigned, **given | moved, received_on=paid["on"]), day)
        paid["customer"] = other
        return
    spent, back = (
        (payment.RefundOrdered, payment.RefundReturned),
        (residual.PaymentResidualClosed, residual.PaymentResidualReopened),
    )[n % 2]
    iban = {"iban": "FR7630006000011234567890189"} if spent is payment.RefundOrdered and n % 8 < 4 else {}
    b.record(payment_id, sample(spent, **given | iban), day)
    if n % 4 < 2:
        b.record(payment_id, sample(back, **given), day + timedelta(days=n % 20))
    else:
        paid["left"] -= part
        paid["amount"] -= part


def restore(b: Books, n: int, day: date, amount: int) -> None:
    """A payment comes, goes back, and is there again."""
    payment_id, customer = b.id("pay"), customer_of(n)
    given = {"payment_id": payment_id, "customer_id": customer, "currency": "EUR", "amount_minor": amount}
    b.record(payment_id, sample(payment.PaymentReceived, **given, received_on=day), day)
    b.record(
        payment_id, sample(payment.PaymentReversed, **given, reversed_on=day), day + timedelta(days=n % 9)
    )
    b.record(payment_id, sample(payment.PaymentRestored, **given), day + timedelta(days=n % 9))
    b.payments[payment_id] = {
        "customer": customer, "currency": "EUR", "amount": amount, "parts": [], "on": day, "left": amount,
    }  # fmt: skip


def rebate(b: Books, n: int, day: date, amount: int) -> None:
    """A credit note without an invoice leaves the customer in credit."""
    payment_id = b.id("pay")
    note = sample(
        payment.CreditNoteIssued, payment_id=payment_id, customer_id=customer_of(n), currency="EUR",
        number=f"R-{len(b.log)}", issued_on=day, **amounts(n, amount),
    )  # fmt: skip
    b.record(payment_id, note, day)


def penalise(b: Books, n: int, day: date, amount: int) -> None:
    """A penalty document is a receivable and no turnover."""
    _unlike(b, n, day, amount, "penalty")


def take_over(b: Books, n: int, day: date, amount: int) -> None:
    """An invoice comes from another system with its total alone."""
    _unlike(b, n, day, amount, "gross")


def _unlike(b: Books, n: int, day: date, amount: int, kind: str) -> None:
    invoice_id, customer = b.id("inv"), customer_of(n)
    b.open[invoice_id] = b.owed[invoice_id] = amount
    b.owner[invoice_id], b.unlike[invoice_id] = (customer, "EUR"), kind
    event = invoice.InvoiceIssued(
        invoice_id=invoice_id, customer_id=customer, number=f"P-{len(b.log)}", series=None, issued_on=day,
        supply_on=day, due_on=day + timedelta(days=n % 31), currency="EUR", terms=TERMS, reference=None,
        salesperson=None, origin="import" if kind == "gross" else "issued", **amounts(n, amount, kind),
    )  # fmt: skip
    b.record(invoice_id, event, day)


def credit_unlike(b: Books, n: int, day: date, amount: int) -> None:
    """A penalty, or what was taken over, is credited in part or as a whole."""
    found = [invoice_id for invoice_id in b.unlike if b.open[invoice_id] > 0]
    if found:
        credit_one(b, found[n % len(found)], n, day, amount)


def lose(b: Books, n: int, day: date, amount: int) -> None:
    """A debt is definitively lost; a part of it, or all, may have been written off before, or be paid after all."""
    found = [invoice_id for invoice_id, left in b.open.items() if left > 0]
    if not found:
        return
    invoice_id = found[n % len(found)]
    customer, currency = b.owner[invoice_id]
    given = {"invoice_id": invoice_id, "customer_id": customer, "currency": currency}
    part = min(amount, b.open[invoice_id])
    before = part * (n % 5) // 4
    if before:
        b.record(invoice_id, sample(loss.InvoiceWrittenOff, **given, amount_minor=before), day)
    lost = given | {"amount_minor": part, "written_off_minor": part - before}
    lost_on = day + timedelta(days=n % 20)
    b.record(invoice_id, sample(loss.InvoiceUnrecoverable, **lost), lost_on)
    if n % 4 == 1:
        paid = {"payment_id": b.id("pay"), "amount_minor": part}
        b.record(invoice_id, sample(loss.WriteOffRecovered, **given, **paid), lost_on + timedelta(days=n % 9))
    else:
        b.open[invoice_id] -= part


def describe(b: Books, n: int, day: date, amount: int) -> None:
    """A customer gets a payer and a group, or a value of a custom field."""
    customer, other = customer_of(n), customer_of(n ^ 1)
    if n % 3:
        roles = {"payer_id": other if n % 4 else None, "group_id": other if n % 5 else None}
        event: Any = sample(
            RolesAssigned, customer_id=customer, valid_from=day + timedelta(days=n % 40), **roles
        )
    else:
        channel = FieldValue(field_code="channel", value="web" if n % 2 else "shop")
        event = sample(FieldsSet, customer_id=customer, fields=(channel,) if n % 4 else ())
    b.record(customer, event, day)


def promise(b: Books, n: int, day: date, amount: int) -> None:
    """A debtor promises to pay; mostly the promise is kept, broken or withdrawn, and may be judged again."""
    promise_id, customer = b.id("prm"), customer_of(n)
    own = [invoice_id for invoice_id in b.open if b.owner[invoice_id] == (customer, "EUR")]
    promised_on = day + timedelta(days=n % 20)
    made: dict[str, Any] = {
        "promise_id": promise_id, "customer_id": customer, "currency": "EUR", "amount_minor": amount,
        "invoice_ids": tuple(own[-1 - n % 3 :]), "promised_on": promised_on,
    }  # fmt: skip
    until = promised_on + timedelta(days=n % 300)
    b.record(promise_id, sample(promises.PromiseMade, **made, suspended_until=until), day)
    judged = {"received_minor": amount * (n % 3) // 2}
    for kind, at in ((promises.PromiseBroken, n % 5 < 3), (promises.PromiseKept, n % 5 in (1, 3))):
        if at:
            b.record(promise_id, sample(kind, **made | judged), day + timedelta(days=n % 30))
    if n % 7 == 0:
        b.record(promise_id, sample(promises.PromiseWithdrawn, **made), day + timedelta(days=n % 9))


def place(b: Books, n: int, day: date, amount: int) -> None:
    """Invoices of a customer are handed over to a third party, and some or all of them may be recalled."""
    own = [invoice_id for invoice_id in b.open if b.owner[invoice_id] == (customer_of(n), "EUR")][: 1 + n % 3]
    placement_id = b.id("plc")
    given = {"placement_id": placement_id, "customer_id": customer_of(n)}
    invoices = tuple(sample(placements.PlacedInvoice, invoice_id=each) for each in own)
    b.record(placement_id, sample(placements.InvoicesPlaced, **given, invoices=invoices), day)
    if n % 4 < 2:
        back = tuple(own[: 1 + n % 2])
        event = sample(placements.InvoicesRecalled, **given, invoice_ids=back)
        b.record(placement_id, event, day + timedelta(days=n % 25))


def remind(b: Books, n: int, day: date, amount: int) -> None:
    """A message or a call asks for invoices of a customer, and mostly leaves; some come back or are answered."""
    own = [i for i, left in b.open.items() if left > 0 and b.owner[i] == (customer_of(n), "EUR")][
        -1 - n % 3 :
    ]
    items = tuple(
        sample(reminders.DunnedItem, invoice_id=each, asked_minor=min(amount, b.open[each])) for each in own
    )
    reminder_id, step = b.id("rem"), f"step-{n % 3}"
    given: dict[str, Any] = {"customer_id": customer_of(n)}
    asked = given | {"currency": "EUR", "items": items, "step": step}
    if n % 5 == 4:
        task_id = reminder_id.replace("rem", "tsk")
        b.record(task_id, sample(reminders.TaskOpened, task_id=task_id, kind="call", **asked), day)
        outcome = ("done", "promised", "no_answer", "replaced")[n % 4]
        done = sample(reminders.TaskCompleted, task_id=task_id, outcome=outcome, **given)
        b.record(task_id, done, day + timedelta(days=n % 4))
        return
    given |= {"reminder_id": reminder_id}
    channel = "letter" if n % 4 == 1 else "email"
    requested = sample(reminders.ReminderRequested, reminder_id=reminder_id, channel=channel, **asked)
    b.record(reminder_id, requested, day)
    if n % 7 == 6:
        b.record(reminder_id, sample(reminders.ReminderFailed, **given), day)
        return
    b.record(
        reminder_id, sample(reminders.ReminderSent, **given, channel=channel), day + timedelta(days=n % 3)
    )
    for kind, at in ((replies.ReminderDelivered, n % 2), (replies.ReminderAnswered, n % 3 == 1)):
        if at:
            b.record(reminder_id, sample(kind, **given), day + timedelta(days=n % 9))
    if n % 8 == 7:
        bounced = sample(replies.ReminderBounced, **given, permanent=n % 16 == 7)
        b.record(reminder_id, bounced, day + timedelta(days=1))


EVERY_ACT = [
    *ACTS,
    describe,
    describe,
    lower,
    lower,
    use_cash,
    use_cash,
    restore,
    rebate,
    penalise,
    take_over,
    credit_unlike,
    lose,
    promise,
    promise,
    place,
]
BESIDE_FIGURES = {"covered", "uncovered"}
"""Kinds that move what is in hand alone, which no figure of these tests counts."""


def every_kind() -> set[str]:
    """Kinds of entries in a book, by the rules: also of documents of which they make other kinds.

    A realised difference of exchange is in no book.
    """
    books = Books()
    documents: list[dict[str, Any]] = [{}, {"net_minor": None}, {"purpose": "penalty"}]
    for name in moving():
        cls = event_class(name)
        known, given = set(cls.__struct_fields__), {"awaiting_credit_minor": 1, "written_off_minor": 1}
        usual: dict[str, Any] = {field: minor for field, minor in given.items() if field in known}
        for unlike in documents if "purpose" in known else documents[:1]:
            books.record(name, sample(cls, **usual | unlike), DAY_0)
    return {each.kind for event in books.log for each in movements(event.recorded())} | {*OWING}


def merge(b: Books, n: int, day: date, amount: int) -> None:
    """The second customer is merged into the first, once."""
    ended, remains = CUSTOMERS[1], CUSTOMERS[0]
    if b.versions[ended] == 1:
        b.record(ended, CustomerMerged(customer_id=ended, into_id=remains, cause=None), day)

"""The rarer things that happen to invoices and payments, for the random histories of receivables."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from encours.contracts.events import invoice, loss, payment
from encours.contracts.events.dunning import placements, promises, reminders, replies
from encours.contracts.events.money import residual
from encours.contracts.events.parties.customer import FieldsSet, FieldValue, RolesAssigned
from encours.testing.events import event as sample
from tests.integration.product_parts import products
from tests.integration.receivable_histories import ACTS, CUSTOMERS, TERMS, Books

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
    paid = {} if kind is loss.InvoiceWrittenOff else {"payment_id": b.id("pay")}
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
    payment_id, customer = b.id("pay"), CUSTOMERS[n % 2]
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
        payment.CreditNoteIssued, payment_id=payment_id, customer_id=CUSTOMERS[n % 2], currency="EUR",
        number=f"R-{len(b.log)}", issued_on=day, net_minor=amount, vat_minor=0, total_minor=amount,
        products=products(n, amount),
    )  # fmt: skip
    b.record(payment_id, note, day)


def penalise(b: Books, n: int, day: date, amount: int) -> None:
    """A penalty document is a receivable and no turnover."""
    invoice_id, customer = b.id("inv"), CUSTOMERS[n % 2]
    b.open[invoice_id] = b.owed[invoice_id] = amount
    b.owner[invoice_id] = customer, "EUR"
    event = invoice.InvoiceIssued(
        invoice_id=invoice_id, customer_id=customer, number=f"P-{len(b.log)}", series=None, issued_on=day,
        supply_on=day, due_on=day + timedelta(days=n % 31), currency="EUR", vat=(), net_minor=amount, vat_minor=0,
        total_minor=amount, terms=TERMS, reference=None, salesperson=None, origin="issued", purpose="penalty",
    )  # fmt: skip
    b.record(invoice_id, event, day)


def describe(b: Books, n: int, day: date, amount: int) -> None:
    """A customer gets a payer and a group, or a value of a custom field."""
    customer, other = CUSTOMERS[n % 2], CUSTOMERS[(n + 1) % 2]
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
    promise_id, customer = b.id("prm"), CUSTOMERS[n % 2]
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
    own = [invoice_id for invoice_id in b.open if b.owner[invoice_id] == (CUSTOMERS[n % 2], "EUR")][
        : 1 + n % 3
    ]
    placement_id = b.id("plc")
    given = {"placement_id": placement_id, "customer_id": CUSTOMERS[n % 2]}
    invoices = tuple(sample(placements.PlacedInvoice, invoice_id=each) for each in own)
    b.record(placement_id, sample(placements.InvoicesPlaced, **given, invoices=invoices), day)
    if n % 4 < 2:
        back = tuple(own[: 1 + n % 2])
        event = sample(placements.InvoicesRecalled, **given, invoice_ids=back)
        b.record(placement_id, event, day + timedelta(days=n % 25))


def remind(b: Books, n: int, day: date, amount: int) -> None:
    """A message or a call asks for invoices of a customer, and mostly leaves; some come back or are answered."""
    own = [i for i, left in b.open.items() if left > 0 and b.owner[i] == (CUSTOMERS[n % 2], "EUR")][
        -1 - n % 3 :
    ]
    items = tuple(
        sample(reminders.DunnedItem, invoice_id=each, asked_minor=min(amount, b.open[each])) for each in own
    )
    reminder_id, step = b.id("rem"), f"step-{n % 3}"
    given: dict[str, Any] = {"customer_id": CUSTOMERS[n % 2]}
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
    promise,
    promise,
    place,
]

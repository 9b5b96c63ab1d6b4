"""Random histories of a firm: whatever is commanded, in whatever order, the books balance on every day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from encours.kernel.errors import DomainError
from encours.streaming import RowSet
from invoice_svc.customer import RegisterCustomer
from invoice_svc.dispute import OpenDispute, ResolveDispute
from invoice_svc.entity import RegisterEntity
from invoice_svc.invoice.amounts import LineInput
from invoice_svc.invoice.commands import Content, CreditInvoice, DraftInvoice
from invoice_svc.invoice.state import fold_as_of
from invoice_svc.payment import state as payment_state
from invoice_svc.payment.commands import AllocatePayment, ReceivePayment, ReleasePayment, ReversePayment
from invoice_svc.read_models.invoices import Invoices
from invoice_svc.read_models.tables import TABLES, InvoiceRow, MovementRow
from invoice_svc.use_cases import credits, customers, disputes, entities, invoices, payments
from invoice_svc.use_cases.folds import DISPUTE, INVOICE, PAYMENT

START = date(2026, 1, 1)
INVOICES = ("inv_0", "inv_1", "inv_2")
PAYMENTS = ("pay_0", "pay_1", "pay_2")

amounts = st.integers(1, 150)
some_invoice = st.sampled_from(INVOICES)
some_payment = st.sampled_from(PAYMENTS)
ago = st.integers(0, 12)
steps = st.one_of(
    st.tuples(st.just("issue"), st.just("inv_2"), ago),
    st.tuples(st.just("pay"), some_payment, amounts, ago, st.booleans()),
    st.tuples(st.just("instruct"), some_payment, some_invoice, amounts, ago),
    st.tuples(st.just("allocate"), some_payment),
    st.tuples(st.just("release"), some_payment),
    st.tuples(st.just("reverse"), some_payment, ago),
    st.tuples(st.just("credit"), some_invoice, amounts, ago),
    st.tuples(st.just("dispute"), some_invoice, amounts, ago),
    st.tuples(st.just("resolve"), ago),
)


def command(step: tuple[Any, ...], today: date) -> tuple[Any, ...]:
    """The use case of a step and its arguments."""
    match step:
        case ("issue", invoice, days):
            content = Content(supply_on=START, lines=(LineInput("work", "1", "1.00", "0"),))
            draft = DraftInvoice(invoice, "ent_1", "cus_1", "FAC", content)
            return invoices.draft_and_issue, draft, today - timedelta(days=days)
        case ("pay", payment, amount, days, named):
            text = "FAC-2026-000002" if named else None
            return payments.receive, _receipt(payment, amount, today - timedelta(days=days), text, None), INVOICES
        case ("instruct", payment, invoice, amount, days):
            receipt = _receipt(payment, 150, today - timedelta(days=days), None, ((invoice, amount),))
            return payments.receive, receipt
        case ("allocate", payment):
            return payments.allocate, AllocatePayment(payment, None), INVOICES
        case ("release", payment):
            return payments.release, ReleasePayment(payment, None)
        case ("reverse", payment, days):
            return payments.reverse, ReversePayment(payment, today - timedelta(days=days), "returned")
        case ("credit", invoice, amount, days):
            return credits.credit, CreditInvoice(invoice, f"cre_{amount}", today - timedelta(days=days), amount, "x")
        case ("dispute", invoice, amount, days):
            opened = OpenDispute("dis_1", invoice, "price", amount, "x", None, today - timedelta(days=days))
            return disputes.open_dispute, opened
        case ("resolve", days):
            return disputes.resolve, ResolveDispute("dis_1", "rejected", today - timedelta(days=days))
    raise AssertionError(step)


def _receipt(name: str, amount: int, on: date, text: str | None, allocations: Any) -> ReceivePayment:
    return ReceivePayment(name, "ent_1", "cus_1", on, amount, "EUR", "transfer", text, None, "issued", allocations)


def lived(new_books: Callable[[], Any], history: list[tuple[Any, ...]]) -> Any:
    """The books after the history, one step a day; refusals change nothing, repetitions have no second effect."""
    books = new_books()
    books.do(entities.register, RegisterEntity("ent_1", "Ltd", "GB", "EUR", "Europe/London"), today=START)
    books.do(customers.register, RegisterCustomer("cus_1", "ent_1", "Dupont", "FR"), today=START)
    for name in INVOICES[:2]:
        books.do(*command(("issue", name, 0), START), today=START)
    for number, step in enumerate(history, 1):
        today, key = START + timedelta(days=number), uuid4()
        before = len(books.ledger.events)
        try:
            first = books.do(*command(step, today), key=key, today=today)
        except DomainError:
            assert len(books.ledger.events) == before
            continue
        after = len(books.ledger.events)
        again = books.do(*command(step, today), key=key, today=today)
        assert (len(books.ledger.events), again.answer, again.position) == (after, first.answer, first.position)
    return books


histories = st.lists(steps, min_size=1, max_size=14)


@settings(max_examples=80, deadline=None)
@given(histories)
def test_on_every_day_nothing_is_owed_below_zero_and_cash_is_allocated_or_unapplied(
    new_books: Callable[[], Any], history: list[tuple[Any, ...]]
) -> None:
    books = lived(new_books, history)
    for offset in range(len(history) + 1):
        day = START + timedelta(days=offset)
        applied = 0
        for name in INVOICES:
            invoice = fold_as_of(books.stream(name), day)
            assert invoice.outstanding_minor >= 0
            assert invoice.outstanding_minor == invoice.total_minor * (invoice.document == "issued") - (
                invoice.paid_minor + invoice.credited_minor
            )
            assert 0 <= invoice.disputed_minor <= invoice.outstanding_minor
            applied += invoice.paid_minor
        allocated = 0
        for name in PAYMENTS:
            payment = payment_state.fold_as_of(books.stream(name), day)
            assert payment.unapplied_minor >= 0
            assert payment.allocated_minor + payment.unapplied_minor == (0 if payment.reversed_on else payment.amount_minor)
            allocated += payment.allocated_minor
        assert allocated == applied


@settings(max_examples=30, deadline=None)
@given(histories, st.integers(0, 12))
def test_a_stream_folded_in_two_parts_is_the_stream_folded_at_once(
    new_books: Callable[[], Any], history: list[tuple[Any, ...]], cut: int
) -> None:
    books = lived(new_books, history)
    for folder, names in ((INVOICE, INVOICES), (PAYMENT, PAYMENTS), (DISPUTE, ("dis_1",))):
        for name in names:
            events = books.stream(name)
            assert folder.fold(events[cut:], folder.fold(events[:cut])) == folder.fold(events)


@settings(max_examples=30, deadline=None)
@given(histories)
def test_the_read_model_adds_up_to_what_the_streams_say_on_every_day(
    new_books: Callable[[], Any], history: list[tuple[Any, ...]]
) -> None:
    books = lived(new_books, history)
    model, rows = Invoices(), RowSet(TABLES)
    rows.assume_empty()
    for event in books.ledger.events:
        if event.type in model.types:
            model.project(event, rows)
    found = {type_: kept for type_, kept, _ in rows.changes()}
    for row in found.get(InvoiceRow, []):
        assert isinstance(row, InvoiceRow)
        state = books.state(INVOICE, row.invoice_id)
        assert (row.outstanding_minor, row.paid_minor, row.credited_minor) == (
            state.outstanding_minor,
            state.paid_minor,
            state.credited_minor,
        )
        for offset in range(len(history) + 1):
            day = START + timedelta(days=offset)
            moved = [m for m in found.get(MovementRow, []) if isinstance(m, MovementRow) and m.invoice_id == row.invoice_id]
            paid = sum(m.paid_minor for m in moved if m.effective_on <= day)
            assert paid == fold_as_of(books.stream(row.invoice_id), day).paid_minor


@settings(max_examples=20, deadline=None)
@given(histories)
def test_the_rows_that_a_projection_reads_are_those_that_it_announces(
    new_books: Callable[[], Any], history: list[tuple[Any, ...]]
) -> None:
    books = lived(new_books, history)
    model, rows = Invoices(), RowSet(TABLES)
    rows.assume_empty()
    for event in books.ledger.events:
        if event.type in model.types:
            asked: set[Any] = set()
            model.project(event, _Watched(rows, asked))  # type: ignore[arg-type]
            assert asked <= set(model.keys(event))


class _Watched:
    """A row set that remembers what is asked for."""

    def __init__(self, rows: RowSet, asked: set[Any]) -> None:
        self.put, self._rows, self._asked = rows.put, rows, asked

    def get(self, row_type: Any, *key: object) -> Any:
        self._asked.add((row_type, key))
        return self._rows.get(row_type, *key)

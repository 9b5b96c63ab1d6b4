"""Random histories of a firm: whatever is commanded, in whatever order, the books balance on every day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar, get_args
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from encours.contracts import Recorded
from encours.contracts.books import movements
from encours.contracts.common import EarlyDiscount, Terms
from encours.contracts.events.sales.dispute import ResolvedPart
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from encours.ledger.command import Result
from encours.ledger.states import Folder
from encours.projection.row_cache import RowCache
from encours.projection.rows import table_of
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.dispute.commands import OpenDispute, RaiseDispute, ResolveDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import Content, CreditInvoice, DraftInvoice
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.invoice.schedule import ProposedInstalment
from invoice_svc.domain.loss.decide import (
    DeclareUnrecoverable,
    ProvisionInvoice,
    provision_in_force_minor,
)
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.payment import state as payment_state
from invoice_svc.domain.payment.commands import (
    AllocatePayment,
    ReceivePayment,
    ReleasePayment,
    RestoreReversal,
    ReversePayment,
)
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.domain.payment.refund import OrderRefund, RecordRefundReturned
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.read_models.invoices import query
from invoice_svc.read_models.invoices.debts import unapplied_cash
from invoice_svc.read_models.invoices.late import stated_invoices
from invoice_svc.read_models.invoices.rows import PAID, InvoiceMovementRow, InvoiceRow
from invoice_svc.read_models.invoices.statuses import InvoiceStatus
from invoice_svc.read_models.lists import Lists
from invoice_svc.use_cases.folds import DISPUTE, INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, payments, refunds, reversals, tolerances
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import credits, disputes, invoices

S = TypeVar("S")

START = date(2026, 1, 1)
LINE = LineInput("work", "1", "1.00", "0")
INVOICES = ("inv_0", "inv_1", "inv_2")
PAYMENTS = ("pay_0", "pay_1", "pay_2")
PARTS = {"inv_1": (ProposedInstalment(days=3, share="33.3"), ProposedInstalment(days=9))}
CENTS = SetTolerance("ent_1", "CENT", "cent", "EUR", 3, START, overpayment="income")
TERMS = Terms(
    due_kind="NET", days=5, penalty_rate_bps=None, indemnity_minor=0,
    discount=EarlyDiscount(rate_bps=1_000, days=5),
)  # fmt: skip
"""An invoice of 1.00 is paid with 0.90 in time."""

amounts = st.integers(1, 150) | st.sampled_from((88, 89, 90, 98, 99, 101, 102))
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
    st.tuples(st.just("charge_back"), some_payment, amounts, ago),
    st.tuples(st.just("put_back"), some_payment, ago),
    st.tuples(st.just("credit"), some_invoice, amounts, ago),
    st.tuples(st.just("rebate"), some_payment, amounts, ago),
    st.tuples(st.just("refund"), some_payment, amounts, ago),
    st.tuples(st.just("return"), some_payment, ago),
    st.tuples(st.just("dispute"), some_invoice, amounts, ago),
    st.tuples(st.just("write_off"), some_invoice, amounts, ago),
    st.tuples(st.just("restore"), some_invoice),
    st.tuples(st.just("provide"), some_invoice, ago),
    st.tuples(st.just("lost"), some_invoice, amounts, ago),
    st.tuples(st.just("resolve"), ago, st.sampled_from(["rejected", "credited"])),
    st.tuples(st.just("part"), amounts, ago, st.sampled_from(["rejected", "credited", "withdrawn"])),
    st.tuples(st.just("split"), amounts, amounts, ago),
    st.tuples(st.just("raise"), amounts, ago),
)


def command(step: tuple[Any, ...], today: date) -> tuple[Any, ...]:
    """The use case of a step and its arguments."""
    match step:
        case ("issue", invoice, days):
            content = Content(START, (LINE,), TERMS, instalments=PARTS.get(invoice, ()))
            draft, on = DraftInvoice(invoice, "ent_1", "cus_1", "FAC", content), today - timedelta(days=days)
            return invoices.draft, structs.replace(draft, issue=True, issued_on=on)
        case ("pay", payment, amount, days, named):
            text = "FAC-2026-000002" if named else None
            return (
                payments.receive,
                _receipt(payment, amount, today - timedelta(days=days), text, None),
                INVOICES,
            )
        case ("instruct", payment, invoice, amount, days):
            receipt = _receipt(payment, 150, today - timedelta(days=days), None, ((invoice, amount),))
            return payments.receive, receipt
        case ("allocate", payment):
            return payments.allocate, AllocatePayment(payment, None), INVOICES
        case ("release", payment):
            return payments.release, ReleasePayment(payment, None)
        case ("reverse", payment, days):
            return reversals.reverse, ReversePayment(payment, today - timedelta(days=days), "returned")
        case ("charge_back", payment, amount, days):
            part, on = Money(amount, "EUR"), today - timedelta(days=days)
            undo = ReversePayment(payment, on, "x", part, reversal_id=f"rvl_{payment}_{days % 3}")
            return reversals.reverse, undo
        case ("put_back", payment, days):
            return reversals.restore, RestoreReversal(payment, f"rvl_{payment}_{days % 3}", "x")
        case ("credit", invoice, amount, days):
            return invoices.credit, CreditInvoice(
                invoice, f"cre_{amount}", today - timedelta(days=days), amount, "x"
            )
        case ("rebate", payment, amount, days):
            issued_on, price = today - timedelta(days=days), f"{amount / 100:.2f}"
            note = IssueCreditNote(
                f"cre_{payment}", payment, "ent_1", "cus_1", (LineInput("rebate", "1", price, "0"),), "x", issued_on,
                period_from=issued_on, period_until=issued_on,
            )  # fmt: skip
            return credits.issue, note
        case ("refund", payment, amount, days):
            order = OrderRefund(payment, f"rfd_{payment}_{amount % 3}", Money(amount, "EUR"), "x")
            return refunds.order_refund, structs.replace(order, on=today - timedelta(days=days))
        case ("return", payment, days):
            refund, on = f"rfd_{payment}_{days % 3}", today - timedelta(days=days)
            return refunds.record_refund_returned, RecordRefundReturned(payment, refund, "x", on)
        case ("write_off", invoice, amount, days):
            lost = WriteOffInvoice(invoice, Money(amount, "EUR"), "x", None, today - timedelta(days=days))
            return invoices.write_off, lost
        case ("lost", invoice, amount, days):
            part, on = Money(amount, "EUR"), today - timedelta(days=days)
            return invoices.declare_unrecoverable, DeclareUnrecoverable(invoice, part, "x", "x", on=on)
        case ("provide", invoice, days):
            return invoices.provision, ProvisionInvoice(invoice, None, "x", on=today - timedelta(days=days))
        case ("restore", invoice):
            return invoices.reverse_write_off, ReverseWriteOff(invoice, "x")
        case ("dispute", invoice, amount, days):
            opened = OpenDispute("dis_1", invoice, "price", amount, "x", None, today - timedelta(days=days))
            return claims.open_dispute, opened
        case ("resolve", days, outcome):
            return disputes.resolve, ResolveDispute("dis_1", outcome, today - timedelta(days=days))
        case ("part", amount, days, outcome):
            on = today - timedelta(days=days)
            return disputes.resolve, ResolveDispute("dis_1", outcome, on, amount_minor=amount)
        case ("split", accepted, rejected, days):
            yes = ResolvedPart(outcome="credited", amount_minor=accepted, text=None)
            no = ResolvedPart(outcome="rejected", amount_minor=rejected, text=None)
            on = today - timedelta(days=days)
            return disputes.resolve, ResolveDispute("dis_1", "split", on, parts=(yes, no))
        case ("raise", amount, days):
            on = today - timedelta(days=days)
            return disputes.raise_amount, RaiseDispute("dis_1", amount, "EUR", "x", on)
    raise AssertionError(step)


def _receipt(name: str, amount: int, on: date, text: str | None, allocations: Any) -> ReceivePayment:
    return ReceivePayment(
        name, "ent_1", "cus_1", on, amount, "EUR", "transfer", text, None, "issued", allocations
    )


def lived(new_books: Callable[[], Any], history: list[tuple[Any, ...]]) -> Any:
    """The books after the history, one step a day; refusals change nothing, repetitions have no second effect."""
    books = new_books()
    books.do(entities.register, RegisterEntity("ent_1", "Ltd", "GB", "EUR", "Europe/London"), today=START)
    books.do(customers.register, RegisterCustomer("cus_1", "ent_1", "Dupont", "FR"), today=START)
    books.do(tolerances.set_tolerance, CENTS, today=START)
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
        assert (len(books.ledger.events), again.result(Result), again.position) == (
            after,
            first.result(Result),
            first.position,
        )
    return books


def booked(books: Any, day: date, book: str, **of: str) -> int:
    """Sum of one book's movements up to a day, of an invoice or of a payment."""
    return sum(
        getattr(moved, book)
        for event in books.ledger.events
        for moved in movements(event)
        if moved.effective_on <= day and all(getattr(moved, name) == value for name, value in of.items())
    )


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
            gone = invoice.paid_minor + invoice.discounted_minor + invoice.residual_minor
            gone += invoice.credited_minor + invoice.written_off_minor
            assert invoice.outstanding_minor == invoice.total_minor * (invoice.document == "issued") - gone
            assert 0 <= invoice.disputed_minor <= invoice.outstanding_minor
            assert 0 <= provision_in_force_minor(invoice) <= invoice.outstanding_minor
            assert invoice.outstanding_minor == booked(books, day, "item_minor", invoice_id=name)
            applied += invoice.paid_minor
        allocated = 0
        for name in PAYMENTS:
            payment = payment_state.fold_as_of(books.stream(name), day)
            assert payment.unapplied_minor >= 0
            used = payment.allocated_minor + payment.overpaid_minor + payment.refunded_minor
            assert payment.unapplied_minor == payment.amount_minor - payment.reversed_minor - used
            allocated += payment.allocated_minor
            assert payment.unapplied_minor == booked(books, day, "cash_minor", payment_id=name)
        assert allocated == applied


@settings(max_examples=30, deadline=None)
@given(histories, st.integers(0, 12))
def test_a_stream_folded_in_two_parts_is_the_stream_folded_at_once(
    new_books: Callable[[], Any], history: list[tuple[Any, ...]], cut: int
) -> None:
    books = lived(new_books, history)
    for name in INVOICES:
        assert_folds_in_two(INVOICE, books.stream(name), cut)
    for name in PAYMENTS:
        assert_folds_in_two(PAYMENT, books.stream(name), cut)
    assert_folds_in_two(DISPUTE, books.stream("dis_1"), cut)


def assert_folds_in_two(folder: Folder[S], events: list[Recorded], cut: int) -> None:
    assert folder.fold(events[cut:], folder.fold(events[:cut])) == folder.fold(events)


@settings(max_examples=30, deadline=None)
@given(histories)
def test_the_read_model_adds_up_to_what_the_streams_say_on_every_day(
    new_books: Callable[[], Any], history: list[tuple[Any, ...]]
) -> None:
    books = lived(new_books, history)
    model, rows = Lists(), RowCache(Lists().rows)
    rows.assume_empty()
    for event in books.ledger.events:
        if event.type in model.applies:
            model.project(event, rows)
    found = {type_: kept for type_, kept, _ in rows.changes()}
    for row in found.get(InvoiceRow, []):
        assert isinstance(row, InvoiceRow)
        state = books.state(INVOICE, row.invoice_id)
        assert (row.outstanding_minor, row.paid_minor, row.credited_minor) == (
            state.outstanding_minor,
            state.paid_minor + state.discounted_minor + state.residual_minor,
            state.credited_minor,
        )
        for offset in range(len(history) + 1):
            day = START + timedelta(days=offset)
            moved = [
                m
                for m in found.get(InvoiceMovementRow, [])
                if isinstance(m, InvoiceMovementRow) and m.invoice_id == row.invoice_id
            ]
            paid = -sum(m.item_minor for m in moved if m.kind in PAID and m.effective_on <= day)
            then = fold_as_of(books.stream(row.invoice_id), day)
            assert paid == then.paid_minor + then.discounted_minor + then.residual_minor


@settings(max_examples=20, deadline=None)
@given(histories)
def test_the_rows_that_a_projection_reads_are_those_that_it_announces(
    new_books: Callable[[], Any], history: list[tuple[Any, ...]]
) -> None:
    books = lived(new_books, history)
    model, rows = Lists(), RowCache(Lists().rows)
    rows.assume_empty()
    for event in books.ledger.events:
        if event.type in model.applies:
            asked: set[Any] = set()
            model.project(event, _Watched(rows, asked))  # type: ignore[arg-type]
            assert asked <= set(model.keys(event))


class _Watched:
    """A row set that remembers what is asked for."""

    def __init__(self, rows: RowCache, asked: set[Any]) -> None:
        self.put, self._rows, self._asked = rows.put, rows, asked

    def get(self, row_type: Any, *key: object) -> Any:
        self._asked.add((row_type, key))
        return self._rows.get(row_type, *key)


@pytest.mark.parametrize("seed", range(4))
async def test_lists_find_for_any_date_and_moment_what_the_streams_say(
    new_books: Callable[[], Any], installation: Any, seed: int
) -> None:
    """The two statements behind lists, for now and for then, against folding every invoice."""
    random = Random(seed)
    history = [_drawn(random) for _ in range(40)]
    events = lived(new_books, history).ledger.events
    last_day = START + timedelta(days=len(history))
    connection = await asyncpg.connect(installation.store_url("invoice"))
    try:
        for position in (0, len(events) // 3, 2 * len(events) // 3, len(events)):
            schema = f"lists_{position}"
            await _write(connection, schema, events)
            for day in (
                START - timedelta(days=1),
                START + timedelta(days=7),
                START + timedelta(days=25),
                last_day,
            ):
                now = position == len(events) and day == last_day
                await _compare(connection, schema, events, TimeTravel(day, position, None, now), now=now)
    finally:
        await connection.close()


async def _write(connection: Any, schema: str, events: list[Any]) -> None:
    model, rows = Lists(), RowCache(Lists().rows)
    rows.assume_empty()
    for event in events:
        if event.type in model.applies:
            model.project(event, rows)
    await connection.execute(f"create schema if not exists {schema}")
    for row_type, kept, _ in rows.changes():
        table = table_of(row_type)
        await connection.execute(f"drop table if exists {schema}.{table.name}")
        await connection.execute(table.create(schema))
        await connection.execute(table.create_key(schema))
        await connection.execute(table.upsert(schema), *table.upsert_arguments(kept))
    for row_type in model.rows:
        table = table_of(row_type)
        await connection.execute(table.create(schema).replace("create table", "create table if not exists"))


async def _compare(connection: Any, schema: str, events: list[Any], time: TimeTravel, *, now: bool) -> None:
    page = Page(500, ("invoice_id",), False, False, None, "")
    states = {
        name: fold_as_of([e for e in events[: time.position] if e.stream == name], time.as_of)
        for name in INVOICES
    }
    for wanted in (None, *get_args(InvoiceStatus)):
        rows = await query.invoices(
            View(connection, schema, time, None), page, query.InvoiceFilter(status=wanted), now=now
        )
        expected = [name for name in INVOICES if _stands(states[name], wanted, time.as_of)]
        assert [row["invoice_id"] for row in rows] == expected, (wanted, time)
    await _compare_debts(View(connection, schema, time, None), events, states)


async def _compare_debts(view: View, events: list[Any], states: dict[str, Any]) -> None:
    counted = [e for e in events[: view.time.position] if e.effective_on <= view.time.as_of]
    moved = [m for e in counted for m in movements(e) if m.cash_minor]
    cash = {name: sum(m.cash_minor for m in moved if m.payment_id == name) for name in PAYMENTS}
    received = {m.payment_id: m.available_on for m in moved if m.available_on and m.cash_minor > 0}
    assert sorted(structs.astuple(part) for part in await unapplied_cash(view, "cus_1", "EUR")) == sorted(
        (received[name], minor) for name, minor in cash.items() if minor > 0
    )
    assert set(await stated_invoices(view, ["cus_1"])) >= {
        name for name, state in states.items() if state.outstanding_minor
    }


def _stands(state: Any, wanted: str | None, day: date) -> bool:
    if state.document == "none":
        return False
    shown = InvoiceOut.of(state, 1, day)
    axes = set(shown["status"].values()) - {"none"}
    if state.outstanding_minor <= 0:
        axes -= {"open", "part_paid"}
    return wanted is None or wanted in axes


def _drawn(random: Random) -> tuple[Any, ...]:
    kind = random.choice((
        "issue", "pay", "pay", "instruct", "allocate", "release", "reverse", "credit", "rebate", "refund",
        "return", "dispute", "resolve", "part", "split", "raise", "write_off", "restore", "lost",
    ))  # fmt: skip
    ago, amount = random.randrange(10), random.randrange(1, 120)
    invoice, payment = random.choice(INVOICES), random.choice(PAYMENTS)
    match kind:
        case "issue":
            return kind, "inv_2", ago
        case "pay":
            return kind, payment, amount, ago, random.random() < 0.5
        case "instruct":
            return kind, payment, invoice, amount, ago
        case "allocate" | "release":
            return kind, payment
        case "reverse" | "return":
            return kind, payment, ago
        case "rebate" | "refund":
            return kind, payment, amount, ago
        case "resolve":
            return kind, ago, random.choice(["rejected", "credited"])
        case "part":
            return kind, amount, ago, random.choice(["rejected", "credited", "withdrawn"])
        case "split":
            return kind, amount, random.randrange(1, 60), ago
        case "raise":
            return kind, amount, ago
        case "restore":
            return kind, invoice
        case _:
            return kind, invoice, amount, ago

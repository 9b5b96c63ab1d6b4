"""Random lives of remittance advices and payments: an advice belongs to one payment at most, and never settles more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts.books import movements
from encours.kernel.errors import DomainError
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.payment.commands import AllocatePayment, ReleasePayment, ReversePayment
from invoice_svc.domain.remittance.commands import (
    JoinAdvice,
    ReceiveAdvice,
    StatedItem,
    WithdrawAdvice,
    advice_id_of,
)
from invoice_svc.domain.remittance.numbers import AdvisableDocument
from invoice_svc.use_cases.folds import ADVICE, INVOICE, PAYMENT
from invoice_svc.use_cases.money import advices, payments, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

START = date(2026, 6, 1)
INVOICES = ("inv_1", "inv_2", "inv_3")
PAYMENTS = ("pay_1", "pay_2", "pay_3")
REFERENCES = ("R-1000", "R-2000")

named = st.sampled_from(["1", "2", "3", "3", "9", "AVO-2026-000001"])
amounts = st.sampled_from([40, 100])
items = st.lists(st.tuples(named, amounts), min_size=1, max_size=3)
reference = st.sampled_from(REFERENCES)
payment = st.sampled_from(PAYMENTS)
steps = st.one_of(
    st.tuples(st.just("announce"), reference, items),
    st.tuples(st.just("pay"), payment, st.sampled_from([60, 100, 140]), st.none() | reference),
    st.tuples(st.just("keep"), payment, amounts),
    st.tuples(st.just("join"), reference, payment),
    st.tuples(st.just("withdraw"), reference),
    st.tuples(st.just("release"), payment),
    st.tuples(st.just("allocate"), payment),
    st.tuples(st.just("reverse"), payment),
    st.tuples(st.just("credit"), st.sampled_from(INVOICES), amounts),
)


class _Known:
    """Answer from the states, as the read model does from its rows."""

    def __init__(self, books: Any) -> None:
        self.books = books

    async def documents(self, *_: Any) -> list[AdvisableDocument]:
        notes = [e.data for e in self.books.ledger.events if e.type == "invoice.credited"]
        found = [AdvisableDocument(self.books.state(INVOICE, each).number, each) for each in INVOICES]
        return found + [AdvisableDocument(x.number, x.invoice_id, x.credit_note_id) for x in notes]

    async def unapplied(self, *_: Any) -> list[str]:
        return [each for each in PAYMENTS if self.books.state(PAYMENT, each).unapplied_minor]

    async def open_advices(
        self, ledger: str, entity: str, currency: str, minor: int, newest: bool
    ) -> list[str]:
        states = {each: self.books.state(ADVICE, _id(each)) for each in REFERENCES}
        return [_id(each) for each, x in states.items() if x.stated and x.stated.total_minor == minor]


def _id(reference: str) -> str:
    return advice_id_of("ent_1", "cus_1", reference)


def command(step: tuple[Any, ...], known: _Known, make: Any, day: date) -> tuple[Any, ...]:
    match step:
        case ("announce", reference, listed):
            signed = [(name, -minor if name.startswith("AVO") else minor) for name, minor in listed]
            stated = tuple(StatedItem(minor, written=name) for name, minor in signed)
            received = ReceiveAdvice("ent_1", "EUR", stated, "json", "x", "cus_1", reference=reference)
            return advices.receive, received, known
        case ("pay", name, minor, reference):
            receipt = make.receipt(name, minor, day, remittance_text=reference)
            return payments.receive, receipt, INVOICES, known.open_advices
        case ("keep", name, minor):
            return payments.receive, make.receipt(name, minor, day, allocations=()), (), known.open_advices
        case ("join", reference, name):
            return advices.join, JoinAdvice(_id(reference), name)
        case ("withdraw", reference):
            return advices.withdraw, WithdrawAdvice(_id(reference), "x")
        case ("release", name):
            return payments.release, ReleasePayment(name, None)
        case ("allocate", name):
            return payments.allocate, AllocatePayment(name, None), INVOICES, known.open_advices
        case ("reverse", name):
            return reversals.reverse, ReversePayment(name, None, "x")
        case ("credit", invoice, minor):
            return invoices.credit, CreditInvoice(invoice, f"cre_{invoice}_{minor}", day, minor, "x")
    raise AssertionError(step)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=1, max_size=14))
def test_an_advice_belongs_to_one_payment_and_settles_at_most_what_it_says(
    new_books: Callable[[], Any], make: Any, history: list[tuple[Any, ...]]
) -> None:
    books = new_books()
    known = _Known(books)
    books.do(entities.register, make.entity(), today=START)
    books.do(customers.register, make.customer(), today=START)
    for name in INVOICES:
        books.do(invoices.draft, make.at_once(make.draft(name, amount="1.00", vat="0"), START), today=START)
    for number, step in enumerate(history, 1):
        before, day = len(books.ledger.events), START + timedelta(days=number)
        try:
            books.do(*command(step, known, make, day), today=day)
        except DomainError:
            assert len(books.ledger.events) == before
        check(books)


def check(books: Any) -> None:
    cash: Counter[str] = Counter()
    for event in books.ledger.events:
        for moved in movements(event):
            cash[moved.payment_id or ""] += moved.cash_minor
    for name in INVOICES:
        assert 0 <= books.state(INVOICE, name).outstanding_minor <= 100
    for name in PAYMENTS:
        state = books.state(PAYMENT, name)
        assert state.unapplied_minor == cash[name] >= 0
    owners: Counter[str] = Counter()
    for reference in REFERENCES:
        state = books.state(ADVICE, _id(reference))
        if state.joined is None:
            continue
        owner = books.state(PAYMENT, state.joined.payment_id)
        assert (owner.advice_id, owner.reversed_on) == (_id(reference), None)
        owners[state.joined.payment_id] += 1
        settled: Counter[int] = Counter()
        for share in state.joined.shares:
            settled[share.item] += share.amount_minor
        assert all(minor <= state.stated.items[n - 1].amount_minor for n, minor in settled.items())
        assert state.joined.settled_minor == settled.total()
    assert max(owners.values(), default=0) <= 1

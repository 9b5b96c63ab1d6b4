"""Documents in any order: what is owed, the VAT and the trial balance are those of a ledger that adds and subtracts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from invoice_svc.domain.invoice.credit.sums import left_to_credit
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from tests.law.amendments import Amendments
from tests.law.documents import Documents
from tests.law.exchange import Exchange
from tests.law.shortfalls import Shortfalls

DEEP = "DEEP" in os.environ
STEPS = 50
CAPS: tuple[dict[str, int], ...] = ({}, {"EUR": 30}, {"EUR": 400, "USD": 90})
"""Tolerances of residuals, by currency."""

Act = Callable[[Shortfalls, int, int], bool]
ACTS: tuple[Act, ...] = (
    Exchange.wait, Documents.issue, Documents.issue, Documents.deposit, Documents.final, Documents.credit,
    Documents.credit, Documents.credit_by_rate, Documents.correct, Documents.claim, Amendments.accept,
    Documents.write_off, Documents.give_up, Documents.restore, Documents.provide, Documents.receive,
    Documents.receive, Documents.rebate, Documents.settle, Documents.instruct, Documents.release,
    Amendments.charge_back, Amendments.reassign, Documents.reverse, Documents.refund, Documents.bring_back,
    Amendments.offer,
    Amendments.pay_price, Amendments.pay_price, Amendments.bounce, Amendments.reject, Amendments.rebate_on,
    Amendments.correct_final, Amendments.draft_correction, Amendments.issue_correction, Exchange.convert,
    Exchange.convert, Shortfalls.fall_short, Shortfalls.fall_short,
    Shortfalls.fall_short, Shortfalls.pay_rest, Shortfalls.take_back, Shortfalls.take_back,
)  # fmt: skip
OFTEN = ("invoice.write_off_recovered", "invoice.residual_closed", "invoice.residual_reopened")
Step = tuple[Act, int, int]
steps = st.tuples(st.sampled_from(ACTS), st.integers(0, 60), st.integers(1, 9_000))


@settings(max_examples=10_000 if DEEP else 100, deadline=None)
@given(st.sampled_from(CAPS), st.lists(steps, min_size=STEPS, max_size=STEPS))
def test_what_is_owed_vat_and_trial_balance_are_those_of_a_naive_ledger(
    caps: dict[str, int], lived: list[Step]
) -> None:
    documents = Shortfalls(caps)
    for number, (act, n, amount) in enumerate(lived, 1):
        act(documents, n, amount)
        if number % 10 == 0:
            compare(documents)
    documents.undo()
    compare(documents)
    assert all(sum(documents.closed(name)) == 0 for name in documents.bills)


def test_random_histories_have_every_act_and_many_of_them_are_done() -> None:
    random, done, types = Random(8), Counter[str](), Counter[str]()
    for _ in range(110):
        documents = Shortfalls(CAPS[-1])
        for _ in range(STEPS):
            act = random.choice(ACTS)
            if act(documents, random.randrange(60), random.randrange(1, 9_000)):
                done[act.__name__] += 1
        compare(documents)
        types.update(event.type for event in documents.books.ledger.events)
    assert min(done[act.__name__] for act in ACTS) >= 5, done
    assert min(types[each] for each in OFTEN) >= 5


def compare(documents: Exchange) -> None:
    """Hold the books of today against the naive ledger."""
    documents.post()
    owed, unapplied = Counter[str](), Counter[str]()
    for name, bill in documents.bills.items():
        state = documents.books.state(INVOICE, name)
        assert (state.total_minor, state.credited_minor, state.rebated_minor) == (
            bill.total, bill.credited, bill.rebated,
        )  # fmt: skip
        assert bill.credited + bill.rebated + bill.relieved <= bill.total
        assert (state.discounted_minor, state.residual_minor) == documents.closed(name)
        assert state.residual_minor <= documents.caps.get(bill.currency, 0)
        assert (state.deducted_by or "") == bill.deducted_by
        assert (state.written_off_minor, state.unrecoverable_minor, state.relieved_minor) == (
            bill.lost, bill.declared, bill.relieved,
        )  # fmt: skip
        assert state.paid_minor == documents.paid(name)
        assert state.outstanding_minor == documents.outstanding(name) >= 0
        assert all(part.net_minor >= 0 and part.vat_minor >= 0 for part in left_to_credit(state))
        assert all(share.net_minor >= 0 and share.vat_minor >= 0 for share in state.vat)
        assert fold_as_of(documents.books.stream(name), documents.today) == state
        owed[bill.currency] += state.outstanding_minor
    for name, purse in documents.purses.items():
        state = documents.books.state(PAYMENT, name)
        allocated = sum(standing.allocation.amount_minor for standing in state.allocations)
        left = purse.amount - purse.returned - allocated - sum(purse.refunds.values())
        assert state.unapplied_minor == left >= 0
        unapplied[purse.currency] += left
    for currency in ("EUR", "USD"):
        assert documents.booked["item"][currency] == owed[currency]
        assert documents.booked["cash"][currency] == unapplied[currency]
        account = (
            documents.account[currency] + documents.converted()[currency] - documents.closed_in(currency)
        )
        assert documents.booked["account"][currency] == account
        assert account == owed[currency] - unapplied[currency]
    documents.compare()

"""Promises to pay: how they are taken, and how they are judged from what was received."""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunning_svc.domain.policy.policy import USUAL_TERMS
from dunning_svc.domain.promise.commands import MakePromise, PromiseBasis, PromisedInvoice, WithdrawPromise
from dunning_svc.domain.promise.decide import Promising, make, withdraw
from dunning_svc.domain.promise.state import PROMISE
from dunning_svc.http.cases.answers import CaseOut
from dunning_svc.read_models.cases.rows.promises import PromiseRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow
from dunning_svc.read_models.promises.judging import judged_with
from encours.contracts.events.dunning.document import PromiseTerms
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import ReminderSuppressed
from encours.contracts.parties import Merge, Survivors
from encours.kernel.errors import Refusal
from tests.histories.dunning import CUS, ENT, History
from tests.histories.ladder import AMOUNT, DUE_IN, invoiced, lived
from tests.histories.promises import promised, received_naively, state_of, withdrawn

TODAY = date(2026, 3, 2)
BILL = PromisedInvoice("inv_1", "cus_1", "ent_1", "EUR", 10_000, ())


def basis(*invoices: PromisedInvoice, **changes: Any) -> PromiseBasis:
    values: dict[str, Any] = {"terms": USUAL_TERMS, "country": "FR"}
    return PromiseBasis(invoices=invoices or (BILL,), **(values | changes))


def command(**changes: Any) -> MakePromise:
    values: dict[str, Any] = {
        "promise_id": "prm_1", "invoice_ids": ("inv_1",), "currency": "EUR", "amount_minor": 10_000,
        "promised_on": date(2026, 3, 6), "source": "call", "text": None,
    }  # fmt: skip
    return MakePromise(**(values | changes))


def other(invoice_id: str = "inv_2", **changes: Any) -> PromisedInvoice:
    values: dict[str, Any] = {
        "invoice_id": invoice_id, "customer_id": "cus_1", "entity_id": "ent_1", "currency": "EUR",
        "open_minor": 5_000, "promises": (),
    }  # fmt: skip
    return PromisedInvoice(**(values | changes))


def promise_of(history: History, days: int, **changes: Any) -> str:
    made = promised(history, list(history.open), days, **changes)
    assert made is not None
    return made


def days(history: History, number: int) -> None:
    for _ in range(number):
        history.open_day()


def status(history: History, promise_id: str) -> tuple[str, int | None]:
    state = state_of(history, promise_id)
    return state.status, state.received_minor


@pytest.mark.parametrize(
    ("code", "cmd", "on"),
    [
        ("promised-invoice-not-found", command(invoice_ids=("inv_1", "inv_2")), basis()),
        (
            "promise-of-several-debtors",
            command(invoice_ids=("inv_1", "inv_2")),
            basis(BILL, other(customer_id="cus_2")),
        ),
        (
            "promise-of-several-debtors",
            command(invoice_ids=("inv_1", "inv_2")),
            basis(BILL, other(entity_id="ent_2")),
        ),
        (
            "promise-in-several-currencies",
            command(invoice_ids=("inv_1", "inv_2")),
            basis(BILL, other(currency="USD")),
        ),
        ("promise-in-several-currencies", command(currency="USD"), basis()),
        ("promise-above-owed", command(amount_minor=10_001), basis()),
        ("promised-day-passed", command(promised_on=date(2026, 3, 1)), basis()),
        ("promised-day-too-late", command(), basis(terms=PromiseTerms(days_ahead_max=3))),
        (
            "promises-exhausted",
            command(),
            basis(other("inv_1", promises=("prm_8", "prm_9")), terms=PromiseTerms(per_invoice_max=2)),
        ),
    ],
)
def test_a_promise_is_refused(code: str, cmd: MakePromise, on: PromiseBasis) -> None:
    with pytest.raises(Refusal) as refused:
        list(make(cmd, Promising(on), TODAY))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("promised_on", "grace", "until"),
    [
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        (date(2026, 3, 6), 0, date(2026, 3, 6)),
        (date(2026, 4, 2), 2, date(2026, 4, 7)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
    ],
)
def test_grace_counts_business_days_of_the_payer_s_country(
    promised_on: date, grace: int, until: date
) -> None:
    terms = PromiseTerms(grace_business_days=grace)
    ((_, made),) = make(command(promised_on=promised_on), Promising(basis(terms=terms)), TODAY)
    assert isinstance(made, PromiseMade)
    assert made.suspended_until == until


def test_a_promise_replaces_open_ones_all_of_whose_invoices_it_names() -> None:
    history = History()
    history.issue(10, 1_000)
    history.issue(10, 2_000)
    first, second = history.open
    single, both = promised(history, [first], 20), promised(history, [first, second], 30)
    assert single is not None
    assert both is not None
    later = promised(history, [second], 40)
    assert later is not None
    assert state_of(history, single).replaced_by == both
    assert [status(history, each)[0] for each in (single, both, later)] == ["replaced", "open", "open"]
    withdrawn(history, both)
    history.open_day()
    shown = CaseOut.of(history.rows, CUS, history.today, {})
    assert shown is not None
    until = {each.invoice_id: each.promised_until for each in shown.items}
    assert until == {first: None, second: history.today + timedelta(days=39)}


def test_a_withdrawn_promise_stays_so_and_a_judged_one_cannot_be_withdrawn() -> None:
    history = invoiced()
    kept, gone = promise_of(history, 2), promise_of(history, 3)
    withdrawn(history, gone)
    assert withdraw(state_of(history, gone), WithdrawPromise(gone, "again")) == []
    with pytest.raises(Refusal, match="replaced"):
        withdraw(state_of(history, kept), WithdrawPromise(kept, "late"))


@pytest.mark.parametrize(
    ("paid", "found"),
    [(AMOUNT, ("kept", AMOUNT)), (AMOUNT - 1, ("partly_kept", AMOUNT - 1)), (0, ("broken", 0))],
)
def test_it_is_judged_on_the_day_after_its_last_one_by_what_was_received(
    paid: int, found: tuple[str, int]
) -> None:
    history = invoiced()
    made = promise_of(history, 5)
    days(history, 5)
    if paid:
        history.settle(0, paid)
    assert status(history, made) == ("open", None)
    days(history, 1)
    assert status(history, made) == found
    days(history, 30)
    assert sum(e.stream == made for e in history.events) == 2


def test_a_payment_that_is_returned_breaks_a_kept_promise_later() -> None:
    history = invoiced()
    made = promise_of(history, 5, amount=60_000)
    history.settle(0, 60_000)
    days(history, 20)
    history.unsettle(0, reverse=True)
    assert status(history, made) == ("kept", 60_000)
    days(history, 1)
    assert status(history, made) == ("broken", 0)


def test_a_payment_received_in_time_and_booked_late_keeps_a_broken_promise_and_a_late_one_does_not() -> None:
    history = invoiced()
    made = promise_of(history, 5)
    days(history, 8)
    history.settle(0, 40_000)
    days(history, 1)
    assert status(history, made) == ("broken", 0)
    today, history.today = history.today, history.today - timedelta(days=4)
    history.settle(0, 60_000)
    history.today = today
    days(history, 1)
    assert status(history, made) == ("partly_kept", 60_000)


def test_credit_notes_reduce_what_was_promised_and_write_offs_do_not() -> None:
    history = invoiced()
    made = promise_of(history, 5)
    history.credit(0, 30_000)
    history.settle(0, 70_000)
    days(history, 6)
    assert status(history, made) == ("kept", 70_000)

    history = invoiced()
    made = promise_of(history, 5)
    history.write_off(0, 30_000)
    history.settle(0, 70_000)
    days(history, 6)
    assert status(history, made) == ("partly_kept", 70_000)


def test_a_promise_of_a_cancelled_debt_is_neither_kept_nor_broken() -> None:
    history = invoiced()
    made = promise_of(history, 5)
    history.credit(0, AMOUNT)
    days(history, 6)
    assert status(history, made)[0] == "not_owed"


def test_unapplied_cash_counts_unless_it_was_there_before() -> None:
    history = invoiced()
    history.receive(10_000)
    made = promise_of(history, 5)
    history.receive(40_000)
    days(history, 6)
    assert status(history, made) == ("partly_kept", 40_000)
    history.receive(AMOUNT)
    days(history, 1)
    assert status(history, made) == ("partly_kept", 40_000)


def test_nobody_asks_while_it_is_open_and_the_ladder_goes_on_at_its_level_when_it_is_broken() -> None:
    history = invoiced()
    assert lived(DUE_IN + 4, history) == ["J-5", "J+3"]
    promise_of(history, 60)
    assert lived(60, history) == ["J+15 promised", "J+30 promised", "J+60 promised"]
    assert lived(12, history) == ["J+15", "J+30"]


def test_an_invoice_that_was_never_claimed_begins_with_the_friendly_step_when_its_promise_is_broken() -> None:
    history = History()
    history.issue(1, AMOUNT)
    promise_of(history, 80)
    taken = [each for each in lived(90, history) if not each.endswith("promised")]
    assert taken == ["J+3", "J+15"]


_ACTS = st.one_of(
    st.tuples(st.just("issue"), st.integers(-80, 40), st.integers(1, 5_000)),
    st.tuples(st.just("settle"), st.integers(0, 3), st.integers(1, 5_000)),
    st.tuples(st.just("unsettle"), st.integers(0, 3), st.just(True)),
    st.tuples(st.just("credit"), st.integers(0, 3), st.integers(1, 2_000)),
    st.tuples(st.just("write_off"), st.integers(0, 3), st.integers(1, 2_000)),
    st.tuples(st.just("promise"), st.integers(0, 3), st.integers(0, 30)),
    st.tuples(st.just("unpromise")),
    st.tuples(st.just("days"), st.integers(1, 20)),
)


@given(st.lists(_ACTS, min_size=4, max_size=25))
@settings(max_examples=600 if os.environ.get("DEEP") else 12, deadline=None)
def test_a_judgment_is_what_the_events_come_to_and_nothing_promised_is_asked_for(
    acts: list[tuple[Any, ...]],
) -> None:
    history = History()
    history.issue(3, 2_000)
    history.live(acts, 35)
    _judgments_are_right(history)
    _nothing_promised_is_asked_for(history)


def _judgments_are_right(history: History) -> None:
    for made in (e for e in history.events if isinstance(e.data, PromiseMade)):
        state = state_of(history, made.stream)
        assert isinstance(made.data, PromiseMade)
        if state.ended or state.status == "open":
            continue
        received, owed = received_naively(history, made)
        expected = "broken" if received == 0 else "partly_kept"
        if received >= min(made.data.amount_minor, owed):
            expected = "kept"
        assert state.status == expected, (made.data, received, owed, state)


def _nothing_promised_is_asked_for(history: History) -> None:
    for opened, event in history.decided:
        if isinstance(event, ReminderSuppressed):
            continue
        for item in event.items:
            assert not _promised_at(history, item.invoice_id, opened.position, opened.effective_on)


def _promised_at(history: History, invoice_id: str, position: int, day: date) -> bool:
    for e in history.events:
        if e.position < position and isinstance(e.data, PromiseMade) and invoice_id in e.data.invoice_ids:
            events = [each for each in history.events if each.stream == e.stream and each.position < position]
            state = PROMISE.fold(events)
            if state.ended is None and day <= e.data.suspended_until:
                return True
    return False


@pytest.mark.parametrize(
    ("day", "cash"), [(date(2026, 3, 1), 0), (date(2026, 3, 2), 700), (date(2026, 3, 9), 0)]
)
def test_cash_of_another_record_counts_while_the_records_are_merged(day: date, cash: int) -> None:
    history = History()
    days(history, 1)
    history.issue(DUE_IN, AMOUNT)
    promise_of(history, 3)
    account = AccountRow(
        customer_id="cus_twin",
        entity_id=ENT,
        currency="EUR",
        unapplied_minor=700,
        events="1",
        command_id="",
        decided_on=None,
    )
    merged = [Merge(CUS, 1, date(2026, 3, 2), "cus_twin"), Merge(CUS, 2, date(2026, 3, 9), None)]
    (found,), _ = judged_with(history.rows.all(PromiseRow), {}, [account], Survivors(merged, day))
    assert found.received.credit_minor == cash

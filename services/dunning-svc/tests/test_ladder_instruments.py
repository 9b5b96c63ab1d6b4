"""Cheques, bills and notes on the ladder: silence while in hand, then the level that the invoice had."""

from __future__ import annotations

from datetime import date

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.ladder.recheck import overtaken
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.money.cover import InvoiceCovered, InvoiceUncovered
from tests.histories.dunning import GROUP, History
from tests.histories.ladder import AMOUNT, DUE_IN, case, invoiced, item, lived, mirrored


def taken(history: History, amount: int = AMOUNT) -> None:
    mirrored(history, InvoiceCovered, amount)


def ended(history: History, outcome: str, amount: int = AMOUNT) -> None:
    mirrored(history, InvoiceUncovered, amount, outcome=outcome)


def test_nobody_asks_while_the_cheque_is_in_hand_and_the_ladder_goes_on_at_its_level() -> None:
    history = invoiced()
    assert lived(DUE_IN + 4, history) == ["J-5", "J+3"]
    taken(history)
    assert lived(60, history) == [f"J+{days} instrument_in_hand" for days in (15, 30, 60)]
    ended(history, "returned")
    assert lived(15, history) == ["J+15", "J+30"]


def test_the_decision_says_in_words_that_instruments_are_in_hand() -> None:
    history = invoiced()
    lived(DUE_IN + 4, history)
    taken(history)
    lived(12, history)
    decision = history.decided[-1][1]
    told = explain(decision, DEFAULT_POLICY, "en")
    assert "Cheques, bills or notes in hand cover the whole amount" in told.summary
    assert "1,000.00\u00a0EUR of it covered by instruments in hand" in told.reasons[1]
    assert "couvrent tout le montant" in explain(decision, DEFAULT_POLICY, "fr").summary


def test_a_message_lists_no_covered_invoice_and_asks_only_for_the_rest_of_one() -> None:
    items = item("1"), item("2", in_hand_minor=10_000), item("3", in_hand_minor=4_000, planned_minor=1_000)
    decision = decide_customer(case(*items), date(2026, 4, 3), DEFAULT_POLICY, 99)
    assert decision is not None
    assert [(each.number, each.asked_minor, each.in_hand_minor) for each in decision.items] == [
        ("1", 10_000, 0),
        ("3", 5_000, 4_000),
    ]
    assert {(each.number, each.cause) for each in decision.suppressed} == {("2", "instrument_in_hand")}


def test_disputes_and_plans_come_before_instruments() -> None:
    found = item("1", disputed_minor=3_000, planned_minor=2_000, in_hand_minor=9_000)
    assert (found.on_plan_minor, found.covered_minor, found.collectable_minor) == (2_000, 5_000, 0)
    assert found.uncollectable == "instrument_in_hand"
    assert item("1", planned_minor=10_000, in_hand_minor=9_000).uncollectable == "on_plan"


def test_a_cheque_that_is_taken_before_dispatch_stops_the_message() -> None:
    history = invoiced()
    lived(DUE_IN + 3, history)
    reminder = history.decided[-1][1]
    assert isinstance(reminder, ReminderRequested)
    taken(history)
    now = history.rows.case(GROUP)
    assert now is not None
    assert overtaken(reminder, now, history.today, DEFAULT_POLICY) == "instrument_in_hand"

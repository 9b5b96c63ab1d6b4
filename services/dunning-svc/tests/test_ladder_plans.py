"""Payment plans on the ladder: silence while in force, and the level that the invoice had afterwards."""

from __future__ import annotations

from datetime import date

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.ladder.recheck import overtaken
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.composition import item_of
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts.events.dunning.reminders import ReminderRequested, TaskOpened
from encours.contracts.events.invoice import InvoicePlanned, InvoiceUnplanned
from tests.histories.dunning import GROUP, History
from tests.histories.ladder import AMOUNT, DUE_IN, case, invoiced, item, lived, mirrored


def planned(history: History, amount: int = AMOUNT) -> None:
    mirrored(history, InvoicePlanned, amount, plan_id="pln_1", interest="runs")


def broken(history: History, amount: int = AMOUNT) -> None:
    mirrored(history, InvoiceUnplanned, amount, plan_id="pln_1", outcome="broken")


def test_nobody_asks_while_the_plan_is_in_force_and_the_ladder_goes_on_at_its_level() -> None:
    history = invoiced()
    assert lived(DUE_IN + 4, history) == ["J-5", "J+3"]
    planned(history)
    assert lived(60, history) == ["J+15 on_plan", "J+30 on_plan", "J+60 on_plan"]
    broken(history)
    assert lived(15, history) == ["J+15", "J+30"]


def test_the_decision_says_in_words_that_a_plan_is_in_force() -> None:
    history = invoiced()
    lived(DUE_IN + 4, history)
    planned(history)
    lived(12, history)
    decision = history.decided[-1][1]
    told = explain(decision, DEFAULT_POLICY, "en")
    assert "is on a payment plan in force" in told.summary
    assert "1,000.00\u00a0EUR of it on a payment plan" in told.reasons[1]
    assert "sur un échéancier en vigueur" in explain(decision, DEFAULT_POLICY, "fr").summary


def test_a_message_lists_no_invoice_on_plan_and_asks_only_for_the_rest_of_one() -> None:
    items = item("1"), item("2", planned_minor=10_000), item("3", planned_minor=4_000)
    decision = decide_customer(case(*items), date(2026, 4, 3), DEFAULT_POLICY, 99)
    assert decision is not None
    assert [(each.number, each.asked_minor, each.planned_minor) for each in decision.items] == [
        ("1", 10_000, 0),
        ("3", 6_000, 4_000),
    ]
    assert {(each.number, each.cause) for each in decision.suppressed} == {("2", "on_plan")}
    assert decision.amount_minor == 16_000


def test_the_planned_part_is_at_most_what_is_open_and_undisputed() -> None:
    found = item("1", disputed_minor=3_000, planned_minor=9_000)
    assert (found.on_plan_minor, found.collectable_minor, found.uncollectable) == (7_000, 0, "on_plan")
    assert item("1", disputed_minor=10_000, planned_minor=9_000).uncollectable == "fully_disputed"


def test_a_plan_that_is_agreed_before_dispatch_stops_the_message() -> None:
    history = invoiced()
    lived(DUE_IN + 3, history)
    reminder = history.decided[-1][1]
    assert isinstance(reminder, ReminderRequested)
    planned(history)
    now = history.rows.case(GROUP)
    assert now is not None
    assert overtaken(reminder, now, history.today, DEFAULT_POLICY) == "on_plan"


def test_a_case_shows_the_part_on_plan() -> None:
    history = invoiced()
    planned(history, 40_000)
    (row,) = history.rows.all(ItemRow)
    assert (item_of(row).on_plan_minor, item_of(row).collectable_minor) == (40_000, 60_000)
    assert not isinstance(history.open_day(), TaskOpened)

"""Payment plans on the ladder: silence while in force, and the level that the invoice had afterwards."""

from __future__ import annotations

from datetime import date
from typing import Any

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.outbox.recheck import overtaken
from dunning_svc.read_models.cases.due import item_of
from dunning_svc.read_models.cases.rows import ItemRow
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed, TaskOpened
from encours.contracts.events.invoice import InvoicePlanned, InvoiceUnplanned
from encours.testing.events import event
from tests.histories.dunning import CUS, GROUP, History

DUE_IN, AMOUNT = 10, 100_000


def planned(history: History, amount: int = AMOUNT) -> None:
    _mirror(history, InvoicePlanned, amount, interest="runs")


def broken(history: History, amount: int = AMOUNT) -> None:
    _mirror(history, InvoiceUnplanned, amount, outcome="broken")


def _mirror(history: History, kind: type[Any], amount: int, **fields: Any) -> None:
    (invoice_id,) = history.open
    said = event(kind, invoice_id=invoice_id, customer_id=CUS, plan_id="pln_1", amount_minor=amount, **fields)
    history.add(said, invoice_id)


def lived(days: int, history: History) -> list[str]:
    """Open so many days; return the steps taken, and suppressed ones with their cause."""
    found = [history.open_day() for _ in range(days)]
    return [
        f"{each.step} {each.cause}" if isinstance(each, ReminderSuppressed) else each.step
        for each in found
        if each is not None
    ]


def invoiced() -> History:
    history = History()
    history.issue(DUE_IN, AMOUNT)
    return history


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


def item(number: str, **changes: Any) -> LadderItem:
    values: dict[str, Any] = {
        "invoice_id": f"inv_{number}", "version": 1, "number": number, "due_on": date(2026, 3, 31),
        "open_minor": 10_000, "disputed_minor": 0, "entered_on": date(2026, 1, 1), "done": (),
        "suppressed": (), "events": (7,),
    }  # fmt: skip
    return LadderItem(**(values | changes))


def case(*items: LadderItem) -> Case:
    return Case(
        "cus_1", "ent_1", "EUR", "cus_1", "en", "a@example.com", None, None, None, 0, items, events=(2,)
    )


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

"""Insolvency proceedings on the ladder: silence about earlier claims, and the usual steps for later ones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.ladder.recheck import overtaken
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.http.cases.answers import CaseOut
from dunning_svc.http.items import ItemOut
from dunning_svc.read_models.cases.past import folded
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed
from encours.contracts.events.parties.customer import CustomerMerged, CustomerRegistered, RolesAssigned
from encours.contracts.events.parties.insolvency import (
    InsolvencyClosed,
    InsolvencyOpened,
    InsolvencyOutcome,
)
from encours.kernel.ids import derived_id
from encours.testing.events import event
from tests.histories.dunning import CUS, ENT, GROUP, History

DUE_IN, AMOUNT = 10, 100_000
OTHER = derived_id("cus", 2)


def opened(history: History, on: date | None = None, customer_id: str = CUS) -> None:
    judgment = event(
        InsolvencyOpened, customer_id=customer_id, kind="receivership", opened_on=on or history.today
    )
    history.add(judgment, customer_id)


def closed(history: History, outcome: InsolvencyOutcome) -> None:
    history.add(event(InsolvencyClosed, customer_id=CUS, closed_on=history.today, outcome=outcome), CUS)


def lived(days: int, history: History) -> list[str]:
    """Open so many days; return the steps taken, and the suppressed ones with their cause."""
    found: list[str] = []
    for made in [history.open_day() for _ in range(days)]:
        if made is None:
            continue
        found += [f"{each.step} {each.cause}" for each in made.suppressed]
        found.append(f"{made.step} {made.cause}" if isinstance(made, ReminderSuppressed) else made.step)
    return found


def invoiced() -> History:
    """An invoice of 1,000.00 with its first reminder, and the next day."""
    history = History()
    history.issue(DUE_IN, AMOUNT)
    assert lived(DUE_IN + 4, history) == ["J-5", "J+3"]
    return history


def case_of(history: History) -> Case:
    case = history.rows.case(GROUP)
    assert case is not None
    return case


def test_no_step_is_taken_for_what_was_supplied_before_the_judgment() -> None:
    history = invoiced()
    opened(history)
    assert lived(120, history) == [f"J+{n} insolvency" for n in (15, 30, 60, 90)]


def test_what_is_supplied_from_the_day_of_the_judgment_on_takes_the_ladder() -> None:
    history = invoiced()
    opened(history)
    history.issue(DUE_IN, AMOUNT)
    assert lived(DUE_IN + 16, history) == [
        "J-5", "J+15 insolvency", "J+3", "J+15", "J+30 insolvency",
    ]  # fmt: skip
    messages = [made for _, made in history.decided[2:] if not isinstance(made, ReminderSuppressed)]
    assert {item.number for made in messages for item in made.items} == {"FAC-0002"}


def test_proceedings_that_ended_are_silence_for_good_unless_they_are_void() -> None:
    ends: tuple[InsolvencyOutcome, ...] = ("plan_adopted", "assets_insufficient", "liabilities_extinguished")
    for outcome in ends:
        history = invoiced()
        opened(history)
        closed(history, outcome)
        assert lived(20, history) == ["J+15 insolvency"]


@pytest.mark.parametrize("outcome", ["set_aside", "recorded_in_error"])
def test_after_void_proceedings_the_ladder_goes_on_at_its_level(outcome: InsolvencyOutcome) -> None:
    history = invoiced()
    opened(history)
    assert lived(20, history) == ["J+15 insolvency"]
    closed(history, outcome)
    assert lived(1, history) == ["J+15"]


def test_proceedings_that_are_recorded_before_dispatch_stop_the_message() -> None:
    history = History()
    history.issue(DUE_IN, AMOUNT)
    lived(DUE_IN + 3, history)
    reminder = history.decided[-1][1]
    assert isinstance(reminder, ReminderRequested)
    assert overtaken(reminder, case_of(history), history.today, DEFAULT_POLICY) is None
    opened(history)
    assert overtaken(reminder, case_of(history), history.today, DEFAULT_POLICY) == "insolvency"


def test_a_message_with_one_earlier_claim_does_not_leave_either() -> None:
    history = History()
    history.issue(DUE_IN, AMOUNT)
    history.today += timedelta(days=1)
    history.issue(DUE_IN - 1, AMOUNT)
    lived(DUE_IN + 2, history)
    reminder = history.decided[-1][1]
    assert isinstance(reminder, ReminderRequested)
    assert len(reminder.items) == 2
    opened(history, history.today - timedelta(days=DUE_IN + 2))
    assert overtaken(reminder, case_of(history), history.today, DEFAULT_POLICY) == "insolvency"


def test_a_judgment_that_is_recorded_late_leaves_the_reminders_that_were_sent() -> None:
    history = invoiced()
    lived(20, history)
    sent = [made.step for _, made in history.decided]
    assert sent == ["J-5", "J+3", "J+15"]
    opened(history, history.today - timedelta(days=25))
    assert lived(30, history) == ["J+30 insolvency"]
    (row,) = history.rows.all(ItemRow)
    assert [entry.split(" ")[0] for entry in row.taken] == sent


def test_decision_case_and_explanation_show_what_is_stayed() -> None:
    history = invoiced()
    opened(history)
    lived(12, history)
    decision = history.decided[-1][1]
    assert ItemOut.of(decision.items[0], "EUR").stayed.amount == "1000.00"
    assert "Insolvency proceedings of the debtor forbid" in explain(decision, DEFAULT_POLICY, "en").summary
    told = explain(decision, DEFAULT_POLICY, "fr")
    assert "Une procédure collective du débiteur interdit" in told.summary
    assert "1\u202f000,00\u00a0EUR à déclarer à la procédure collective" in told.reasons[1]
    shown = CaseOut.of(history.rows, CUS, history.today, {})
    assert shown is not None
    assert (shown.items[0].stayed.amount, shown.items[0].next_step) == ("1000.00", None)
    judgment = next(e.position for e in history.events if e.type == "customer.insolvency_opened")
    assert judgment in decision.basis.input_events


def test_on_days_before_the_judgment_the_case_is_as_it_was() -> None:
    history = invoiced()
    opened(history)
    streams = {"all": history.events}
    for on, stayed in ((history.today - timedelta(days=1), False), (history.today, True)):
        case = folded(streams, on).case(GROUP, on)
        assert case is not None
        assert case.items[0].stayed is stayed


def other_customer(history: History) -> None:
    registered = event(CustomerRegistered, customer_id=OTHER, entity_id=ENT, name="Autre")
    history.add(registered, OTHER)


def test_proceedings_of_a_merged_record_stay_the_claims_of_the_debtor() -> None:
    history = invoiced()
    other_customer(history)
    opened(history, customer_id=OTHER)
    assert not case_of(history).items[0].stayed
    history.add(event(CustomerMerged, customer_id=OTHER, into_id=CUS), OTHER)
    assert case_of(history).items[0].stayed


def test_proceedings_of_another_payer_stay_nothing() -> None:
    history = invoiced()
    other_customer(history)
    history.add(event(RolesAssigned, customer_id=CUS, valid_from=history.today, payer_id=OTHER), CUS)
    opened(history, customer_id=OTHER)
    case = case_of(history)
    assert (case.addressee_id, case.items[0].stayed) == (OTHER, False)
    decision = decide_customer(case, history.today + timedelta(days=20), DEFAULT_POLICY, 99)
    assert decision is not None
    assert decision.cause is None

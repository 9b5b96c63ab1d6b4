"""The rules of the ladder, one test a rule: given open items, on a day, then this decision or none."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import as_event, decision_key, stream_of
from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.schedule import Taken, next_step_on
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY, POLICIES
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed, TaskOpened
from encours.kernel.ids import derived_uuid

DUE = date(2026, 3, 31)


def item(number: str = "FAC-1", **changes: Any) -> LadderItem:
    """An invoice that has taken the steps ``done``, each on its day."""
    values: dict[str, Any] = {
        "invoice_id": f"inv_{number}",
        "version": 1,
        "number": number,
        "due_on": DUE,
        "open_minor": 10_000,
        "disputed_minor": 0,
        "entered_on": date(2026, 1, 1),
        "done": (),
        "suppressed": (),
        "events": (7,),
    }
    values |= changes
    taken = tuple(
        Taken(code, DEFAULT_POLICY.step(code).scheduled_on(values["due_on"])) for code in values["done"]
    )
    return LadderItem(**({"taken": taken} | values))


def view(*items: LadderItem, **changes: Any) -> Case:
    values: dict[str, Any] = {
        "customer_id": "cus_1",
        "entity_id": "ent_1",
        "currency": "EUR",
        "addressee_id": "cus_1",
        "language": "fr",
        "email": "compta@example.com",
        "address": "2 place Bellecour\n69002 Lyon\nFR",
        "hold_until": None,
        "decided_on": None,
        "credit_minor": 0,
        "items": items,
        "events": (2,),
    }
    return Case(**(values | changes))


def decide(given: Case, offset: int) -> Decision | None:
    return decide_customer(given, DUE + timedelta(days=offset), DEFAULT_POLICY, 99)


def decided(given: Case, offset: int) -> Decision:
    decision = decide(given, offset)
    assert decision is not None
    return decision


@pytest.mark.parametrize(
    ("offset", "step", "channel"),
    [
        (-5, "J-5", "email"),
        (3, "J+3", "email"),
        (15, "J+15", "phone"),
        (30, "J+30", "letter"),
        (60, "J+60", "registered_letter"),
        (90, "J+90", "file"),
    ],
)
def test_each_step_fires_on_its_day(offset: int, step: str, channel: str) -> None:
    below = tuple(s.code for s in DEFAULT_POLICY.steps if s.offset_days < offset)
    decision = decided(view(item(done=below)), offset)
    assert (decision.step.code, decision.step.channel, decision.cause) == (step, channel, None)
    assert decision.amount_minor == 10_000


@pytest.mark.parametrize("offset", [-30, -6, -4, 0, 1, 2])
def test_between_two_steps_nothing_happens(offset: int) -> None:
    done = ("J-5",) if offset > -5 else ()
    assert decide(view(item(done=done)), offset) is None


def test_a_late_run_catches_up_with_one_step_and_skips_none() -> None:
    decision = decided(view(item()), 31)
    assert (decision.step.code, decision.superseded) == ("J+3", ("inv_FAC-1:J-5",))
    assert [(h.step, h.cause) for h in decision.suppressed] == [
        ("J+15", "earlier_step"),
        ("J+30", "earlier_step"),
    ]


def test_an_announcement_is_not_made_after_the_due_date() -> None:
    assert decide(view(item()), 1) is None
    assert decided(view(item()), 0).step.code == "J-5"


def test_a_step_taken_is_never_taken_again() -> None:
    assert decide(view(item(done=("J-5", "J+3"))), 10) is None


def test_an_item_that_entered_late_begins_with_the_friendly_step_when_its_next_one_comes() -> None:
    imported = item(entered_on=DUE + timedelta(days=40))
    assert decide(view(imported), 40) is None
    assert decide(view(imported), 59) is None
    decision = decided(view(imported), 60)
    assert (decision.step.code, decision.superseded) == ("J+3", ())
    assert [(h.step, h.cause) for h in decision.suppressed] == [("J+60", "earlier_step")]


def test_one_message_lists_every_due_item_and_the_highest_step_sets_the_tone() -> None:
    old = item("FAC-1", done=("J-5", "J+3", "J+15"))
    young = item("FAC-2", due_on=DUE + timedelta(days=27), open_minor=600, done=("J-5",))
    listed_only = item("FAC-3", due_on=DUE + timedelta(days=10), open_minor=70, done=("J-5", "J+3", "J+15"))
    decision = decided(view(young, listed_only, old), 30)
    assert decision.step.code == "J+30"
    assert [(i.number, i.step) for i in decision.items] == [
        ("FAC-1", "J+30"),
        ("FAC-3", ""),
        ("FAC-2", "J+3"),
    ]
    assert decision.amount_minor == 10_670


def test_an_item_not_yet_due_is_announced_beside_the_due_ones_but_not_asked_for() -> None:
    due = item("FAC-1", done=("J-5",))
    coming = item("FAC-2", due_on=DUE + timedelta(days=8))
    decision = decided(view(due, coming), 3)
    assert decision.step.code == "J+3"
    assert [(i.number, i.step, i.asked_minor) for i in decision.items] == [
        ("FAC-1", "J+3", 10_000),
        ("FAC-2", "J-5", 0),
    ]
    assert decision.amount_minor == 10_000


def test_a_friendly_announcement_does_not_list_what_is_late() -> None:
    late = item("FAC-1", due_on=DUE - timedelta(days=10), done=("J-5", "J+3"))
    decision = decided(view(late, item("FAC-2")), -5)
    assert [i.number for i in decision.items] == ["FAC-2"]


def test_an_item_that_is_not_due_is_not_listed() -> None:
    later = item("FAC-2", due_on=DUE + timedelta(days=60))
    assert [i.number for i in decided(view(item(done=("J-5",)), later), 3).items] == ["FAC-1"]


def test_unapplied_cash_is_shown_and_deducted() -> None:
    decision = decided(view(item(), credit_minor=4_000), 3)
    assert (decision.credit_minor, decision.amount_minor, decision.cause) == (4_000, 6_000, None)


def test_nothing_is_asked_that_credit_covers() -> None:
    decision = decided(view(item(), credit_minor=10_000), 3)
    assert (decision.cause, decision.amount_minor) == ("covered_by_credit", 0)


def test_credit_goes_to_the_oldest_item_first() -> None:
    old = item("FAC-1", done=("J-5", "J+3"))
    young = item("FAC-2", due_on=DUE + timedelta(days=12), done=("J-5",))
    decision = decided(view(young, old, credit_minor=10_000), 15)
    assert decision.step.code == "J+3", "the covered item does not set the tone"
    assert [(i.number, i.step) for i in decision.items] == [("FAC-1", ""), ("FAC-2", "J+3")]
    assert decision.amount_minor == 10_000


def test_credit_that_older_items_use_up_does_not_lower_an_announcement() -> None:
    late = item("FAC-1", due_on=DUE - timedelta(days=10), done=("J-5", "J+3"))
    decision = decided(view(late, item("FAC-2"), credit_minor=12_000), -5)
    assert (decision.credit_minor, decision.amount_minor) == (2_000, 8_000)


def test_the_disputed_share_is_left_out_and_the_rest_is_asked() -> None:
    decision = decided(view(item(disputed_minor=2_500)), 3)
    assert (decision.amount_minor, decision.items[0].disputed_minor) == (7_500, 2_500)


def test_an_item_disputed_in_full_is_not_chased() -> None:
    assert decided(view(item(disputed_minor=10_000)), 3).cause == "fully_disputed"


def test_without_an_email_address_an_email_is_suppressed_and_the_ladder_goes_on() -> None:
    assert decided(view(item(), email=None), 3).cause == "no_address"
    decision = decided(view(item(suppressed=("J-5", "J+3")), email=None), 15)
    assert (decision.step.code, decision.cause) == ("J+15", None)
    assert decision.superseded == ("inv_FAC-1:J-5", "inv_FAC-1:J+3")


CALLED = ("J-5", "J+3", "J+15")


@pytest.mark.parametrize(("offset", "step"), [(30, "J+30"), (60, "J+60")])
def test_without_a_postal_address_a_letter_is_suppressed_once_and_the_ladder_goes_on(
    offset: int, step: str
) -> None:
    decision = decided(view(item(done=CALLED), address=None), offset)
    assert (decision.step.code, decision.cause) == (step, "no_address")
    said = item(done=CALLED, suppressed=("J+30", "J+60"))
    assert decide(view(said, address=None), 61) is None
    assert decided(view(said, address=None), 90).step.code == "J+90"
    assert decided(view(said), 61).step.code == "J+30", "it is taken when the address is there"


def test_a_letter_that_cannot_be_delivered_does_not_silence_the_email_about_another_invoice() -> None:
    old = item("FAC-1", done=CALLED)
    young = item("FAC-2", due_on=DUE + timedelta(days=27), done=("J-5",))
    decision = decided(view(old, young, address=None), 30)
    assert (decision.step.code, decision.cause) == ("J+3", None)
    assert [(i.number, i.step) for i in decision.items] == [("FAC-1", ""), ("FAC-2", "J+3")]
    assert [(h.number, h.step, h.cause) for h in decision.suppressed] == [("FAC-1", "J+30", "no_address")]


def test_a_decision_of_the_first_version_comes_out_as_it_was_taken_then() -> None:
    first = POLICIES[DEFAULT_POLICY.policy_id, 1]
    decision = decide_customer(view(item(), address=None), DUE + timedelta(days=30), first, 99)
    assert decision is not None
    assert (decision.step.code, decision.cause, decision.policy_version) == ("J+30", None, 1)


def test_a_hold_suppresses_through_its_last_day_and_the_step_is_taken_after_it() -> None:
    until = DUE + timedelta(days=20)
    assert decided(view(item(), hold_until=until), 15).cause == "customer_on_hold"
    held = item(suppressed=("J-5", "J+3", "J+15"))
    assert decide(view(held, hold_until=until), 20) is None
    assert decided(view(held, hold_until=until), 21).step.code == "J+3"


def test_a_suppression_is_said_once_per_step() -> None:
    held = view(item(suppressed=("J-5", "J+3")), credit_minor=10_000)
    assert decide(held, 4) is None
    assert decided(held, 15).cause == "covered_by_credit"


def test_a_step_held_back_by_credit_is_taken_when_the_credit_goes() -> None:
    assert decided(view(item(suppressed=("J+3",))), 9).step.code == "J+3"


def test_a_paid_item_is_off_the_ladder() -> None:
    assert decide(view(item(open_minor=0)), 30) is None


def test_a_partly_paid_item_stays_with_what_is_open() -> None:
    assert decided(view(item(open_minor=501)), 30).amount_minor == 501


def test_a_currency_without_a_floor_is_chased_to_the_last_unit() -> None:
    assert decided(view(item(open_minor=1)), 3).cause == "below_floor"
    assert decided(view(item(open_minor=1), currency="PLN"), 3).amount_minor == 1


def test_after_a_reversal_dunning_resumes_at_its_level() -> None:
    reopened = item(done=("J-5", "J+3", "J+15"))
    assert decide(view(reopened), 29) is None
    assert decided(view(reopened), 30).step.code == "J+30"


def test_the_ladder_ends_at_its_last_step() -> None:
    everything = tuple(step.code for step in DEFAULT_POLICY.steps)
    assert decide(view(item(done=everything)), 400) is None
    taken = [Taken(code, DUE) for code in everything]
    assert next_step_on(DEFAULT_POLICY, due_on=DUE, entered_on=DUE, taken=taken) is None


def test_a_decision_names_policy_position_and_the_events_it_rests_on() -> None:
    decision = decided(view(item(events=(5, 9)), item("FAC-2", events=(6,)), events=(2, 3)), 3)
    assert (decision.policy_id, decision.policy_version, decision.position) == (
        DEFAULT_POLICY.policy_id,
        DEFAULT_POLICY.version,
        99,
    )
    assert decision.input_events == (2, 3, 5, 6, 9)


def test_the_event_follows_from_the_decision_and_its_ids_from_the_cause() -> None:
    day_event = derived_uuid("a day")
    key = decision_key("demo", day_event, "cus_1", "ent_1", "EUR")
    assert key == decision_key("demo", day_event, "cus_1", "ent_1", "EUR")
    sent = as_event(decided(view(item()), 3), key)
    task = as_event(decided(view(item(done=("J-5", "J+3"))), 15), key)
    held = as_event(decided(view(item(), email=None), 3), key)
    assert isinstance(sent, ReminderRequested)
    assert isinstance(task, TaskOpened)
    assert isinstance(held, ReminderSuppressed)
    assert {sent.decision_id, task.decision_id, held.decision_id} == {f"dec_{key.hex}"}
    assert (stream_of(sent), stream_of(task)) == (f"rem_{key.hex}", f"tsk_{key.hex}")

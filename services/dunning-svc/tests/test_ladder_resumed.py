"""Step by step: floors, items that come back, formal notices, and a decision about every step of every item."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dunning_svc.domain.ladder.state import FormalNotice
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY, POLICIES
from encours.contracts.events import reminders
from tests.histories.dunning import GROUP, History

SECOND = POLICIES[DEFAULT_POLICY.policy_id, 2]
DUE_IN = 10


def lived(history: History, days: int) -> list[tuple[int, str, str]]:
    """Open so many days; return each decision as days past due, step and kind, or the cause against it."""
    known = len(history.decided)
    for _ in range(days):
        history.open_day()
    return [
        (
            event.items[0].days_past_due,
            event.step,
            event.cause if isinstance(event, reminders.ReminderSuppressed) else event.TYPE,
        )
        for _, event in history.decided[known:]
    ]


def taken(found: list[tuple[int, str, str]]) -> list[tuple[int, str]]:
    return [(day, step) for day, step, kind in found if kind in ("reminder.requested", "task.opened")]


def invoiced(amount: int = 100_000) -> History:
    history = History()
    history.issue(DUE_IN, amount)
    return history


def test_a_payment_in_time_that_is_returned_after_78_days_begins_with_the_friendly_step() -> None:
    history = invoiced()
    assert taken(lived(history, DUE_IN - 2)) == [(-5, "J-5")]
    history.settle(0, 100_000)
    lived(history, 2 + 77)
    history.unsettle(0, reverse=True)
    assert taken(lived(history, 80)) == [
        (78, "J+3"),
        (85, "J+15"),
        (95, "J+30"),
        (115, "J+60"),
        (135, "J+90"),
    ]


def test_a_payment_that_is_returned_after_100_days_does_not_lead_straight_to_litigation() -> None:
    history = invoiced()
    assert taken(lived(history, DUE_IN + 20))[-1] == (15, "J+15")
    history.settle(0, 100_000)
    lived(history, 80)
    history.unsettle(0, reverse=True)
    assert taken(lived(history, 45)) == [(101, "J+30"), (121, "J+60"), (141, "J+90")]


def test_an_item_whose_dispute_is_rejected_begins_with_the_friendly_step() -> None:
    history = invoiced()
    history.dispute(0, 100_000)
    found = lived(history, DUE_IN + 70)
    assert {kind for _, _, kind in found} == {"fully_disputed"}
    history.dispute(0, 0)
    assert taken(lived(history, 10)) == [(71, "J+3"), (78, "J+15")]


def test_an_amount_that_was_conceded_is_claimed_neither_before_its_credit_note_nor_after() -> None:
    history = invoiced()
    history.dispute(0, 40_000)
    history.concede(0)
    lived(history, DUE_IN + 3)
    reminder = history.decided[-1][1]
    assert (reminder.step, reminder.amount_minor, reminder.items[0].disputed_minor) == ("J+3", 60_000, 40_000)
    history.credit(0, 40_000)
    lived(history, 12)
    task = history.decided[-1][1]
    assert (task.step, task.amount_minor, task.items[0].disputed_minor) == ("J+15", 60_000, 0)


def test_an_invoice_conceded_in_full_is_not_claimed_while_it_awaits_its_credit_note() -> None:
    history = invoiced()
    history.dispute(0, 100_000)
    history.concede(0)
    assert {cause for _, _, cause in lived(history, DUE_IN + 95)} == {"fully_disputed"}


def test_an_item_that_credit_has_covered_begins_with_the_friendly_step() -> None:
    history = invoiced()
    payment = history.receive(100_000)
    lived(history, DUE_IN + 70)
    history.reverse(payment, 100_000)
    assert taken(lived(history, 1)) == [(71, "J+3")]


def test_what_is_left_below_the_floor_is_not_chased_and_the_decision_says_why() -> None:
    history = invoiced(100_001)
    history.settle(0, 100_000)
    assert lived(history, DUE_IN + 95) == [
        (-5, "J-5", "below_floor"),
        (3, "J+3", "below_floor"),
        (15, "J+15", "below_floor"),
        (30, "J+30", "below_floor"),
        (60, "J+60", "below_floor"),
        (90, "J+90", "below_floor"),
    ]


@pytest.mark.parametrize(("left", "asked"), [(500, False), (501, True)])
def test_the_floor_itself_is_not_asked(left: int, asked: bool) -> None:
    assert bool(taken(lived(invoiced(left), DUE_IN + 3))) is asked


def test_many_small_amounts_are_asked_together() -> None:
    history = History()
    for _ in range(3):
        history.issue(DUE_IN, 200)
    assert taken(lived(history, DUE_IN + 3)) == [(-5, "J-5"), (3, "J+3")]


def test_a_few_cents_do_not_set_the_tone_of_a_message() -> None:
    history = invoiced(100_000)
    lived(history, DUE_IN + 55)
    history.settle(0, 99_999)
    history.issue(2, 50_000)
    lived(history, 5)
    event = history.decided[-1][1]
    assert isinstance(event, reminders.ReminderRequested)
    assert (event.step, [(h.step, h.cause) for h in event.suppressed]) == ("J+3", [("J+60", "below_floor")])


def test_two_formal_notices_are_never_closer_than_the_policy_says() -> None:
    history = invoiced()
    lived(history, 7)
    history.issue(DUE_IN, 50_000)
    lived(history, 150)
    days = [
        event.day
        for _, event in history.decided
        if isinstance(event, reminders.ReminderRequested) and event.template == "formal_notice"
    ]
    assert len(days) == 2
    assert days[1] - days[0] == timedelta(days=31), "30 days later the first invoice has its litigation file"
    causes = {(each.step, each.cause) for _, event in history.decided for each in event.suppressed}
    said = {
        (event.step, event.cause)
        for _, event in history.decided
        if isinstance(event, reminders.ReminderSuppressed)
    }
    assert ("J+60", "formal_notice_recent") in causes | said


def test_a_formal_notice_that_was_withdrawn_does_not_count() -> None:
    history = invoiced()
    lived(history, DUE_IN + 60)
    case = history.rows.case(GROUP)
    assert case is not None
    assert case.formal_notice == FormalNotice(history.today, history.decided[-1][0].position + 1)
    history.withdraw()
    case = history.rows.case(GROUP)
    assert case is not None
    assert case.formal_notice is None
    assert taken(lived(history, 1)) == [(61, "J+60")]


def test_a_formal_notice_lists_no_invoice_that_was_never_asked_for() -> None:
    history = invoiced()
    lived(history, DUE_IN + 55)
    history.issue(2, 50_000)
    lived(history, 5)
    notice = history.decided[-1][1]
    assert isinstance(notice, reminders.ReminderRequested)
    assert (notice.step, [item.number for item in notice.items]) == ("J+60", ["FAC-0001"])
    assert [(h.number, h.step, h.cause) for h in notice.suppressed] == [
        ("FAC-0002", "J+3", "formal_step_apart")
    ]
    assert taken(lived(history, 1))[-1][1] == "J+3"


def test_each_step_of_a_disputed_item_is_decided_beside_one_that_cannot_be_written_to() -> None:
    history = History(address=None)
    history.issue(DUE_IN, 100_000)
    history.issue(DUE_IN, 50_000)
    history.dispute(1, 50_000)
    lived(history, DUE_IN + 61)
    decided: dict[tuple[str, str], list[str]] = {}
    for _, event in history.decided:
        for item in event.items:
            if item.step:
                kind = event.cause if isinstance(event, reminders.ReminderSuppressed) else event.TYPE
                decided.setdefault((item.number, item.step), []).append(kind)
        for each in event.suppressed:
            decided.setdefault((each.number, each.step), []).append(each.cause)
    assert decided == {
        ("FAC-0001", "J-5"): ["reminder.requested"],
        ("FAC-0001", "J+3"): ["reminder.requested"],
        ("FAC-0001", "J+15"): ["task.opened"],
        ("FAC-0001", "J+30"): ["no_address"],
        ("FAC-0001", "J+60"): ["no_address"],
        ("FAC-0002", "J-5"): ["fully_disputed"],
        ("FAC-0002", "J+3"): ["fully_disputed"],
        ("FAC-0002", "J+15"): ["fully_disputed"],
        ("FAC-0002", "J+30"): ["fully_disputed"],
        ("FAC-0002", "J+60"): ["fully_disputed"],
    }


def test_a_decision_of_the_second_version_comes_out_as_it_was_taken_then() -> None:
    history = History(policy=SECOND)
    history.issue(DUE_IN, 100_001)
    history.settle(0, 100_000)
    assert taken(lived(history, DUE_IN + 95))[-2:] == [(60, "J+60"), (90, "J+90")]
    assert not any(event.suppressed for _, event in history.decided)

"""A ladder whose policy changes while invoices are on it, over random histories and by example."""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dunning_svc.domain.ladder.events import DecisionEvent, as_event
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.ladder.grouping import about_the_same, decisions_of, in_units
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.policy import Policy, Step
from dunning_svc.domain.policy.schedule import level_in
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY
from dunning_svc.domain.policy.working_days import is_working_day
from dunning_svc.read_models.cases.past import folded
from dunning_svc.use_cases.runs import key_of
from encours.contracts import encode
from encours.contracts.events import reminders
from encours.contracts.events.parties.customer import FieldValue
from tests.histories.approvals import answer
from tests.histories.dunning import GROUP, History
from tests.histories.policies import OWN

_CODES = st.sampled_from(["firm", "cordial", "strategic_accounts", "small_amounts", *OWN])
_TAGS = st.sampled_from([(), ("firm",), ("cordial",), ("strategic",), ("firm", "cordial")])
_PLACES = st.sampled_from(["north", "south"])
_ACTS = st.one_of(
    st.tuples(st.just("issue"), st.integers(-80, 40), st.sampled_from([3_000, 9_000, 50_000])),
    st.tuples(st.just("activate"), _CODES),
    st.tuples(st.just("retire"), _CODES),
    st.tuples(st.just("experiment"), _CODES | st.just("default"), _CODES),
    _TAGS.map(lambda tags: ("tag", *tags)),
    st.tuples(st.just("settle"), st.integers(0, 9), st.integers(1, 60_000)),
    st.tuples(st.just("unsettle"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("dispute"), st.integers(0, 9), st.sampled_from([1_000, 50_000])),
    st.tuples(
        st.just("label"),
        st.integers(0, 9),
        st.builds(FieldValue, field_code=st.just("project"), value=_PLACES),
    ),
    st.tuples(st.just("hold"), st.integers(0, 40)),
    st.tuples(st.just("withdraw")),
    st.tuples(st.just("answer"), st.sampled_from(["approved", "declined"])),
    st.tuples(st.just("days"), st.integers(1, 30)),
    st.tuples(st.just("late"), st.integers(1, 5)),
)
_HISTORIES = st.lists(_ACTS, min_size=4, max_size=20)
_EXAMPLES = int(os.environ.get("DEEP") or 0) * 500 or 12


def lived(acts: list[tuple[Any, ...]]) -> History:
    history = History()
    history.issue(10, 50_000)
    history.live(acts, 60, answer=answer)
    return history


def policy_of(history: History, event: DecisionEvent) -> Policy:
    return history.rows.policies().version_of(event.basis)


def message_of(history: History, event: DecisionEvent) -> str:
    """The invoice that a decision is about, where its policy has messages for each."""
    by_invoice = policy_of(history, event).grouping == "invoice"
    (first, *_) = [item.invoice_id for item in event.items] + [left.invoice_id for left in event.suppressed]
    return first if by_invoice else ""


def withdrawn(history: History) -> set[str]:
    return {e.stream for e in history.events if e.type == "reminder.suppressed" and e.version == 2}


def taken(history: History) -> list[tuple[DecisionEvent, str, date, Step]]:
    """Steps taken by decisions that stand, in order, with invoice and due day."""
    gone = withdrawn(history)
    return [
        (event, item.invoice_id, item.due_on, policy_of(history, event).step(item.step))
        for _, event in history.decided
        if not isinstance(event, reminders.ReminderSuppressed)
        if not (isinstance(event, reminders.ReminderRequested) and event.reminder_id in gone)
        for item in event.items
        if item.step
    ]


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_a_change_of_policy_repeats_no_step_and_begins_with_no_formal_notice(
    acts: list[tuple[Any, ...]],
) -> None:
    history = lived(acts)
    seen: set[tuple[str, str, int]] = set()
    claimed: set[str] = set()
    severity: dict[str, int] = {}
    for _, invoice_id, _, step in taken(history):
        assert (invoice_id, step.code, step.severity) not in seen, "repeated"
        seen.add((invoice_id, step.code, step.severity))
        assert step.severity >= severity.get(invoice_id, 0), "milder than the last one"
        severity[invoice_id] = step.severity
        assert not step.formal or invoice_id in claimed, "a formal notice as the first contact"
        if not step.announces:
            claimed.add(invoice_id)
    refused: set[tuple[str, str]] = set()
    for e in history.events:
        if isinstance(e.data, reminders.ReminderSuppressed) and e.data.cause in ("declined", "not_approved"):
            refused |= {(item.invoice_id, item.step) for item in e.data.items if item.step == e.data.step}
        elif isinstance(e.data, reminders.ReminderRequested):
            assert not refused & {(item.invoice_id, item.step) for item in e.data.items}, "proposed again"


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_no_history_is_sent_on_the_day_on_which_a_policy_changes(acts: list[tuple[Any, ...]]) -> None:
    history = lived(acts)
    decided = [(event.day, message_of(history, event)) for _, event in history.decided]
    assert len(decided) == len(set(decided)), "one decision a day about a message"
    for event, _, due_on, _ in taken(history):
        choice = event.basis.choice
        if choice is not None and event.day == choice.since:
            due_today = [s for s in policy_of(history, event).steps if s.scheduled_on(due_on) == event.day]
            assert due_today, "nothing of the new ladder was due on that day"


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_limit_and_working_days_of_the_policy_applied_are_kept(acts: list[tuple[Any, ...]]) -> None:
    history = lived(acts)
    gone = withdrawn(history)
    messages: list[date] = []
    for _, event in history.decided:
        policy = policy_of(history, event)
        if policy.business_days:
            assert is_working_day("FR", event.day)
        if isinstance(event, reminders.ReminderRequested):
            if (limit := policy.contact_limit) is not None:
                recent = [day for day in messages if (event.day - day).days < limit.days]
                assert len(recent) < limit.messages
            if event.reminder_id not in gone:
                messages.append(event.day)


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_each_decision_follows_again_from_the_events_with_its_choice_of_policy(
    acts: list[tuple[Any, ...]],
) -> None:
    history = lived(acts)
    for opened, event in history.decided[:: max(1, len(history.decided) // 5)]:
        rows = folded({"all": history.events[: opened.position]})
        found = [
            each
            for unit in in_units(
                rows.cases_with([GROUP], event.day), partial(_on, event.day), rows.policies()
            )
            for each in decisions_of(unit, event.day, rows.policies(), opened.position)
        ]
        again = about_the_same(found, event)
        assert again is not None
        assert encode(as_event(again, key_of(again, opened))) == encode(event)


def _on(day: date, _: Case) -> date:
    return day


def steps(history: History) -> list[tuple[str, date]]:
    return [(step.code, event.day) for event, _, _, step in taken(history)]


def days(history: History, count: int) -> None:
    for _ in range(count):
        history.open_day()


def test_an_item_in_mid_ladder_keeps_its_level_and_takes_only_what_comes() -> None:
    """Due on 15 January, called on 30; firm from 5 February (J+21), whose J+1 to J+15 are past, its J+35 not."""
    history = History()
    history.issue(10, 50_000)
    days(history, 31)
    assert [code for code, _ in steps(history)] == ["J-5", "J+3", "J+15"]
    history.tag("firm")
    history.activate("firm")
    days(history, 20)
    assert steps(history)[3:] == [("J+35", date(2026, 2, 19))]


def test_a_policy_that_a_case_falls_back_to_accounts_for_the_steps_that_had_passed() -> None:
    history = History()
    history.tag("strategic")
    history.activate("strategic_accounts")
    history.hold(20)
    history.issue(-12, 50_000)
    days(history, 9)
    history.retire("strategic_accounts")
    days(history, 1)
    _, event = history.decided[-1]
    assert isinstance(event, reminders.ReminderSuppressed)
    assert (event.basis.policy_id, event.cause, event.step) == (DEFAULT_ID, "policy_changed", "J+15")
    assert event.basis.choice is not None
    days(history, 40)
    assert steps(history)[0] == ("J+3", date(2026, 1, 26)), "on the day after the hold"


def test_a_step_stands_for_one_of_the_same_severity_in_another_ladder() -> None:
    notice = Step("J+35", 35, "registered_letter", "formal_notice")
    assert level_in(DEFAULT_POLICY, notice) == DEFAULT_POLICY.step("J+60")
    assert level_in(DEFAULT_POLICY, Step("J+1", 1, "email", "first")) == DEFAULT_POLICY.step("J+3")
    assert level_in(DEFAULT_POLICY, Step("J+40", 40, "call", "")) == DEFAULT_POLICY.step("J+30")
    assert level_in(DEFAULT_POLICY, Step("J-9", -9, "email", "friendly")) == DEFAULT_POLICY.step("J-5")


def test_the_policy_its_grounds_and_the_one_that_comes_after_it_are_explained() -> None:
    history = History()
    history.tag("firm", "cordial")
    history.activate("firm")
    history.activate("cordial")
    history.issue(10, 50_000)
    days(history, 8)
    _, event = history.decided[-1]
    policy = policy_of(history, event)
    english = explain(event, policy, "en").reasons
    assert english[0].startswith('Policy "Firm", version 1: J-3')
    assert english[1] == (
        "It has been applied since 5 January 2026, by the tag (priority 30). These fit too, and come after it: "
        '"Cordial", version 1 (priority 20).'
    )
    assert explain(event, policy, "fr").reasons[1] == (
        "Il s'applique depuis le 05/01/2026, par l'étiquette (priorité 30). Conviennent aussi, mais viennent après : "
        "« Cordial », version 1 (priorité 20)."
    )


def test_without_a_policy_of_its_own_a_ledger_decides_as_before() -> None:
    history = lived([])
    assert history.decided
    assert all(event.basis.choice is None for _, event in history.decided)
    assert b"choice" not in encode(history.decided[0][1])

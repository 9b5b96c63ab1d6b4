"""Promises of the ladder over random histories, counted from the decisions themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dunning_svc.domain.ladder.events import DecisionEvent
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.fold.by_event import project
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from encours.contracts import Recorded
from encours.contracts.common import Address
from encours.contracts.events import calendar, reminders
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.parties.insolvency import InsolvencyClosed, InsolvencyOpened
from tests.histories.dunning import ADDRESS, GROUP, History

_AMOUNT = st.integers(1, 5_000)
_ACTS = st.one_of(
    st.tuples(st.just("issue"), st.integers(-80, 40), _AMOUNT),
    st.tuples(st.just("receive"), _AMOUNT),
    st.tuples(st.just("settle"), st.integers(0, 9), _AMOUNT, st.sampled_from([0, 40, 100])),
    st.tuples(st.just("unsettle"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("dispute"), st.integers(0, 9), _AMOUNT),
    st.tuples(st.just("concede"), st.integers(0, 9)),
    st.tuples(st.just("credit"), st.integers(0, 9), _AMOUNT),
    st.tuples(st.just("write_off"), st.integers(0, 9), _AMOUNT),
    st.tuples(st.just("hold"), st.integers(0, 40)),
    st.tuples(st.just("withdraw")),
    st.tuples(st.just("judge"), st.integers(0, 30)),
    st.tuples(st.just("days"), st.integers(1, 40)),
    st.tuples(st.just("late"), st.integers(1, 12)),
)
_HISTORIES = st.lists(_ACTS, min_size=3, max_size=20)
_EMAILS = st.sampled_from(["a@example.com", None])
_ADDRESSES = st.sampled_from([ADDRESS, None])
_EXAMPLES = 1_000 if os.environ.get("DEEP") else 40
Place = tuple[str, str]
"""Invoice and step."""


def lived(acts: list[tuple[Any, ...]], email: str | None, address: Address | None) -> History:
    history = History(email=email, address=address)
    history.issue(10, 1_000)
    history.live(acts, 90)
    return history


def standing(history: History) -> Iterator[tuple[Recorded, DecisionEvent, bool]]:
    """Decisions in their order, each with the opening of its day, and whether it was withdrawn afterwards."""
    withdrawn = {e.stream for e in history.events if e.type == "reminder.suppressed" and e.version == 2}
    for opened, event in history.decided:
        gone = isinstance(event, reminders.ReminderRequested) and event.reminder_id in withdrawn
        yield opened, event, gone


def is_formal(event: DecisionEvent) -> bool:
    return not isinstance(event, reminders.ReminderSuppressed) and DEFAULT_POLICY.step(event.step).formal


def mornings(history: History) -> Iterator[tuple[Recorded, MemoryRows]]:
    """Each day that was opened on time, with the rows as its run met them."""
    rows = MemoryRows()
    for e in history.events:
        project(e, rows)
        if isinstance(e.data, calendar.DayOpened) and not e.data.late:
            yield e, rows


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_a_formal_notice_is_never_the_first_contact_and_never_follows_another_within_its_rest(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    asked_for: set[str] = set()
    last: date | None = None
    for _, event, withdrawn in standing(lived(acts, email, address)):
        if is_formal(event):
            assert {item.invoice_id for item in event.items} <= asked_for
        if isinstance(event, reminders.ReminderRequested) and event.channel == "registered_letter":
            assert last is None or event.day - last >= timedelta(
                days=DEFAULT_POLICY.formal_notice_interval_days
            )
            last = last if withdrawn else event.day
        if not isinstance(event, reminders.ReminderSuppressed) and not withdrawn:
            asked_for |= {
                item.invoice_id
                for item in event.items
                if item.step and not DEFAULT_POLICY.step(item.step).announces
            }


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_nothing_is_asked_unless_more_than_the_floor_is_due_after_unapplied_cash(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email, address)
    floor = DEFAULT_POLICY.floor_minor("EUR")
    decided = {opened.position: event for opened, event in history.decided}
    for opened, rows in mornings(history):
        event = decided.get(opened.position)
        if event is None or isinstance(event, reminders.ReminderSuppressed):
            continue
        account = rows.get(AccountRow, *GROUP)
        cash = account.unapplied_minor if account is not None else 0
        due = sum(row.open_minor - min(row.open_minor, row.disputed_minor) for row in rows.all(ItemRow))
        assert due - cash > floor
        assert event.amount_minor > floor


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_each_step_of_each_item_whose_day_has_come_ends_in_one_decision(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email, address)
    taken: set[Place] = set()
    superseded: set[Place] = set()
    suppressed: set[Place] = set()
    for _, event, withdrawn in standing(history):
        own = {(item.invoice_id, item.step) for item in event.items if item.step}
        if isinstance(event, reminders.ReminderSuppressed) or withdrawn:
            suppressed |= own
        else:
            assert not own & (taken | superseded), "a step is taken once, and never after a higher one"
            taken |= own
        if not isinstance(event, reminders.ReminderSuppressed):
            lower = {(place[0], place[1]) for place in (text.split(":") for text in event.superseded)}
            if withdrawn:
                suppressed |= lower
            else:
                assert not lower & taken
                superseded |= lower
        suppressed |= {(each.invoice_id, each.step) for each in event.suppressed}
    assert not taken & superseded
    assert passed(history) <= taken | superseded | suppressed


def passed(history: History) -> set[Place]:
    """Steps above the item's last one whose day a run has met while something was open."""
    found: set[Place] = set()
    for opened, rows in mornings(history):
        day = opened.effective_on
        for row in rows.all(ItemRow):
            levels = [DEFAULT_POLICY.step(entry.split()[0]).offset_days for entry in row.taken]
            for step in DEFAULT_POLICY.steps:
                on = row.due_on + timedelta(days=step.offset_days)
                missed = step.announces and day > row.due_on
                ahead = step.offset_days > max(levels, default=-99)
                if row.open_minor > 0 and row.entered_on <= on <= day and ahead and not missed:
                    found.add((row.invoice_id, step.code))
    return found


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_nothing_is_asked_for_a_claim_that_arose_before_a_judgment_in_force(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived([*acts, ("judge", 0)], email, address)
    decided = {opened.position: event for opened, event in history.decided}
    arose = {e.stream: e.data.supply_on for e in history.events if isinstance(e.data, InvoiceIssued)}
    judgment: date | None = None
    for e in history.events:
        if isinstance(e.data, InsolvencyOpened):
            judgment = e.data.opened_on
        elif isinstance(e.data, InsolvencyClosed):
            judgment = None
        event = decided.get(e.position)
        if judgment is None or event is None or isinstance(event, reminders.ReminderSuppressed):
            continue
        assert all(arose[item.invoice_id] >= judgment for item in event.items)

"""Histories at random: whatever happens, live day by day equals a replay, and the ladder keeps its promises.

``DEEP=1``: 1,000 histories of each test.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.events import as_event, decision_key
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.past import MemoryRows, folded
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from encours.contracts import Recorded, encode
from encours.contracts.common import Address
from encours.contracts.events import calendar, payment, reminders
from encours.kernel.ids import derived_uuid
from encours.testing.events import allocation, released, unapplied
from tests.histories.dunning import ADDRESS, CUS, GROUP, History

_AMOUNT = st.integers(1, 5_000)
_ACTS = st.one_of(
    st.tuples(st.just("issue"), st.integers(0, 40), _AMOUNT),
    st.tuples(st.just("receive"), _AMOUNT),
    st.tuples(st.just("settle"), st.integers(0, 9), _AMOUNT, st.sampled_from([0, 40, 100])),
    st.tuples(st.just("unsettle"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("dispute"), st.integers(0, 9), _AMOUNT),
    st.tuples(st.just("concede"), st.integers(0, 9)),
    st.tuples(st.just("credit"), st.integers(0, 9), _AMOUNT),
    st.tuples(st.just("write_off"), st.integers(0, 9), _AMOUNT),
    st.tuples(
        st.just("contact"), st.sampled_from(["dunning", "buyer"]), st.sampled_from(["b@example.com", None])
    ),
    st.tuples(st.just("hold"), st.integers(0, 20)),
    st.tuples(st.just("withdraw")),
    st.tuples(st.just("judge"), st.integers(0, 30)),
    st.tuples(st.just("place"), st.integers(0, 9)),
    st.tuples(st.just("days"), st.integers(1, 12)),
    st.tuples(st.just("late"), st.integers(1, 12)),
)
_HISTORIES = st.lists(_ACTS, min_size=3, max_size=30)
_EXAMPLES = 1_000 if os.environ.get("DEEP") else 30


def lived(
    acts: list[tuple[Any, ...]], *, email: str | None = "a@example.com", address: Address | None = ADDRESS
) -> History:
    history = History(email=email, address=address)
    history.issue(10, 1_000)
    history.live(acts, 40)
    return history


def _content(rows: MemoryRows) -> dict[str, list[str]]:
    return {kind.TABLE: sorted(repr(row) for row in table.values()) for kind, table in rows.tables.items()}


_EMAILS = st.sampled_from(["a@example.com", None])
_ADDRESSES = st.sampled_from([ADDRESS, None])


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_live_day_by_day_equals_a_replay(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email=email, address=address)
    streams: dict[str, list[Recorded]] = {}
    for e in history.events:
        streams.setdefault(e.stream, []).append(e)
    assert _content(folded(streams)) == _content(history.rows)


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_no_letter_is_requested_for_a_customer_without_a_postal_address(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    acts = [act for act in acts if act[0] != "contact"]
    history = lived(acts, email=email, address=address)
    reached = {"email": email, "letter": address, "registered_letter": address}
    for _, event in history.decided:
        if isinstance(event, reminders.ReminderRequested):
            assert reached[event.channel] is not None


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_every_decision_follows_again_from_the_events_before_it(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email=email, address=address)
    for opened, event in history.decided:
        rows = folded({"all": [e for e in history.events if e.position <= opened.position]})
        view = rows.case(GROUP)
        assert view is not None
        assert isinstance(opened.data, calendar.DayOpened)
        again = decide_customer(view, opened.data.day, DEFAULT_POLICY, opened.position)
        assert again is not None
        assert encode(as_event(again, decision_key("main", opened.event_id, *GROUP))) == encode(event)


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_deciding_a_day_twice_yields_nothing_the_second_time(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email=email, address=address)
    view = history.rows.case(GROUP)
    assert view is not None
    assert decide_customer(view, history.today, DEFAULT_POLICY, len(history.events)) is None


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_a_decision_names_the_payment_events_since_the_account_was_last_nil(
    acts: list[tuple[Any, ...]],
) -> None:
    """As the events of the payments' own streams count it, which is how stored decisions were counted."""
    history = lived(acts)
    balance, since = 0, list[int]()
    for e in history.events:
        match e.data:
            case payment.PaymentReceived():
                balance += e.data.amount_minor
            case payment.PaymentAllocated():
                balance -= sum(part.amount_minor for part in e.data.allocations)
            case payment.PaymentReleased():
                balance += sum(part.amount_minor for part in e.data.allocations)
            case payment.PaymentReversed():
                balance -= e.data.amount_minor
            case _:
                continue
        since = [*since, e.position] if balance else []
    case = history.rows.case(GROUP)
    assert case is not None
    payments = {e.position for e in history.events if e.stream.startswith("pay_")}
    assert case.credit_minor == balance
    assert [position for position in case.events if position in payments] == since


def test_an_account_that_was_nil_names_every_release_of_one_command() -> None:
    """Allocations that count from different days go back in an event each."""
    history = History()
    history.issue(10, 1_000)
    history.settle(0, 400)
    history.settle(0, 300)
    command = derived_uuid("release both")
    releases = [
        history.add(
            released(allocation(part, allocation_id=alo, invoice_id=inv), payment_id=pay, customer_id=CUS),
            pay,
            command=command,
        )
        for inv, standing in history.applied.items()
        for pay, alo, part, _ in standing
    ]
    for inv, standing in history.applied.items():
        for pay, alo, part, _ in standing:
            history.add(
                unapplied(
                    part,
                    invoice_id=inv,
                    customer_id=CUS,
                    payment_id=pay,
                    allocation_id=alo,
                    cause="released",
                ),
                inv,
                command=command,
            )
    case = history.rows.case(GROUP)
    assert case is not None
    assert case.credit_minor == 700
    assert {e.position for e in releases} <= set(case.events)


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_no_step_is_taken_twice_and_steps_only_go_up(acts: list[tuple[Any, ...]]) -> None:
    history = lived([act for act in acts if act[0] != "withdraw"])
    taken: dict[str, list[int]] = {}
    said: Counter[tuple[str, str]] = Counter()
    for _, event in history.decided:
        for item in event.items:
            if not item.step:
                continue
            if isinstance(event, reminders.ReminderSuppressed):
                said[item.invoice_id, item.step] += 1
            else:
                taken.setdefault(item.invoice_id, []).append(DEFAULT_POLICY.step(item.step).offset_days)
    for offsets in taken.values():
        assert offsets == sorted(set(offsets))


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_what_is_asked_is_never_more_than_open_less_disputed_less_credit(
    acts: list[tuple[Any, ...]],
) -> None:
    history = lived(acts)
    for opened, event in history.decided:
        rows = folded({"all": [e for e in history.events if e.position <= opened.position]})
        account = rows.get(AccountRow, *GROUP)
        items = {row.invoice_id: row for row in rows.all(ItemRow)}
        for item in event.items:
            row = items[item.invoice_id]
            assert item.asked_minor <= max(0, row.open_minor - row.disputed_minor)
            assert row.open_minor > 0
        collectable = sum(max(0, r.open_minor - r.disputed_minor) for r in items.values())
        credit = max(0, account.unapplied_minor) if account else 0
        assert event.amount_minor <= max(0, collectable - credit)
        if not isinstance(event, reminders.ReminderSuppressed):
            assert event.amount_minor > DEFAULT_POLICY.floor_minor("EUR")
            held = rows.get(DebtorRow, CUS)
            assert held is not None
            assert held.hold_until is None or held.hold_until < event.day


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_rows_without_a_step_to_come_hide_nothing_from_a_run(acts: list[tuple[Any, ...]]) -> None:
    """A day's run looks only at rows whose day has come: nothing that would be decided is missed by that."""
    history = lived(acts)
    day = history.today + timedelta(days=1)
    view = history.rows.case(GROUP)
    assert view is not None
    due = [r for r in history.rows.all(ItemRow) if r.next_step_on is not None and r.next_step_on <= day]
    if not due:
        assert decide_customer(view, day, DEFAULT_POLICY, 1) is None


def test_a_paid_item_leaves_the_ladder_and_a_reversal_brings_it_back_at_its_level() -> None:
    history = History()
    history.issue(10, 1_000)
    for _ in range(14):
        history.open_day()
    row = history.rows.all(ItemRow)[0]
    assert row.done == ["J-5", "J+3"]
    history.settle(0, 1_000)
    assert history.rows.all(ItemRow)[0].next_step_on is None
    history.unsettle(0, reverse=True)
    row = history.rows.all(ItemRow)[0]
    assert (row.open_minor, row.next_step_on) == (1_000, row.due_on + timedelta(days=15))


def test_nothing_is_decided_on_late_days_and_the_first_day_on_time_catches_up_with_one_step() -> None:
    history = History()
    history.issue(10, 1_000)
    for _ in range(27):
        assert history.open_day(late=True) is None
    event = history.open_day()
    assert isinstance(event, reminders.ReminderRequested)
    assert (event.step, len(event.superseded)) == ("J+3", 1)
    assert [(each.step, each.cause) for each in event.suppressed] == [("J+15", "earlier_step")]


def test_a_request_withdrawn_before_it_left_is_decided_again_the_next_day() -> None:
    history = History()
    history.issue(10, 1_000)
    for _ in range(5):
        history.open_day()
    assert isinstance(history.decided[-1][1], reminders.ReminderRequested)
    history.withdraw()
    again = history.open_day()
    assert isinstance(again, reminders.ReminderRequested)
    assert again.step == "J-5"


def test_what_is_written_off_is_asked_of_nobody_and_a_reversal_brings_it_back() -> None:
    """No module of this service names these events: amounts follow the movements of the books."""
    history = History()
    history.issue(10, 1_000)
    for _ in range(14):
        history.open_day()
    history.write_off(0, 1_000)
    row = history.rows.all(ItemRow)[0]
    assert (row.open_minor, row.next_step_on) == (0, None)
    history.write_off(0, 1_000)
    row = history.rows.all(ItemRow)[0]
    assert (row.open_minor, row.done) == (1_000, ["J-5", "J+3"])
    assert row.next_step_on is not None
    assert row.version == 3

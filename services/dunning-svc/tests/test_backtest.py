"""A back-test decides as the service would have: over random histories, and by example."""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from dunning_svc.backtest.replay import Replay, Trial
from dunning_svc.backtest.wakes import NEVER, Wakes
from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import as_event, decision_key
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY
from dunning_svc.domain.policy.written import document_of
from encours.contracts import encode
from encours.kernel.ids import derived_id
from tests.histories.dunning import GROUP, START, History
from tests.histories.ladder import graded
from tests.histories.policies import OWN, document_named, written_policy
from tests.histories.thanks import thanked

_ACTS = st.one_of(
    st.tuples(st.just("issue"), st.integers(-80, 40), st.sampled_from([300, 9_000, 50_000])),
    st.tuples(st.just("settle"), st.integers(0, 9), st.integers(1, 60_000), st.sampled_from([0, 4_000])),
    st.tuples(st.just("receive"), st.integers(1, 5_000)),
    st.tuples(st.just("unsettle"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("dispute"), st.integers(0, 9), st.sampled_from([1_000, 50_000])),
    st.tuples(st.just("concede"), st.integers(0, 9)),
    st.tuples(st.just("credit"), st.integers(0, 9), st.integers(1, 5_000)),
    st.tuples(st.just("hold"), st.integers(0, 40)),
    st.tuples(st.just("promise"), st.integers(0, 9), st.integers(0, 40)),
    st.tuples(st.just("place"), st.integers(0, 9)),
    st.tuples(st.just("unpromise")),
    st.tuples(st.just("contact"), st.just("dunning"), st.sampled_from(["b@example.com", None])),
    st.tuples(st.just("days"), st.integers(1, 30)),
    st.tuples(st.just("late"), st.integers(1, 5)),
)
_OTHER_CODES = st.sampled_from(["firm", "cordial", "small_amounts", *OWN])
_OTHERS = st.one_of(
    st.tuples(st.just("activate"), _OTHER_CODES),
    st.tuples(st.just("retire"), _OTHER_CODES),
    st.tuples(st.just("experiment"), _OTHER_CODES | st.just("default"), _OTHER_CODES),
    st.tuples(st.just("grade"), st.sampled_from("ABE")),
    st.sampled_from([("tag",), ("tag", "firm"), ("tag", "cordial"), ("tag", "strategic")]),
)
_HISTORIES = st.lists(_ACTS, min_size=4, max_size=25)
_POLICY_HISTORIES = st.lists(_ACTS | _OTHERS, min_size=4, max_size=25)
_EXAMPLES = int(os.environ.get("DEEP") or 0) * 500 or 20


def lived(acts: list[tuple[Any, ...]]) -> History:
    history = History()
    history.issue(10, 50_000)
    history.live(acts, 60, grade=graded)
    return history


def trial(code: str = "default", first: date = START, last: date = date.max) -> Trial:
    if code == "default":
        return Trial(DEFAULT_ID, DEFAULT_POLICY.version, (), first, last, "UTC")
    documents = (json.encode(document_named(code)).decode(),)
    return Trial(derived_id("pol", code), 1, documents, first, last, "UTC")


def decisions(history: History, version: Trial, *, every_day: bool = False) -> list[bytes]:
    replay = Replay(version, every_day=every_day)
    key = decision_key("main", history.events[0].event_id, *GROUP)
    found: list[Decision] = [decision for _, decision in replay.run(history.events) if decision is not None]
    assert replay.unreadable == 0
    return [encode(as_event(decision, key)) for decision in found]


@given(_HISTORIES)
@settings(max_examples=_EXAMPLES, deadline=None)
def test_the_default_policy_decides_again_what_was_decided(acts: list[tuple[Any, ...]]) -> None:
    history = lived(acts)
    key = decision_key("main", history.events[0].event_id, *GROUP)
    replay = Replay(trial())
    again = [(e.event_id, as_event(d, key)) for e, d in replay.run(history.events) if d is not None]
    real = [(e.event_id, event) for e, event in history.decided]
    assert [(at, _content(event)) for at, event in again] == [(at, _content(event)) for at, event in real]
    assert len(replay.left_out) == len(real)


def _content(event: Any) -> dict[str, Any]:
    """The event without its ids, and without the positions of what came before: decisions have none in a back-test."""
    plain: dict[str, Any] = json.decode(encode(event))
    return {name: value for name, value in plain.items() if name not in {"basis", *_IDS}}


_IDS = ("decision_id", "reminder_id", "task_id")


@given(
    _POLICY_HISTORIES,
    st.sampled_from(["default", "firm", "cordial", "strategic_accounts", "small_amounts", *OWN]),
    st.integers(0, 60),
)
@settings(max_examples=_EXAMPLES * 2, deadline=None)
def test_days_that_are_left_out_are_days_without_a_decision(
    acts: list[tuple[Any, ...]], code: str, after: int
) -> None:
    history = lived(acts)
    version = trial(code, START + timedelta(days=after))
    assert decisions(history, version) == decisions(history, version, every_day=True)


@given(_HISTORIES, st.booleans())
@settings(max_examples=_EXAMPLES, deadline=None)
def test_a_back_test_thanks_as_often_as_the_service(
    acts: list[tuple[Any, ...]], after_reminder: bool
) -> None:
    document = document_of(written_policy(priority=20, thanks={"after_reminder": after_reminder}))
    history = History()
    history.activate_document("thankful", document)
    history.open_day()
    history.issue(10, 50_000)
    first, count = history.today, 0
    for name, *arguments in [*acts, ("settle", 0, 50_000, 0), ("days", 9)]:
        if name == "days":
            count += sum(len(thanked(history)) for _ in range(arguments[0]))
        elif name == "late":
            history.open_day(late=True)
        else:
            getattr(history, name)(*arguments)
    documents = (json.encode(document).decode(),)
    replay = Replay(Trial(derived_id("pol", "tried"), 1, documents, first, date.max, "UTC"))
    for _ in replay.run([e for e in history.events if not e.type.startswith("policy.")]):
        pass
    assert replay.thanked == count


def test_the_version_is_in_force_from_the_first_day_and_sends_no_history() -> None:
    history = History()
    history.tag("firm")
    history.issue(10, 50_000)
    for _ in range(80):
        history.open_day()
    first = START + timedelta(days=40)
    replay = Replay(trial("firm", first))
    found = [decision for _, decision in replay.run(history.events) if decision is not None]
    assert {(d.policy_id, d.policy_version) for d in found} == {(trial("firm").policy_id, 1)}
    assert min(d.day for d in found) > first
    assert history.decided[0][1].day < first, "before the period the real decisions count"


def test_a_case_is_looked_at_once_from_the_day_that_was_set_last() -> None:
    other, third = ("cus_2", "ent_1", "EUR"), ("cus_3", "ent_1", "EUR")
    day = START + timedelta(days=1)
    wakes = Wakes()
    wakes.set(GROUP, START)
    wakes.set(GROUP, day)
    wakes.set(GROUP, START)
    wakes.set(other, START)
    wakes.set(other, NEVER)
    wakes.set(third, day)
    assert wakes.take_until(START) == [(GROUP, START)]
    assert wakes.take_until(START) == []
    wakes.at_once([other])
    assert sorted(wakes.take_until(day)) == sorted([(other, date.min), (third, day)])

"""Collectors: who owns a customer and a task on each day, and how customers move between them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dunning_svc.domain.collector import decide
from dunning_svc.domain.collector.commands import AssignTask, DefineCollector, Rebalance, collector_id
from dunning_svc.domain.collector.ownership import TaskOwner, Team
from dunning_svc.domain.collector.rebalance import Burden, RebalanceRefused, loads, moves, shares
from dunning_svc.domain.collector.rebalance import after as after_moves
from dunning_svc.domain.collector.state import COLLECTOR, Collector, CollectorNotFound
from dunning_svc.domain.policy.choice import Profile
from dunning_svc.http.collectors.answers import RebalanceOut
from dunning_svc.read_models.collectors.burdens import Burdens
from dunning_svc.use_cases.collectors import RebalanceResult, assign_task, define_collector, rebalance
from encours.contracts.events.dunning.collectors import (
    Absence,
    CollectorDefined,
    CustomersAssigned,
    PortfolioRule,
)
from encours.contracts.events.dunning.document import AmountBand, PolicyScope
from encours.contracts.events.dunning.reminders import TaskRaised
from encours.contracts.portfolios import GivenCustomer, Ownership
from encours.testing.events import event
from encours.testing.memory import TODAY, BooksInMemory
from encours.testing.scenario import given

START = date(2026, 6, 1)


def days(first: int, last: int, substitute: str | None = None) -> Absence:
    return Absence(
        first_day=START + timedelta(days=first), last_day=START + timedelta(days=last), substitute=substitute
    )


def rule(priority: int, **scope: Any) -> PortfolioRule:
    return PortfolioRule(priority=priority, scope=PolicyScope(**scope))


def record(code: str, *portfolio: PortfolioRule, **fields: Any) -> CollectorDefined:
    usual: dict[str, Any] = {
        "collector_code": code, "valid_from": START, "portfolio": portfolio, "substitute": None, "absences": (),
        "last_day": None, "second_level": None, "escalation_days": None, "capacity": None, "name": code, "email": None,
    }  # fmt: skip
    return CollectorDefined(collector_id=collector_id(code), **(usual | fields))


def team(*records: CollectorDefined, day: int = 0) -> Team:
    found: dict[str, Collector] = {}
    for each in records:
        known = found.get(each.collector_code, Collector())
        found[each.collector_code] = Collector((*known.versions, each))
    return Team(found, START + timedelta(days=day))


def profile(**fields: Any) -> Profile:
    usual: dict[str, Any] = {
        "customer_ids": ("cus_1",), "entity_id": "ent_1", "currency": "EUR", "open_minor": 50_000,
    }  # fmt: skip
    return Profile(**(usual | fields))


def owner(found: Team, *given_to: GivenCustomer, **fields: Any) -> Ownership:
    result = found.owner_of([profile(**fields)], given_to)
    assert result is not None
    return result


def test_the_highest_priority_decides_then_the_most_criteria_then_the_code() -> None:
    known = team(
        record("all", rule(1)),
        record("south", rule(5, tags=("south",))),
        record(
            "key", rule(9, open_amounts=(AmountBand(currency="EUR", from_minor=1_000_000, below_minor=None),))
        ),
        record("south_fr", rule(5, tags=("south",), countries=("FR",))),
        record("twin", rule(5, tags=("south",), countries=("FR",))),
    )
    assert owner(known).owner == "all"
    assert owner(known, tags=("south",)).owner == "south"
    both = owner(known, tags=("south",), country="FR")
    assert (both.owner, both.priority, both.criteria) == ("south_fr", 5, ("countries", "tags"))
    assert owner(known, tags=("south",), open_minor=1_000_000).owner == "key"
    assert team(record("south", rule(5, tags=("south",)))).owner_of([profile()]) is None


def test_an_absence_of_ten_days_leaves_no_customer_without_owner_who_is_there() -> None:
    marie = record("marie", rule(5), substitute="paul", absences=(days(10, 19),))
    paul = record("paul", absences=(days(15, 16, "lea"),))
    everybody = (marie, paul, record("lea"))
    owners = [owner(team(*everybody, day=day)).owner for day in range(8, 22)]
    assert owners == ["marie"] * 2 + ["paul"] * 5 + ["lea"] * 2 + ["paul"] * 3 + ["marie"] * 2
    assert {owner(team(*everybody, day=day)).holder for day in range(8, 22)} == {"marie"}


def test_without_a_substitute_the_next_portfolio_owns_and_without_anybody_the_own_one() -> None:
    away = record("marie", rule(5), absences=(days(0, 9),))
    assert owner(team(away, record("chief", rule(1)))).owner == "chief"
    alone = owner(team(away))
    assert (alone.owner, alone.all_away) == ("marie", True)
    circle = record("marie", rule(5), substitute="paul", absences=(days(0, 9),))
    assert owner(team(circle, record("paul", substitute="marie", absences=(days(0, 9),)))).all_away


def test_a_record_counts_from_its_day_and_a_collector_who_has_left_owns_nothing() -> None:
    known = (
        record("marie", rule(5)),
        record("marie", rule(5, tags=("south",)), valid_from=START + timedelta(days=3)),
        record("paul", rule(1), last_day=START + timedelta(days=5)),
        record("chief", rule(1, entities=("ent_1",)), valid_from=START + timedelta(days=6)),
    )
    found = [owner(team(*known, day=day)).owner for day in range(8)]
    assert found == ["marie"] * 3 + ["paul"] * 3 + ["chief"] * 2
    assert owner(team(*known), GivenCustomer("paul", START, 7)).grounds == "given"
    assert owner(team(*known, day=6), GivenCustomer("paul", START, 7)).owner == "chief"
    later = GivenCustomer("chief", START + timedelta(days=6), 8)
    assert owner(team(*known, day=5), GivenCustomer("marie", START, 7), later).owner == "marie"


_CODES = ("a", "b", "c", "d")
_SPAN = st.tuples(st.integers(0, 30), st.integers(0, 12), st.sampled_from((None, *_CODES))).map(
    lambda each: days(each[0], each[0] + each[1], each[2])
)
_RULES = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(((), ("x",), ("y",)))).map(
        lambda each: rule(each[0], tags=each[1])
    ),
    max_size=3,
)


def _records(code: str) -> st.SearchStrategy[CollectorDefined]:
    return st.builds(
        lambda rules, substitute, absences: record(
            code, *rules, substitute=substitute, absences=tuple(absences)
        ),
        _RULES,
        st.sampled_from((None, *_CODES)),
        st.lists(_SPAN, max_size=3),
    )


@settings(max_examples=60, deadline=None)
@drawn(st.tuples(*map(_records, _CODES)), st.sampled_from(((), ("x",), ("x", "y"))))
def test_with_a_portfolio_for_all_each_customer_has_one_owner_on_each_day(
    records: tuple[CollectorDefined, ...], tags: tuple[str, ...]
) -> None:
    everybody = (*records, record("chief", rule(1)))
    for day in range(0, 45, 3):
        known = team(*everybody, day=day)
        found = owner(known, tags=tags)
        assert known.absence(found.owner) is None, "the collector for all is always there"
        assert found == owner(team(*reversed(everybody), day=day), tags=tags)
        task = known.owner_of_task("a", known.day, found, "FR")
        assert task.owner is not None
        assert known.absence(task.owner) is None


def test_a_task_overdue_by_business_days_goes_to_the_second_level() -> None:
    marie = record("marie", rule(5), second_level="chief", escalation_days=3)
    for day, wanted in [(0, TaskOwner("marie")), (7, TaskOwner("marie")), (8, TaskOwner("chief", "marie"))]:
        known = team(marie, record("chief"), day=day)
        assert known.owner_of_task(None, START + timedelta(days=3), owner(known), "FR") == wanted
    alone = team(marie, record("chief", absences=(days(0, 90),)), day=40)
    assert alone.owner_of_task(None, START, owner(alone), "FR") == TaskOwner("marie")
    nobody = team(record("paul"))
    assert nobody.owner_of_task("paul", START, None, "FR") == TaskOwner("paul")
    assert nobody.owner_of_task(None, START, None, "FR") == TaskOwner(None)


def defining(code: str = "marie", **fields: Any) -> DefineCollector:
    usual: dict[str, Any] = {
        "code": code, "valid_from": None, "last_day": None, "name": code, "email": None, "portfolio": (rule(5),),
        "substitute": None, "absences": (), "capacity": None, "second_level": None, "escalation_days": None,
    }  # fmt: skip
    return DefineCollector(**(usual | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"valid_from": START - timedelta(days=1)},
        {"last_day": START - timedelta(days=1)},
        {"absences": (days(5, 4),)},
        {"substitute": "marie"},
        {"second_level": "paul"},
        {"escalation_days": 3},
    ],
    ids=repr,
)
def test_a_record_that_contradicts_itself_is_refused(fields: dict[str, Any]) -> None:
    given(COLLECTOR).when(decide.define, defining(**fields), START).refused("collector-contradiction")


def test_the_same_record_again_changes_nothing() -> None:
    (first,) = decide.define(Collector(), defining(), START)
    saved = given(COLLECTOR, first)
    saved.when(decide.define, defining(), START).then()
    saved.when(decide.define, defining(), START + timedelta(days=9)).then()
    saved.when(decide.define, defining(name="Marie"), START).then_types(CollectorDefined)


def test_tasks_and_records_name_collectors_that_exist() -> None:
    books = BooksInMemory()
    with pytest.raises(CollectorNotFound):
        books.do(define_collector, defining(substitute="paul"))
    books.do(define_collector, defining("paul"))
    books.do(define_collector, defining(substitute="paul"))
    task = event(TaskRaised, task_id="tsk_1", customer_id="cus_1")
    books.do(_open, task)
    with pytest.raises(CollectorNotFound):
        books.do(assign_task, AssignTask("tsk_1", "nobody", "ill"))
    for _ in range(2):
        books.do(assign_task, AssignTask("tsk_1", "paul", "ill"))
    assert [e.type for e in books.stream("tsk_1")] == ["task.raised", "task.assigned"]


async def _open(session: Any, task: TaskRaised) -> None:
    session.emit(task.task_id, task, entity="ent_1")


_SIZES = st.lists(st.tuples(st.sampled_from(_CODES[:3]), st.integers(1, 1_000)), min_size=1, max_size=30)


@settings(max_examples=80, deadline=None)
@drawn(_SIZES, st.tuples(*[st.integers(1, 5)] * 3))
def test_a_rebalancing_keeps_every_customer_and_brings_all_nearer_to_their_shares(
    sizes: list[tuple[str, int]], weights: tuple[int, ...]
) -> None:
    named = dict(zip(_CODES, weights, strict=False))
    before = [Burden(f"cus_{n}", code, size) for n, (code, size) in enumerate(sizes)]
    moved = moves(before, named)
    then = [
        Burden(each.customer_id, moved.get(each.customer_id, each.collector), each.size) for each in before
    ]
    held = loads(before, named)
    assert after_moves(held, before, moved) == loads(then, named)
    assert _distance(then, named) < _distance(before, named) if moved else then == before
    assert moves(then, named) == {}


def _distance(burdens: list[Burden], weights: dict[str, int]) -> int:
    total, whole = sum(each.size for each in burdens), sum(weights.values())
    return sum(
        abs(load.size * whole - total * weights[code]) for code, load in loads(burdens, weights).items()
    )


def test_capacities_are_shares_and_all_have_one_or_none() -> None:
    assert shares({"a": None, "b": None}) == {"a": 1, "b": 1}
    assert shares({"a": 100, "b": 50}) == {"a": 100, "b": 50}
    for wrong in ({"a": 1}, {"a": 1, "b": None}):
        with pytest.raises(RebalanceRefused):
            shares(wrong)


def test_a_rebalancing_gives_customers_as_events_and_once() -> None:
    books = BooksInMemory()
    for code in ("marie", "paul"):
        books.do(define_collector, defining(code))
    wanted = Rebalance(("marie", "paul"), "count", None, None, "Paul is new")
    found = Burdens({"marie": 1, "paul": 1}, [Burden(f"cus_{n}", "marie", 1) for n in range(4)])

    async def read(_: Rebalance, on: date) -> Burdens:
        assert on == TODAY
        return found

    done = books.do(rebalance, wanted, read)
    (given_to,) = [e.data for e in books.ledger.events if isinstance(e.data, CustomersAssigned)]
    assert (given_to.collector_code, given_to.customer_ids) == ("paul", ("cus_0", "cus_1"))
    result = done.result(RebalanceResult)
    assert result.moved == {"cus_0": "paul", "cus_1": "paul"}
    assert [customer_id for customer_id, *_ in result.burdens] == ["cus_0", "cus_1"], (
        "not the whole portfolio"
    )
    shown = RebalanceOut.of(result, ("marie", "paul"), dry_run=False)
    assert [(each.before.customers, each.after.customers) for each in shown.collectors] == [(4, 2), (0, 2)]
    assert [(each.from_, each.to) for each in shown.moves] == [("marie", "paul")] * 2
    earlier = replace(result, burdens=tuple((f"cus_{n}", "marie", 1) for n in range(4)), held={})
    assert RebalanceOut.of(earlier, ("marie", "paul"), dry_run=False) == shown

"""Delays counted from the states of debts are those of debts settled one by one, with and without spare funds.

The customers of these histories nearly always pay what they owe, so that most of their debts have a state. Two of them
come later, in every second history after the last subtotal.
``DEEP=1``: 59 histories, below five minutes of one core.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from encours.testing.servers import Installation
from reporting_svc.read_models.delays import figures
from reporting_svc.read_models.delays.columns import debt_states
from reporting_svc.read_models.delays.figures import delay_figures, outcomes_of
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import add_subtotal, chain_for
from tests.integration.delay_answers import check_delays_by_group, number_of
from tests.integration.money_acts import lose, merge, penalise, rebate, restore
from tests.integration.random_questions import settle
from tests.integration.receivable_histories import (
    CUSTOMERS,
    DAY_0,
    ENTITY,
    NEWER,
    contest,
    credit,
    history,
    issue,
    pay,
    release,
    reschedule,
    reverse,
    settle_dispute,
)
from tests.integration.store import Store, project

SEEDS = range(1, 60 if "DEEP" in os.environ else 4)
QUESTIONS, BLOCK = 8, 12
COME, BEHIND = 40, 8
"""Acts before the newer customers come, and subtotals of histories in which they come later."""
EUR = Scope(currency="EUR")


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


OFTEN, SELDOM = (issue, settle, issue, settle, reschedule), (
    lose, penalise, rebate, restore, contest, credit, release, reverse, settle_dispute, pay, merge
)  # fmt: skip


def group_of(by: str, customer: str) -> str | None:
    names = {"entity": ENTITY, "customer": customer, "segment": "A", "collector": None}
    return names.get(by, f"sales-{CUSTOMERS.index(customer) + 1}")


async def numbered_accounts(store: Store) -> int:
    """Number of accounts in euro that subtotals have states of."""
    found: int = await store.conn.fetchval(
        "select count(*) from live.subtotal_account where currency = 'EUR'"
    )
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_delays_from_states_are_those_of_debts_settled_one_by_one(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    days = sorted(range(200), key=lambda day: day + chance.choice([0, 0, 0, 20, -20]))
    acts = [
        (
            chance.choice(SELDOM if chance.random() < 0.05 else OFTEN),
            chance.randrange(NEWER if n < COME else 2 * NEWER),
            day,
            chance.randrange(1, 50) * 1000,
        )
        for n, day in enumerate(days[::2])
    ]
    books, counted, most_new = history(acts), 0, 0
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    for n in itertools.count():
        if (seed % 2 and n == BEHIND) or not store.run(add_subtotal(store.conn, "live", BLOCK)):
            break
    for _ in range(QUESTIONS):
        day, known = DAY_0 + timedelta(days=chance.randrange(30, 220)), chance.choice([0, *books.ends[30:]])
        view = View(
            store.conn, "live", TimeTravel(day, known or len(books.log), None, not known), granted=None
        )
        scope = replace(EUR, merged=store.run(survivors_at(view)))
        check_delays_by_group(store, view, scope, timedelta(days=chance.choice([30, 90, 250])), group_of)
        if store.run(chain_for(view, scope, "debt")).added:
            states = store.run(debt_states(view, scope, None)).states
            counted += number_of(states)
            most_new = max(most_new, len(states.accounts) - store.run(numbered_accounts(store)))
    assert seed > 3 or counted > 2 * QUESTIONS
    assert seed > 3 or most_new == 2 * (seed % 2)


def test_money_received_since_the_last_subtotal_covers_the_oldest_debts(store: Store) -> None:
    alike = [each for day in range(0, BLOCK * 5, 5) for each in [(issue, 0, day, 1_000)] * 2]
    books = history([(issue, 2, 12, 900), (pay, 2, 1, 900), *alike, (pay, 12, 150, 5_500)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    end = len(books.log)
    for known, settled_together in ((end - 1, 0), (end, 1)):
        time = TimeTravel(DAY_0 + timedelta(days=160), known, None, is_now=False)
        view = View(store.conn, "live", time, granted=None)
        assert store.run(chain_for(view, EUR, "debt")).added
        check_delays_by_group(store, view, EUR, timedelta(days=250), group_of)
        assert len(store.run(debt_states(view, EUR, None)).apart.since) == settled_together


def test_debts_that_were_settled_before_spare_funds_came_keep_their_states(store: Store) -> None:
    early = [act for day in range(20) for act in ((issue, 0, day, 1_000), (pay, 2, day + 10, 1_000))]
    late = [act for day in range(60, 80) for act in ((issue, 0, day, 1_000), (pay, 2, day + 40, 1_000))]
    others = [(issue, 1, day, 1_000) for day in range(2 * BLOCK)]
    books = history([*early, (pay, 12, 50, 700), *late, *others])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    view = View(store.conn, "live", TimeTravel(DAY_0 + timedelta(days=200), len(books.log), None, True), None)
    check_delays_by_group(store, view, EUR, timedelta(days=250), group_of)
    stated = store.run(debt_states(view, EUR, None))
    assert list(stated.apart.since.values()) == [DAY_0 + timedelta(days=50)]
    assert number_of(stated.states) == len(early) // 2 + len(others)
    one_by_one = store.run(covered_debts(view, EUR, stated.apart)).outcomes
    assert [each.due_on for each in one_by_one] == [DAY_0 + timedelta(days=day) for day in range(60, 80)]


def test_each_instalment_has_a_state_by_the_earliest_funds_of_its_invoice(store: Store) -> None:
    before, after = ([(issue, 1, day, 1_000)] * 2 * BLOCK for day in (0, 160))
    conceded = [(reschedule, 49, 1, 500)]
    for n in (25, 49):
        conceded += [(contest, n, 20, 1_000), (settle_dispute, 0, 20, 1_000)]
    paid = [
        (reschedule, 25, 1, 3_000),
        (pay, 10, 5, 3_500),
        *conceded,
        (lose, 50, 20, 500),
        (pay, 10, 50, 700),
    ]
    again = [(reschedule, 50, 60, 100), (pay, 10, 150, 1_000)]
    books = history([(issue, 0, 0, 9_000), *before, *paid, *again, *after])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    undivided: list[Any] = [(0, 9_000, 9_000, 9_000, [])]
    agreed: list[Any] = [
        (26, 3_000, 3_000, 3_000, []),
        (61, 1_000, 1_000, 1_000, []),
        (96, 5_000, 5_000, 5_000, []),
    ]
    first: list[Any] = [(26, 3_000, 0, 0, [(5, 3_000)]), (61, 1_000, 0, 0, [(5, 500), (50, 500)])]
    first.append((96, 4_000, 3_800, 3_800, [(50, 200)]))
    second = [(60, 100, 0, 0, [(5, 100)]), (95, 7_900, 2_800, 2_800, [(5, 3_400), (50, 700), (150, 1_000)])]
    end, unaware = len(books.log), books.ends[1 + len(before) + len(paid)]
    for day, known, expected in (
        (0, end, undivided), (4, end, agreed), (55, end, first), (170, unaware, first), (170, end, second),
    ):  # fmt: skip
        view = View(store.conn, "live", TimeTravel(DAY_0 + timedelta(days=day), known, None, False), None)
        assert store.run(chain_for(view, EUR, "debt")).added
        assert not store.run(debt_states(view, EUR, None)).apart.since
        found = [
            (
                (each.due_on - DAY_0).days, each.owed_minor, each.uncovered_minor, each.unpaid_90_minor,
                [((part.available_on - DAY_0).days, part.amount_minor) for part in each.funds],
            )
            for each in store.run(outcomes_of(view, EUR, lambda _: "true"))
            if each.customer_id == CUSTOMERS[0]
        ]  # fmt: skip
        assert sorted(found) == expected
        check_delays_by_group(store, view, EUR, timedelta(days=90), group_of)


def test_debts_of_a_merged_record_are_settled_with_those_of_the_one_that_remains(store: Store) -> None:
    paid = [(issue, 0, 0, 5_000), (pay, 12, 1, 9_000)]
    owed = [(issue, 1, day, 1_000) for day in range(2, 2 * BLOCK)]
    books = history([*paid, *owed, (merge, 0, 100, 0)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    for day, records in ((99, 1), (160, 2)):
        time = TimeTravel(DAY_0 + timedelta(days=day), len(books.log), None, is_now=False)
        view = View(store.conn, "live", time, granted=None)
        scope = replace(EUR, merged=store.run(survivors_at(view)))
        assert (
            list(store.run(debt_states(view, scope, None)).apart.since.values())
            == [DAY_0 + timedelta(days=1)] * records
        )
        check_delays_by_group(store, view, scope, timedelta(days=250), group_of)


def test_accounts_that_have_come_since_the_last_subtotal_count(store: Store) -> None:
    new = [(issue, n, 2 * BLOCK, 1_000) for n in (NEWER, NEWER + 1)]
    books = history([*((issue, 1, day, 1_000) for day in range(2 * BLOCK)), *new])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    view = View(store.conn, "live", TimeTravel(DAY_0 + timedelta(days=160), len(books.log), None, True), None)
    states = store.run(debt_states(view, EUR, None)).states
    assert number_of(states) == 2 * BLOCK + 2
    assert len({each.customer_id for each in states.accounts}) == 3


def test_customers_behind_the_first_of_the_groups_are_in_the_sums_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = history([(issue, n % 2, n // 2, 1_000) for n in range(4 * BLOCK)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    monkeypatch.setattr(figures, "MOST_GROUPS", 1)
    view = View(store.conn, "live", TimeTravel(DAY_0 + timedelta(days=90), len(books.log), None, True), None)
    found = store.run(delay_figures(view, EUR, DAY_0, "customer"))
    (shown,) = found.groups().items()
    assert (shown[0], shown[1].open_minor) == (CUSTOMERS[0], 2 * BLOCK * 1_000)
    assert (found.total.open_minor, set(found.customers)) == (4 * BLOCK * 1_000, set(CUSTOMERS[:2]))


def test_what_is_paid_on_the_90th_day_is_recovered_in_time(store: Store) -> None:
    paid = [(issue, 0, 0, 1_000), (issue, 61, 0, 1_000), (pay, 2, 90, 1_000), (pay, 1, 91, 1_000)]
    books = history([*paid, *((issue, n % 2, 200, 1_000) for n in range(2 * BLOCK))])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    view = View(store.conn, "live", TimeTravel(DAY_0 + timedelta(days=150), len(books.log), None, True), None)
    assert store.run(chain_for(view, EUR, "debt")).added
    for found in (
        store.run(outcomes_of(view, EUR, lambda _: "true")),
        store.run(covered_debts(view, EUR)).outcomes,
    ):
        unpaid = {each.customer_id: each.unpaid_90_minor for each in found if each.due_on == DAY_0}
        assert unpaid == {CUSTOMERS[0]: 0, CUSTOMERS[1]: 1_000}

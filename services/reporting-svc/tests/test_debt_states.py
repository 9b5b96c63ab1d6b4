"""Delays of debts in columns are those of the same debts one by one; what is taken off leaves no trace."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest

from reporting_svc.domain.measures.delays import DelayFigures, DueOutcome
from reporting_svc.domain.measures.states import DebtAccount, DebtStates, count_states, net, summed_by

ON = date(2026, 6, 15)
FIRST = date(2025, 11, 20)
ACCOUNTS = [DebtAccount(f"ent_{n % 2}", f"cus_{n}") for n in range(5)]


def drawn(chance: random.Random) -> DueOutcome:
    """A debt that fell due, or will, in two years around the period."""
    account = chance.choice(ACCOUNTS)
    issued = ON - timedelta(days=chance.randrange(-5, 500))
    due = issued + timedelta(days=chance.choice([-2, 0, 30, 60, (ON - issued).days]))
    owed = chance.randrange(1, 10**9)
    settled = chance.choice(
        [None, issued - timedelta(days=3), due, due + timedelta(days=chance.randrange(200))]
    )
    if settled is not None and settled > ON:
        settled = None
    uncovered = 0 if settled else chance.randrange(1, owed + 1)
    return DueOutcome(
        account.entity,
        account.customer_id,
        issued,
        due,
        owed,
        uncovered,
        settled,
        chance.choice([0, owed // 2]),
    )


def columns(debts: list[tuple[DueOutcome, int]]) -> DebtStates:
    def whole(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, np.int64)

    own = [each for each, _ in debts]
    return DebtStates(
        accounts=ACCOUNTS,
        account=whole([ACCOUNTS.index(DebtAccount(each.entity, each.customer_id)) for each in own]),
        issued=whole([each.issued_on.toordinal() for each in own]),
        due=whole([each.due_on.toordinal() for each in own]),
        settled=whole([each.settled_on.toordinal() if each.settled_on else 0 for each in own]),
        is_penalty=np.zeros(len(own), np.bool_),
        owed=whole([each.owed_minor for each in own]),
        uncovered=whole([each.uncovered_minor for each in own]),
        unpaid_90=whole([each.unpaid_90_minor for each in own]),
        conceded=whole([0 for _ in own]),
        given_up=whole([0 for _ in own]),
        times=whole([times for _, times in debts]),
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("by", ["month", "customer"])
def test_debts_in_columns_count_as_they_do_one_by_one(seed: int, by: str) -> None:
    chance = random.Random(seed)
    debts = [drawn(chance) for _ in range(chance.choice([0, 1, 40]))]
    gone = [drawn(chance) for _ in range(chance.choice([0, 1, 40]))]
    expected, found = DelayFigures(FIRST, ON), DelayFigures(FIRST, ON)
    for each in debts:
        expected.add(each, each.due_on.isoformat()[:7] if by == "month" else each.customer_id)
    rows = [*((each, 1) for each in debts), *((each, 1) for each in gone), *((each, -1) for each in gone)]
    chance.shuffle(rows)
    groups = None if by == "month" else [each.customer_id for each in ACCOUNTS]
    count_states(found, columns(rows), lambda: groups)
    for name in ("customers", "earlier", "parts_minor", "not_due_minor", "late_minor"):
        assert getattr(found, name) == getattr(expected, name), name
    assert (found.groups(), found.months()) == (expected.groups(), expected.months())
    if by == "customer":
        assert found.group_months() == expected.group_months()


def test_sums_are_exact_and_keys_may_be_any_number() -> None:
    keys = [np.array([2**62, -(2**61), 2**62]), np.array([-1, 2**40, -1])]
    assert summed_by(keys, [np.array([2**60, 7, 1])]) == [(-(2**61), 2**40, 7), (2**62, -1, 2**60 + 1)]
    assert summed_by([keys[0][:0]], [keys[1][:0]]) == []


def test_what_is_taken_off_cancels_rows_with_equal_keys_alone() -> None:
    times, keys = np.array([1, 2, -1, 1, -1, 1]), [np.array([5, 7, 7, 7, 5, 9]), np.array([1, 1, 1, 2, 1, 1])]
    found = net(times, keys)
    left = {(int(a), int(b)): int(n) for a, b, n in zip(*keys, found, strict=True) if n}
    assert left == {(7, 1): 1, (7, 2): 1, (9, 1): 1}
    assert found.sum() == times.sum()

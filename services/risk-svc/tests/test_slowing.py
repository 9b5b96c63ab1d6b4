"""Slowing payments: the statistic against a count by hand, no look-ahead, power, and false alarms without a change.

``DEEP=1``: 1,000 customers, judged on every day of a year, and more histories.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts.events.credit_warning import SlowingRule
from risk_svc.domain.score.history import InvoiceOutcome
from risk_svc.domain.warning.rules import SHIPPED
from risk_svc.domain.warning.slowing import change_point, slows

DEEP = "DEEP" in os.environ
CUSTOMERS, EVERY = (1_000, 1) if DEEP else (80, 21)
YEAR = 365
assert SHIPPED.slowing_payments is not None
RULE = SHIPPED.slowing_payments
SMALL = SlowingRule(invoices=12, least_before=2, least_after=2, raise_tenths=10, keep_tenths=5, least_days=1)


def _delay(draw: random.Random, style: int) -> int:
    """Draw days after the due date: regular, skewed, in two habits, or with a long tail."""
    match style:
        case 0:
            return round(draw.gauss(5, 8))
        case 1:
            return round(draw.lognormvariate(2.3, 0.9)) - 5
        case 2:
            return draw.choice([0, 0, 0, 0, 0, 30, 31, 32, 60]) + draw.randrange(3)
        case _:
            return round(draw.expovariate(1 / 15))


def steady(seed: int) -> list[InvoiceOutcome]:
    """Two years of invoices of a customer whose habits do not change."""
    draw, day, found = random.Random(seed), 0, []
    gap = draw.choice([7, 10, 15, 30])
    while day < 2 * YEAR:
        day += max(1, round(draw.expovariate(1 / gap)))
        found.append(InvoiceOutcome(day, day + 30, day + max(0, 30 + _delay(draw, seed % 4))))
    return found


def episodes(history: list[InvoiceOutcome]) -> list[int]:
    """First days of the episodes of the second year."""
    found, lasting = [], False
    for day in range(YEAR, 2 * YEAR, EVERY):
        now = slows(change_point(history, day, RULE), RULE, open_episode=lasting)
        if now and not lasting:
            found.append(day)
        lasting = now
    return found


def by_hand(history: list[InvoiceOutcome], day: int) -> dict[int, float]:
    """Statistic of each place of a change: paid less expected, by the table of each delay on which one was paid."""
    seen = [each for each in history if each.issued <= day][-SMALL.invoices :]
    rows = [
        (max(each.settled, each.issued) - each.due, True)
        if each.settled is not None and each.settled <= day
        else (day - each.due, False)
        for each in seen
    ]
    paid_on = sorted({days for days, paid in rows if paid})

    def expected(days: int) -> float:
        return sum(
            rows.count((on, True)) / sum(other >= on for other, _ in rows) for on in paid_on if on <= days
        )

    squares = sum((paid - expected(days)) ** 2 for days, paid in rows)
    found, count = {}, len(rows)
    for place in range(SMALL.least_before, count - SMALL.least_after + 1):
        if seen[place].issued != seen[place - 1].issued:
            late = sum(expected(days) - paid for days, paid in rows[place:])
            found[place] = late / sqrt(squares * place * (count - place) / (count * (count - 1)))
    return found


_INVOICES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30), st.none() | st.integers(0, 90)), min_size=4, max_size=16
)


def _history(drawn: list[tuple[int, int, int | None]]) -> list[InvoiceOutcome]:
    made = [InvoiceOutcome(day, day + due, None if paid is None else day + paid) for day, due, paid in drawn]
    return sorted(made, key=lambda each: each.place)


@settings(max_examples=2_000 if DEEP else 60, deadline=None)
@given(_INVOICES, st.integers(10, 160))
def test_the_statistic_is_that_of_a_count_by_hand_and_sees_nothing_later(
    drawn: list[tuple[int, int, int | None]], day: int
) -> None:
    history = _history(drawn)
    found = change_point(history, day, SMALL)
    then = [
        replace(each, settled=None) if each.settled is not None and each.settled > day else each
        for each in history
        if each.issued <= day
    ]
    assert change_point(sorted(then, key=lambda each: each.place), day, SMALL) == found or len(
        {each.issued for each in then}
    ) < len(then)
    wanted = by_hand(history, day) if found else {}
    if found:
        assert -1e-6 < max(wanted.values()) * 10 - found.statistic_tenths < 1 + 1e-6


def test_a_customer_that_stops_paying_is_warned_of_by_its_open_invoices() -> None:
    history = [InvoiceOutcome(10 * n, 10 * n + 30, 10 * n + 31 + n % 4) for n in range(30)]
    history += [InvoiceOutcome(300 + 10 * n, 330 + 10 * n, None) for n in range(6)]
    assert not slows(change_point(history, 330, RULE), RULE, open_episode=False)
    found = change_point(history, 375, RULE)
    assert found is not None
    assert (slows(found, RULE, open_episode=False), found.index) == (True, 30)
    assert (found.before_days, found.after_days) == (2, 45)


def test_a_slower_customer_is_warned_of_and_a_faster_one_is_not() -> None:
    def shifted(days: int) -> list[InvoiceOutcome]:
        return [
            replace(each, settled=max(each.issued, (each.settled or 0) + days))
            if each.issued >= YEAR + 100
            else each
            for each in steady(20)
        ]

    assert [day >= YEAR + 100 for day in episodes(shifted(30))] == [True]
    assert episodes(shifted(-30)) == []


def test_without_a_change_at_most_five_in_a_hundred_are_warned_of_in_a_year() -> None:
    warned = sum(bool(episodes(steady(seed))) for seed in range(1_000, 1_000 + CUSTOMERS))
    assert warned <= CUSTOMERS * 5 // 100

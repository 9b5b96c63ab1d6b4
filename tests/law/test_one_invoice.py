"""One invoice's life: whatever is booked, interest, fee, delay and score are those of a count by days."""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from invoice_svc.domain.invoice.evolve import fold_as_of
from risk_svc.domain.score.behaviour import score
from tests.law.life import FEE, ISSUED_ON, Act, Life

DEEP = "DEEP" in os.environ
STEPS = 50

ACTS: tuple[Act, ...] = (
    Life.wait, Life.wait, Life.wait, Life.receive, Life.allocate, Life.instruct, Life.release, Life.restore,
    Life.reverse, Life.charge_back, Life.credit, Life.cancel, Life.dispute, Life.dispute, Life.accept, Life.reject,
    Life.accept_part, Life.split, Life.raise_claim, Life.write_off, Life.write_back,
)  # fmt: skip
LEGAL = (
    Life.reverse, Life.charge_back, Life.credit, Life.cancel, Life.accept, Life.accept_part, Life.split,
)  # fmt: skip
Step = tuple[Act, int, int, int]
steps = st.tuples(st.sampled_from(ACTS), st.integers(0, 40), st.integers(0, 40), st.integers(1, 25_000))


@settings(max_examples=5_000 if DEEP else 100, deadline=None)
@given(st.lists(steps, min_size=STEPS, max_size=STEPS))
def test_interest_fee_delay_and_score_are_those_of_a_count_by_days(
    lived: list[Step],
) -> None:
    life = Life()
    for number, step in enumerate(lived, 1):
        life.step(*step)
        if number % 10 == 0:
            compare(life)


def compare(life: Life) -> None:
    """Hold the services' answers of today against the count by days."""
    facts, today = life.facts, life.today
    found = life.statement(today, today)
    assert [
        (s.days, s.principal_minor, s.rate_bps, s.interest_minor) for s in found.segments
    ] == facts.penalties(today)
    litigated = life.litigated(today, today)
    assert litigated in (None, found), "the litigation file says the same of an open invoice"
    assert (litigated is None) == (fold_as_of(life.books.stream("inv_1"), today).outstanding_minor <= 0)
    assert found.indemnity_minor == (FEE if found.segments else 0)
    (item,) = life.items(today)
    assert (item.settled_on, item.uncovered_minor) == (facts.settled_on(today), facts.uncovered(today))
    assert score([item], today).value == facts.score(today)


@settings(max_examples=1_000 if DEEP else 60, deadline=None)
@given(st.lists(steps, min_size=STEPS, max_size=STEPS), st.integers(1, 200))
def test_the_statement_on_a_day_is_that_as_of_the_day_where_the_law_knew_the_same(
    lived: list[Step], ago: int
) -> None:
    life = Life()
    for step in lived:
        if step[0] not in LEGAL:
            life.step(*step)
    day = max(ISSUED_ON, life.today - timedelta(days=ago))
    assert life.statement(as_of=day, on=day) == life.statement(as_of=life.today, on=day)

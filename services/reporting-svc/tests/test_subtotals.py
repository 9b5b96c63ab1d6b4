"""Chains of subtotals: each adds up to the position where it ends, with as few rows as there are, near the question."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from reporting_svc.read_models.receivables.subtotals import Chain, SubtotalRange, around, nearest, shortest

DAY = date(2026, 3, 1)


def subtotal(part: int, since: int, upto: int, items: int) -> SubtotalRange:
    """A subtotal of a history with two positions a day, and at most 10 accounts."""
    return SubtotalRange(part, since, upto, items, min(items, 10), 1, None, DAY + timedelta(days=upto // 2))


BLOCKS = [subtotal(1, 0, 10, 8), subtotal(2, 10, 20, 9), subtotal(3, 20, 30, 9)]


@pytest.mark.parametrize(
    ("days", "known", "end"),
    [
        (4, 99, None),
        (5, 99, 10),
        (7, 99, 10),
        (8, 99, 20),
        (40, 99, 30),
        (40, 14, 10),
        (40, 16, 20),
        (7, 16, 10),
        (12, 22, 20),
        (14, 28, 30),
        (5, 9, None),
    ],
)
def test_a_chain_ends_where_the_fewest_movements_are_left(days: int, known: int, end: int | None) -> None:
    here, further = around([*BLOCKS, subtotal(4, 0, 30, 20)], DAY + timedelta(days=days), known)
    counted = 0 if here is None else min(2 * days, known) - here
    assert (None if here is None else nearest(here, further, counted)) == end


def test_a_chain_begins_with_the_last_subtotal_of_everything() -> None:
    assert shortest(BLOCKS, 30, "item") == Chain(30, tuple(BLOCKS))
    last, middle = subtotal(4, 0, 30, 20), subtotal(4, 0, 20, 12)
    assert shortest([*BLOCKS, last], 30, "item") == Chain(30, (last,))
    assert shortest([*BLOCKS[:2], middle, BLOCKS[2]], 30, "item") == Chain(30, (middle, BLOCKS[2]))


def test_a_chain_goes_back_from_the_next_one_where_that_reads_fewer_rows() -> None:
    last = subtotal(4, 0, 30, 7)
    assert shortest([*BLOCKS, last], 20, "item") == Chain(20, (last,), (BLOCKS[2],))
    assert shortest([*BLOCKS, last], 10, "item") == Chain(10, (BLOCKS[0],))
    many = subtotal(4, 0, 30, 70)
    assert shortest([*BLOCKS, many], 20, "item") == Chain(20, tuple(BLOCKS[:2]))
    assert shortest([*BLOCKS, many, subtotal(5, 30, 40, 9)], 40, "account") == Chain(
        40, (many, subtotal(5, 30, 40, 9))
    )


@pytest.mark.parametrize("seed", range(30))
def test_every_chain_holds_each_position_up_to_its_end_once(seed: int) -> None:
    chance = random.Random(seed)
    ranges, upto = list[SubtotalRange](), 0
    for _ in range(20):
        since, upto = upto, upto + chance.randrange(1, 5)
        ranges.append(subtotal(len(ranges), since, upto, chance.randrange(50)))
        if chance.random() < 0.3 and since:
            ranges.append(subtotal(len(ranges), 0, upto, chance.randrange(100)))
    for end in {each.upto for each in ranges}:
        chain = shortest(ranges, end, "item")
        held = [0] * (upto + 1)
        for sign, part in chain.signed:
            for position in range(part.since + 1, part.upto + 1):
                held[position] += -1 if sign else 1
        assert held == [0] + [1] * end + [0] * (upto - end)

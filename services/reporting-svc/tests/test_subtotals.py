"""Chains of subtotals: each adds up to the position where it ends, with as few rows as there are."""

from __future__ import annotations

import random

import pytest

from reporting_svc.read_models.receivables.subtotals import Chain, SubtotalRange, shortest

BLOCKS = [SubtotalRange(1, 0, 10, 8), SubtotalRange(2, 10, 20, 9), SubtotalRange(3, 20, 30, 9)]


def test_a_chain_begins_with_the_last_subtotal_of_everything() -> None:
    assert shortest(BLOCKS, 30) == Chain(30, (1, 2, 3))
    assert shortest([*BLOCKS, SubtotalRange(4, 0, 30, 20)], 30) == Chain(30, (4,))
    assert shortest([*BLOCKS[:2], SubtotalRange(4, 0, 20, 12), BLOCKS[2]], 30) == Chain(30, (4, 3))


def test_a_chain_goes_back_from_the_next_one_where_that_reads_fewer_rows() -> None:
    last = SubtotalRange(4, 0, 30, 7)
    assert shortest([*BLOCKS, last], 20) == Chain(20, (4,), (3,))
    assert shortest([*BLOCKS, last], 10) == Chain(10, (1,))


@pytest.mark.parametrize("seed", range(30))
def test_every_chain_holds_each_position_up_to_its_end_once(seed: int) -> None:
    chance = random.Random(seed)
    ranges, upto = list[SubtotalRange](), 0
    for _ in range(20):
        since, upto = upto, upto + chance.randrange(1, 5)
        ranges.append(SubtotalRange(len(ranges), since, upto, chance.randrange(50)))
        if chance.random() < 0.3 and since:
            ranges.append(SubtotalRange(len(ranges), 0, upto, chance.randrange(100)))
    of = {each.part: each for each in ranges}
    for end in {each.upto for each in ranges}:
        chain = shortest(ranges, end)
        held = [0] * (upto + 1)
        for sign, parts in ((1, chain.added), (-1, chain.taken_off)):
            for part in parts:
                for position in range(of[part].since + 1, of[part].upto + 1):
                    held[position] += sign
        assert held == [0] + [1] * end + [0] * (upto - end)

"""Division of amounts of an invoice by its instalments.

Payments settle the earliest instalments first; what is credited, contested or on a payment plan is taken off the last
(:func:`encours.contracts.settlement.instalments_of`). So an amount of an invoice is a range of what was owed: what is
settled lies below it, and each instalment has the range that ends with the sum of those up to it. The last one has all
above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from encours.contracts.common import Instalment


class InstalmentRange(NamedTuple):
    """Due date of an instalment, and the sum of those up to it in minor units; its range ends there."""

    due_on: date
    upto_minor: int


def ranges_of(instalments: Iterable[Instalment]) -> tuple[InstalmentRange, ...]:
    """Return the ranges of instalments that are in the order of their dates."""
    found: list[InstalmentRange] = []
    upto = 0
    for each in instalments:
        upto += each.amount_minor
        found.append(InstalmentRange(each.due_on, upto))
    return tuple(found)


def divided(ranges: Sequence[InstalmentRange], from_minor: int, upto_minor: int) -> list[int]:
    """Return the part of a range that lies in each instalment, in minor units.

    Their sum is the whole, also of a range that ends before it begins, whose parts are below zero.
    """
    ends = [upto for _, upto in ranges[:-1]]
    found, below = [], None
    for end in (*ends, None):
        found.append(_within(upto_minor, below, end) - _within(from_minor, below, end))
        below = end
    return found


def _within(amount_minor: int, least: int | None, most: int | None) -> int:
    if least is not None:
        amount_minor = max(amount_minor, least)
    return amount_minor if most is None else min(amount_minor, most)

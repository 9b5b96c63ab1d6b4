"""Credit that a payer takes off a transfer without an advice: one credit, some of few, or all that the payer has."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from invoice_svc.matching.open_items import OpenCredit

_MOST_COMBINED = 6
"""Most credits of which all subsets are compared: 63 sums, few beside the amounts that a shortfall may have."""


def netted(short_minor: int, credits: Sequence[OpenCredit]) -> tuple[OpenCredit, ...]:
    """Return the credits that add up to what a transfer falls short; none if no set of them does."""
    if short_minor <= 0 or not credits:
        return ()
    if sum(each.unapplied_minor for each in credits) == short_minor:
        return tuple(credits)
    most = len(credits) - 1 if len(credits) <= _MOST_COMBINED else 2
    for size in range(1, most + 1):
        for chosen in combinations(credits, size):
            if sum(each.unapplied_minor for each in chosen) == short_minor:
                return chosen
    return ()

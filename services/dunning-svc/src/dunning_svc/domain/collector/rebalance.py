"""Rebalancing: customers move from collectors with more than their share to those with less.

The share of a collector is in proportion to its capacity; without capacities all are equal. A customer moves only if
the sum of the distances to the shares becomes smaller by it, the greatest first, so that few customers change hands;
once none does, nothing moves any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from encours.kernel.errors import Refusal


class RebalanceRefused(Refusal):
    """The collectors or the measure do not allow for a rebalancing (422)."""

    code = "rebalance-refused"
    title = "Nothing can be rebalanced so"
    status = 422
    remedy = (
        "Name two collectors or more that are in force on the day, each with a capacity or none of them, and a "
        "`currency` with the measure `value`."
    )


@dataclass(frozen=True, slots=True)
class Burden:
    """A customer that counts for a collector: 1, or its open amount in minor units."""

    customer_id: str
    collector: str
    size: int


def shares(collectors: Mapping[str, int | None]) -> dict[str, int]:
    """Return the weight of each collector by its capacity. Raises :class:`RebalanceRefused`."""
    known = [each for each in collectors.values() if each is not None]
    if len(collectors) < 2 or 0 < len(known) < len(collectors) or 0 in known:
        raise RebalanceRefused("Customers move between two collectors at least, all with a capacity or none.")
    return {code: capacity or 1 for code, capacity in collectors.items()}


def moves(burdens: list[Burden], weights: Mapping[str, int]) -> dict[str, str]:
    """Return the new collector of each customer that moves."""
    total, whole = sum(each.size for each in burdens), sum(weights.values())
    # Distances to the shares, multiplied by the sum of the weights so that they are whole numbers.
    over = {code: -total * weight for code, weight in weights.items()}
    held = {each.customer_id: each.collector for each in burdens}
    for each in burdens:
        over[each.collector] += each.size * whole
    order = sorted(burdens, key=lambda each: (-each.size, each.customer_id))
    moved = True
    while moved:
        moved = False
        for each in order:
            source, step = held[each.customer_id], each.size * whole
            target = min(over, key=lambda code: (over[code], code))
            before = abs(over[source]) + abs(over[target])
            if source != target and abs(over[source] - step) + abs(over[target] + step) < before:
                over[source] -= step
                over[target] += step
                held[each.customer_id], moved = target, True
    return {
        each.customer_id: held[each.customer_id]
        for each in burdens
        if held[each.customer_id] != each.collector
    }


@dataclass(frozen=True, slots=True)
class Load:
    """Customers of a collector, and their size together."""

    customers: int
    size: int


def loads(burdens: list[Burden], collectors: Mapping[str, object]) -> dict[str, Load]:
    """Return what each collector looks after."""
    return {
        code: Load(
            sum(each.collector == code for each in burdens),
            sum(each.size for each in burdens if each.collector == code),
        )
        for code in collectors
    }


def after(before: Mapping[str, Load], burdens: Iterable[Burden], moved: Mapping[str, str]) -> dict[str, Load]:
    """Return what each collector looks after once customers have moved, whose burdens are given."""
    found = dict(before)
    for each in burdens:
        target = moved.get(each.customer_id, each.collector)
        for code, sign in ((each.collector, -1), (target, 1)):
            load = found[code]
            found[code] = Load(load.customers + sign, load.size + sign * each.size)
    return found

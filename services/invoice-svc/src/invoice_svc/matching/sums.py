"""Open items of one payer that add up to the amount of a line, found without any word of the payer.

Debtors pay one invoice, all that are due, all, those of a month, the oldest ones, or the companies of a group one by
one: these sets are *usual*. Two usual sets, or pairs, of the same sum explain a line equally well, so none of them is
certain; nor are the oldest if one of them could be exchanged for a later one of its amount. Any other set is certain
only if a complete search finds no second one and the chance that an amount is met by accident is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import NamedTuple

from invoice_svc.matching.open_items import PayableItem

MOST_SEARCHED = 16
"""Most items of which all subsets are compared: 65,536 sums."""
_MOST_PAIRED = 400
_MOST_SETS = 8
"""Sets that are returned; more of them only tell that none is certain."""
_ACCIDENTS_PER_SUM = 100
"""A set is certain by search alone if there are this many possible amounts for each set that was compared."""
_OLDEST = " oldest"


class Due(NamedTuple):
    """An item with the part of it that can be paid without a word: what is not in dispute."""

    item: PayableItem
    minor: int


Chosen = tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Sets that add up to the amount, the usual ones first; ``is_certain`` if the first is the only one."""

    sets: tuple[Chosen, ...] = ()
    words: str = ""
    is_certain: bool = False


def combinations(amount_minor: int, items: Sequence[PayableItem], day: date) -> Found:
    """Return the sets of items, in the order of their due dates, that add up to the amount of a line of that day."""
    payable = [
        Due(item, item.outstanding_minor - item.disputed_minor)
        for item in items
        if 0 < item.outstanding_minor - item.disputed_minor <= amount_minor
    ]
    if sum(due.minor for due in payable) < amount_minor:
        return Found()
    whole = [Due(item, item.outstanding_minor - item.disputed_minor) for item in items]
    usual: dict[frozenset[str], tuple[Chosen, str]] = {}
    for words, chosen in _usual(amount_minor, [due for due in whole if due.minor > 0], day):
        usual.setdefault(_ids(chosen), (chosen, words))
    others = {_ids(chosen): chosen for chosen in _pairs(amount_minor, payable)}
    searched = len(payable) <= MOST_SEARCHED
    if searched and (not usual or len(payable) <= MOST_SEARCHED // 2):
        others |= {_ids(chosen): chosen for chosen in _all(amount_minor, payable)}
    found = {ids: chosen for ids, (chosen, _) in usual.items()} | others
    sets = tuple(list(found.values())[:_MOST_SETS])
    if len(found) != 1:
        return Found(sets)
    if usual:
        ((_, words),) = usual.values()
        return Found(sets, words, is_certain=not words.endswith(_OLDEST) or not _has_twin(sets[0], whole))
    likely = searched and _amounts(payable) >= _ACCIDENTS_PER_SUM * 2 ** len(payable)
    return Found(sets, f"one of {2 ** len(payable):,} sets", is_certain=likely)


def _ids(chosen: Chosen) -> frozenset[str]:
    return frozenset(due.item.invoice_id for due in chosen)


def _has_twin(chosen: Chosen, items: Sequence[Due]) -> bool:
    """Return True if one of the items could be replaced by another one of the same amount."""
    ids, amounts = _ids(chosen), {due.minor for due in chosen}
    return any(due.minor in amounts and due.item.invoice_id not in ids for due in items)


def _usual(amount_minor: int, items: list[Due], day: date) -> Iterator[tuple[str, Chosen]]:
    for due in items:
        if due.minor == amount_minor:
            yield due.item.number, (due,)
    sets: list[tuple[str, list[Due]]] = [
        ("all open", items),
        ("all due", [due for due in items if due.item.due_on <= day]),
    ]
    months: dict[tuple[str, date], list[Due]] = {}
    for due in items:
        months.setdefault(("issued in", due.item.issued_on.replace(day=1)), []).append(due)
        months.setdefault(("due in", due.item.due_on.replace(day=1)), []).append(due)
    sets += [(f"all {words} {month:%Y-%m}", chosen) for (words, month), chosen in months.items()]
    companies: dict[str, list[Due]] = {}
    for due in items:
        companies.setdefault(due.item.customer_id, []).append(due)
    for customer_id, theirs in companies.items():
        sets.append((f"all open of {customer_id}", theirs))
        sets.append((f"all due of {customer_id}", [due for due in theirs if due.item.due_on <= day]))
    for words, chosen in sets:
        if sum(due.minor for due in chosen) == amount_minor:
            yield words, tuple(chosen)
    reach = 0
    for place, due in enumerate(items, 1):
        reach += due.minor
        if reach == amount_minor:
            yield f"the {place}{_OLDEST}", tuple(items[:place])
        if reach >= amount_minor:
            return


def _pairs(amount_minor: int, items: list[Due]) -> Iterator[Chosen]:
    by_amount: dict[int, list[Due]] = {}
    for due in items[:_MOST_PAIRED]:
        for other in by_amount.get(amount_minor - due.minor, ()):
            yield other, due
        by_amount.setdefault(due.minor, []).append(due)


def _all(amount_minor: int, items: list[Due]) -> Iterator[Chosen]:
    """Yield every set with that sum: the sums of one half of the items are looked up for those of the other."""
    half = len(items) // 2
    first, second = items[:half], items[half:]
    sums: dict[int, list[int]] = {}
    for mask, total in enumerate(_sums(first)):
        sums.setdefault(total, []).append(mask)
    found = 0
    for mask, total in enumerate(_sums(second)):
        for other in sums.get(amount_minor - total, ()):
            yield (*_chosen(first, other), *_chosen(second, mask))
            found += 1
            if found == _MOST_SETS:
                return


def _sums(items: list[Due]) -> list[int]:
    sums = [0]
    for due in items:
        sums += [total + due.minor for total in sums]
    return sums


def _chosen(items: list[Due], mask: int) -> Chosen:
    return tuple(due for place, due in enumerate(items) if mask >> place & 1)


def _amounts(items: list[Due]) -> int:
    """Return how many amounts sets of the items can have: up to their total, in steps of what all are multiples of."""
    return sum(due.minor for due in items) // gcd(*(due.minor for due in items))

"""States of debts in columns, and the delays that millions of them count at once.

What :class:`.delays.DelayFigures` does with each debt, it does here with all; sums are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import numpy as np

from reporting_svc.domain.columns import Flags, Ints, ordered
from reporting_svc.domain.measures.delays import AT_RISK_DAYS, CustomerPace, DelayFigures, Delays, GroupMonth

Groups = Callable[[], Sequence[str | None] | None]
"""Group of each account, once the paces of the customers are counted; None where months are the groups."""
_EARLIER, _DUE, _SETTLED, _LATE = range(4)
"""Open and late since before the first day; then those of the period: open on their day, settled, open and late."""
_WIDE = 2**20
"""Keys of a wider range are ranked first."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that products of different numbers are different: spreads keys over 64 bits."""
_MARK_BITS = 20
_MARK_FROM = np.uint64(64 - _MARK_BITS)
_FEW = 2**16
"""So many combinations of keys, there or not, or twice as many as rows, have a place each for their sums: that takes a
tenth of the time of sorting."""


@dataclass(frozen=True, slots=True)
class DebtAccount:
    """Customer of a creditor."""

    entity: str
    customer_id: str


@dataclass(frozen=True, eq=False)
class DebtStates:
    """States of debts in columns; each counts ``times``: 1, or -1 to take one off.

    ``account`` is a place among ``accounts``. Days are ordinals, ``settled`` is 0 while a debt is open; the others are
    minor units.
    """

    accounts: Sequence[DebtAccount]
    account: Ints
    issued: Ints
    due: Ints
    settled: Ints
    is_penalty: Flags
    owed: Ints
    uncovered: Ints
    unpaid_90: Ints
    conceded: Ints
    given_up: Ints
    times: Ints

    def where(self, kept: Flags) -> Self:
        """Return some of the states."""
        if kept.all():
            return self
        return replace(self, **{name: getattr(self, name)[kept] for name in self.columns()})

    @classmethod
    def columns(cls) -> list[str]:
        """Return the names of the columns."""
        return [name for name in cls.__dataclass_fields__ if name != "accounts"]

    @property
    def is_debt(self) -> Flags:
        """Debts of which something is owed, without penalty documents."""
        return ~self.is_penalty & (self.owed > 0)

    def days_so_far(self, on: int) -> Ints:
        """Return the delay of each debt, or of an open one the days past due on a day."""
        return np.where(self.settled == 0, on, np.maximum(self.settled, self.issued)) - self.due


def count_states(found: DelayFigures, states: DebtStates, groups: Groups) -> None:
    """Count debts by the group of their account, or by the month of the due date, of the issue for what was billed."""
    months = _Months(found.first, found.on)
    fell = _Fallen.of(states, found.first.toordinal(), found.on.toordinal())
    _count_paces(found, fell)
    own = groups()
    _count_fallen(found, fell, own, months)
    _count_billed(found, states, own, months)
    found.conceded_minor += int((states.times * states.conceded).sum())
    found.given_up_minor += int((states.times * states.given_up).sum())
    found.penalties_minor += int((states.times * states.uncovered)[states.is_penalty].sum())


@dataclass(frozen=True, eq=False)
class _Fallen:
    """Debts that fell due in a period, or are open and late since before it."""

    states: DebtStates
    kind: Ints
    days: Ints
    minor: Ints

    @classmethod
    def of(cls, states: DebtStates, first: int, on: int) -> Self:
        counts = states.is_debt & (states.due <= on) & ((states.due >= first) | (states.settled == 0))
        fell = states.where(counts)
        is_open = fell.settled == 0
        kind = np.where(is_open, np.where(fell.due < on, _LATE, _DUE), _SETTLED)
        return cls(
            fell,
            np.where(fell.due < first, _EARLIER, kind),
            fell.days_so_far(on),
            np.where(is_open, fell.uncovered, fell.owed),
        )


def _count_paces(found: DelayFigures, fell: _Fallen) -> None:
    within = fell.kind != _EARLIER
    kind, times = fell.kind[within], fell.states.times[within]
    settled, late = (np.where(kind == each, times, 0) for each in (_SETTLED, _LATE))
    days = np.where(kind == _DUE, 0, times * fell.days[within])
    for account, *counts, debts in summed_by([fell.states.account[within]], [settled, late, days, times]):
        if debts:
            customer = fell.states.accounts[account].customer_id
            found.customers.setdefault(customer, CustomerPace()).count(*counts)


def _count_fallen(
    found: DelayFigures, fell: _Fallen, groups: Sequence[str | None] | None, months: _Months
) -> None:
    group, names = _group_of(fell.states, groups)
    month = np.where(fell.kind == _EARLIER, 0, months.of(fell.states.due))
    times = fell.states.times
    for kind, place, at, days, debts, minor in summed_by(
        [fell.kind, group, month, fell.days], [times, times * fell.minor]
    ):
        if debts and kind == _EARLIER:
            found.earlier.open_late.count(days, debts, minor)
        elif debts:
            delays = found.fallen.setdefault(months.named(names, place, at), Delays())
            if kind != _DUE:
                (delays.settled if kind == _SETTLED else delays.open_late).count(days, debts, minor)


def _count_billed(
    found: DelayFigures, states: DebtStates, groups: Sequence[str | None] | None, months: _Months
) -> None:
    on = found.on.toordinal()
    billed = states.where(~states.is_penalty)
    late, old = billed.due < on, billed.due + AT_RISK_DAYS <= on
    group, names = _group_of(billed, groups)
    owed, uncovered = billed.times * billed.owed, billed.times * billed.uncovered
    sums = summed_by(
        [group, months.of(billed.issued)],
        [
            owed,
            uncovered,
            np.where(late, uncovered, 0),
            np.where(old, owed, 0),
            np.where(old, billed.times * billed.unpaid_90, 0),
        ],
    )
    for place, at, owed_minor, open_minor, late_minor, old_minor, at_risk_minor in sums:
        if owed_minor:
            cohort = found.cohort(*months.named(names, place, at))
            cohort.billed_minor += owed_minor
            cohort.recovered_minor += owed_minor - open_minor
            cohort.open_late_minor += late_minor
            cohort.open_not_due_minor += open_minor - late_minor
            cohort.old_minor += old_minor
            cohort.at_risk_minor += at_risk_minor


def _group_of(
    states: DebtStates, groups: Sequence[str | None] | None
) -> tuple[Ints, list[str | None] | None]:
    """Return the place of each state's group among names; no names where months are the groups."""
    if groups is None:
        return np.zeros(len(states.due), np.int64), None
    names = list(dict.fromkeys(groups))
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[each] for each in groups], np.int64)[states.account], names


class _Months:
    """Calendar months from the year on in which a period begins; all before are one."""

    def __init__(self, first: date, on: date) -> None:
        years = range(min(first, on).year, on.year + 2)
        self._begins = [date.min, *(date(year, month, 1) for year in years for month in range(1, 13))]
        self._ordinals = np.array([each.toordinal() for each in self._begins[1:]])

    def of(self, days: Ints) -> Ints:
        """Return the place of each day's month."""
        if not len(days):
            return days
        first = int(days.min())
        # Each day is looked for once.
        places = np.searchsorted(self._ordinals, np.arange(first, int(days.max()) + 1), side="right")
        return places[days - first]

    def named(self, groups: Sequence[str | None] | None, place: int, at: int) -> GroupMonth:
        """Return a group, or the month itself, and the month."""
        month = self._begins[at]
        return (month.isoformat()[:7] if groups is None else groups[place]), month


def summed_by(keys: Sequence[Ints], columns: Sequence[Ints]) -> list[tuple[int, ...]]:
    """Return each combination of keys that there is, in order, with the sum of each column; 64-bit and exact."""
    packed, size = np.zeros(len(keys[0]), np.int64), 1
    for key in keys if len(packed) else ():
        ranked = key - key.min() if np.ptp(key) < _WIDE else np.unique(key, return_inverse=True)[1]
        width = int(ranked.max()) + 1
        packed, size = packed * width + ranked, size * width
    assert size < 2**63
    found: list[Ints]
    if size <= max(_FEW, 2 * len(packed)):
        place = np.full(size, -1)
        place[packed] = np.arange(len(packed))
        there = place >= 0
        found = [key[place[there]] for key in keys]
        for each in columns:
            sums = np.zeros(size, np.int64)
            np.add.at(sums, packed, each)
            found.append(sums[there])
    else:
        order = ordered(packed, size)
        starts = np.flatnonzero(np.diff(packed[order], prepend=-1))
        found = [key[order[starts]] for key in keys]
        found += [np.add.reduceat(each[order], starts) for each in columns]
    return list(zip(*(each.tolist() for each in found), strict=True))


def net(times: Ints, keys: Sequence[Ints]) -> Ints:
    """Return how often each row counts once those that are taken off have left one with equal keys."""
    mixed = np.zeros(len(times), np.uint64)
    for key in keys:
        mixed = mixed * _FACTOR + key.astype(np.uint64)
    # Most are left out by a look into a table, before what is left is compared.
    taken, marked = mixed[times < 0], np.zeros(2**_MARK_BITS, np.bool_)
    marked[taken >> _MARK_FROM] = True
    alike = np.flatnonzero(marked[mixed >> _MARK_FROM])
    alike = alike[np.isin(mixed[alike], taken)]
    if not len(alike):
        return times
    chosen = alike[np.lexsort([key[alike] for key in keys])]
    differs = [np.diff(key[chosen]) != 0 for key in keys]
    starts = np.flatnonzero(np.concatenate([[True], np.logical_or.reduce(differs)]))
    found = times.copy()
    found[chosen] = 0
    found[chosen[starts]] = np.add.reduceat(times[chosen], starts)
    return found

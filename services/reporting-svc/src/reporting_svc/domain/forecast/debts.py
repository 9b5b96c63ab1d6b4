"""Debts and the funds that cover them, one by one and in columns: what a forecast does with each, it does with all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Self

import msgspec
import numpy as np

from reporting_svc.domain.columns import Ints, ints, ordered, summed


class PaidDebt(msgspec.Struct, frozen=True, gc=False):
    """A debt and the funds that cover it; days are ordinals, ``funds`` pairs of a day and minor units in order."""

    debtor: str
    segment: str
    issued: int
    due: int
    owed_minor: int
    funds: tuple[tuple[int, int], ...] = ()

    def left(self, day: int) -> int:
        """Return the amount that was not covered at the end of a day, minor units."""
        left = self.owed_minor
        for paid, minor in self.funds:
            if paid > day:
                break
            left -= minor
        return left


@dataclass(frozen=True, eq=False)
class PaidDebts:
    """Columns of debts, those of a debtor beside each other. ``debtor`` and ``segment`` are places among the names.

    ``fund_ends`` is where the funds of each debt end among all funds, which are in the order of debts and days.
    """

    debtors: Sequence[str]
    segments: Sequence[str]
    debtor: Ints
    segment: Ints
    issued: Ints
    due: Ints
    owed: Ints
    fund_ends: Ints
    fund_day: Ints
    fund_minor: Ints

    @classmethod
    def of(cls, debts: Iterable[PaidDebt]) -> Self:
        """Return the columns of debts in any order."""
        given = sorted(debts, key=lambda each: each.debtor)
        debtors, segments = _Names(), _Names()
        funds = [fund for each in given for fund in each.funds]
        return cls(
            debtors=debtors.known,
            segments=segments.known,
            debtor=ints(debtors.place(each.debtor) for each in given),
            segment=ints(segments.place(each.segment) for each in given),
            issued=ints(each.issued for each in given),
            due=ints(each.due for each in given),
            owed=ints(each.owed_minor for each in given),
            fund_ends=ints(accumulate(len(each.funds) for each in given)),
            fund_day=ints(day for day, _ in funds),
            fund_minor=ints(minor for _, minor in funds),
        )

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Places of the debtors by name."""
        return {name: place for place, name in enumerate(self.debtors)}

    @cached_property
    def fund_debt(self) -> Ints:
        """Place of the debt of each fund."""
        return np.repeat(np.arange(len(self.owed)), np.diff(self.fund_ends, prepend=0))

    def paid(self, day: int) -> tuple[Ints, Ints]:
        """Return what covers each debt at the end of a day, minor units, and the day on which the last of it came."""
        seen = self.fund_day <= day
        debt = self.fund_debt[seen]
        last = np.zeros(len(self.owed), np.int64)
        last[debt] = self.fund_day[seen]  # in the order of days: the latest stays
        return summed(debt, self.fund_minor[seen], len(self.owed)), last

    def take(self, places: Ints) -> Self:
        """Return the debts at some places, each as often as it is named; those of a debtor must stay together."""
        counts = np.diff(self.fund_ends, prepend=0)[places]
        ends = np.cumsum(counts)
        funds = np.arange(counts.sum()) + np.repeat(self.fund_ends[places] - ends, counts)
        return replace(
            self,
            debtor=self.debtor[places],
            segment=self.segment[places],
            issued=self.issued[places],
            due=self.due[places],
            owed=self.owed[places],
            fund_ends=ends,
            fund_day=self.fund_day[funds],
            fund_minor=self.fund_minor[funds],
        )

    def by_debtor(self, times: Ints) -> Self:
        """Return each debt so many times, those of a debtor beside each other."""
        places = np.repeat(np.arange(len(times)), times)
        return self.take(places[ordered(self.debtor[places], len(self.debtors))])

    def joined(self, other: PaidDebts) -> Self:
        """Return the debts of both, those of a debtor in two places (:meth:`by_debtor`)."""
        debtors, segments = _Names(self.debtors), _Names(self.segments)
        debtor = ints(map(debtors.place, other.debtors))[other.debtor]
        segment = ints(map(segments.place, other.segments))[other.segment]
        return replace(
            self,
            debtors=debtors.known,
            segments=segments.known,
            debtor=np.concatenate([self.debtor, debtor]),
            segment=np.concatenate([self.segment, segment]),
            issued=np.concatenate([self.issued, other.issued]),
            due=np.concatenate([self.due, other.due]),
            owed=np.concatenate([self.owed, other.owed]),
            fund_ends=np.concatenate([self.fund_ends, other.fund_ends + len(self.fund_day)]),
            fund_day=np.concatenate([self.fund_day, other.fund_day]),
            fund_minor=np.concatenate([self.fund_minor, other.fund_minor]),
        )


class _Names:
    """Places of names in the order in which they come."""

    def __init__(self, known: Sequence[str] = ()) -> None:
        self.known = list(known)
        self._places = {name: place for place, name in enumerate(known)}

    def place(self, name: str) -> int:
        found = self._places.get(name)
        if found is None:
            found = self._places[name] = len(self.known)
            self.known.append(name)
        return found

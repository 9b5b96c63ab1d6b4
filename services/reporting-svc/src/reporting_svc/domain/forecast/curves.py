"""Curves of payment: the share of a debt that is still unpaid on each day around its due date, by debtor.

The hazard of a day is the share that is paid on it of what was unpaid until then. A debtor's own history is shrunk to
its segment, and that to all: the estimate of Susarla and Van Ryzin (1976) with the wider curve as the prior. Debts that
are still open count as unpaid so far (censored), so a debtor who never pays is not forecast by the few debts that it
paid. Nothing that was paid after the day of the forecast is seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

FIRST, LAST = -90, 150
"""Days from the due date, first and last, that have a hazard of their own; later ones have one in common."""
_DAYS = LAST - FIRST + 1
_TAIL_FROM = 90
_TAIL_PRIOR_DAYS = 365.0
"""Days that a debt lasts beyond :data:`LAST`, where the history says nothing; counts as one payment."""
_LEAST_WEIGHT = 0.02
"""A debt of less weight is left out: at the half-life of 120 days, one of two years before."""


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


@dataclass(frozen=True, slots=True)
class CurveWeights:
    """Number of debts that the wider curve counts for, and days in which the weight of a debt halves."""

    debtor_prior: float = 20.0
    segment_prior: float = 40.0
    half_life_days: float = 120.0


WEIGHTS = CurveWeights()


@dataclass(frozen=True, slots=True)
class PaymentCurve:
    """Share that is unpaid at the end of each day from :data:`FIRST` on, and the hazard after :data:`LAST`."""

    unpaid: Sequence[float]
    tail: float

    def unpaid_after(self, days: int) -> float:
        """Return the share that is unpaid at the end of a day, counted from the due date."""
        if days < FIRST:
            return 1.0
        if days <= LAST:
            return self.unpaid[days - FIRST]
        return float(self.unpaid[-1] * (1 - self.tail) ** (days - LAST))

    def unpaid_on(self, days: Sequence[int], due: int) -> list[float]:
        """Return the share of a debt that is unpaid at the end of each of some days in order; ordinals."""
        unpaid, first = self.unpaid, due + FIRST
        if days and days[0] >= first and days[-1] - first < _DAYS:
            return [unpaid[day - first] for day in days]
        return [
            unpaid[day - first] if 0 <= day - first < _DAYS else self.unpaid_after(day - due) for day in days
        ]


class _CurveEvidence:
    """Weight of the debts that begin, are paid and are left unpaid on each day from the due date."""

    __slots__ = ("begun", "left", "paid")

    def __init__(self) -> None:
        self.begun: defaultdict[int, float] = defaultdict(float)
        self.left: defaultdict[int, float] = defaultdict(float)
        self.paid: defaultdict[int, float] = defaultdict(float)

    def add(self, debt: PaidDebt, on: int, weight: float) -> None:
        self.begun[_within(debt.issued - debt.due)] += weight
        still = 1.0
        for day, minor in debt.funds:
            if day > on or still <= 0:
                break
            share = min(still, minor / debt.owed_minor)
            self.paid[_within(max(day, debt.issued) - debt.due)] += weight * share
            still -= share
        if still > 0:
            self.left[_within(on - debt.due)] += weight * still

    def curve(self, prior: Sequence[float], strength: float, tail: float) -> PaymentCurve:
        """Return the curve of the evidence and of ``strength`` debts that follow the ``prior``."""
        at_risk, still, before = 0.0, 1.0, 1.0
        unpaid = []
        told = {*self.begun, *self.paid, *self.left}  # most days of a debtor tell nothing of its own
        for day, after in enumerate(prior, FIRST):
            ends = 0.0
            if day in told:
                at_risk += self.begun.get(day, 0.0)
                ends = self.paid.get(day, 0.0)
            total = strength * before + at_risk
            if total > 0:
                lasting = 1 - (strength * (before - after) + ends) / total
                still *= lasting if lasting > 0 else 0.0
            before = after
            if day in told:
                at_risk = max(0.0, at_risk - ends - self.left.get(day, 0.0))
            unpaid.append(still)
        return PaymentCurve(unpaid, tail)

    def merge(self, other: _CurveEvidence) -> None:
        """Add the evidence of others."""
        for name in self.__slots__:
            own = getattr(self, name)
            for day, weight in getattr(other, name).items():
                own[day] += weight


def _within(days: int) -> int:
    return min(max(days, FIRST), LAST)


class PaymentCurves:
    """Curves of the debtors as known at the end of a day; each is computed when it is asked for."""

    def __init__(self, debts: Iterable[PaidDebt], on: int, weights: CurveWeights = WEIGHTS) -> None:
        everyone = _CurveEvidence()
        found: dict[tuple[str, str], _CurveEvidence] = {}
        self._weights = weights
        paid, days = 1.0, _TAIL_PRIOR_DAYS
        daily = 0.5 ** (1 / weights.half_life_days)
        self.debts = 0
        for debt in debts:
            if debt.issued > on or debt.owed_minor <= 0:
                continue
            is_open = debt.left(on) > 0
            last = on if is_open else next(day for day, _ in reversed(debt.funds) if day <= on)
            days += max(0, last - debt.due - _TAIL_FROM)
            paid += not is_open and last - debt.due > _TAIL_FROM
            weight = daily ** (on - debt.issued)
            if weight < _LEAST_WEIGHT:
                continue
            self.debts += 1
            key = debt.debtor, debt.segment
            if (own := found.get(key)) is None:
                own = found[key] = _CurveEvidence()
            own.add(debt, on, weight)
        segments: dict[str, _CurveEvidence] = {}
        self._debtors: dict[str, _CurveEvidence] = {}
        for (debtor, segment), own in found.items():
            segments.setdefault(segment, _CurveEvidence()).merge(own)
            if debtor in self._debtors:
                self._debtors[debtor].merge(own)
            else:
                self._debtors[debtor] = own
        for each in segments.values():
            everyone.merge(each)
        self._tail = min(1.0, paid / days)
        unknown = [1 - 0.5 * (n + 1) / _DAYS for n in range(_DAYS)]
        self._all = everyone.curve(unknown, 1.0, self._tail)
        self._segments = {
            name: each.curve(self._all.unpaid, weights.segment_prior, self._tail)
            for name, each in segments.items()
        }
        self._curves: dict[str, PaymentCurve] = {}

    def of(self, debtor: str, segment: str) -> PaymentCurve:
        """Return the curve of a debtor; that of its segment, or of all, where it has no history."""
        found = self._curves.get(debtor)
        if found is None:
            found = self._segments.get(segment, self._all)
            if (own := self._debtors.get(debtor)) is not None:
                found = own.curve(found.unpaid, self._weights.debtor_prior, self._tail)
            self._curves[debtor] = found
        return found

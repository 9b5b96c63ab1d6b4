"""Curves of payment: the share of a debt that is still unpaid on each day around its due date, by debtor.

The hazard of a day is the share that is paid on it of what was unpaid until then. A debtor's own history is shrunk to
its segment, and that to all: the estimate of Susarla and Van Ryzin (1976) with the wider curve as the prior. Debts that
are still open count as unpaid so far (censored), so a debtor who never pays is not forecast by the few debts that it
paid. Nothing that was paid after the day of the forecast is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from reporting_svc.domain.columns import Floats, Ints
from reporting_svc.domain.forecast.debts import PaidDebts

FIRST, LAST = -90, 150
"""Days from the due date, first and last, that have a hazard of their own; later ones have one in common."""
_DAYS = LAST - FIRST + 1
_TAIL_FROM = 90
_TAIL_PRIOR_DAYS = 365.0
"""Days that a debt lasts beyond :data:`LAST`, where the history says nothing; counts as one payment."""
_LEAST_WEIGHT = 0.02
"""A debt of less weight is left out: at the half-life of 120 days, one of two years before."""


@dataclass(frozen=True, slots=True)
class CurveWeights:
    """Number of debts that the wider curve counts for, and days in which the weight of a debt halves."""

    debtor_prior: float = 20.0
    segment_prior: float = 40.0
    half_life_days: float = 120.0


WEIGHTS = CurveWeights()


@dataclass(frozen=True, slots=True, eq=False)
class CurveRows:
    """Share that is unpaid at the end of each day from :data:`FIRST` on, by day and curve, and the hazard after
    :data:`LAST`.
    """

    unpaid: Floats
    tail: float

    def unpaid_after(self, curves: Ints, days: Ints) -> Floats:
        """Return the share that is unpaid at the end of a day, counted from the due date, by a curve for each."""
        found: Floats = self.unpaid[np.clip(days - FIRST, 0, _DAYS - 1), curves]
        found[days < FIRST] = 1.0
        beyond = days > LAST
        found[beyond] *= (1 - self.tail) ** (days[beyond] - LAST)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _DayWeights:
    """Weights of the debts that begin, are paid or are left on days from the due date, in the order of debtors."""

    debtor: Ints
    segment: Ints
    day: Ints
    weight: Floats

    @classmethod
    def of(cls, debts: PaidDebts, places: Ints, days: Ints, weights: Floats) -> Self:
        """Return the weights of the debts at some places, on days from their due dates."""
        within = np.clip(days - debts.due[places], FIRST, LAST) - FIRST
        return cls(debts.debtor[places], debts.segment[places], within, weights)

    def by_segment(self, count: int) -> Floats:
        """Return the weights by day and segment."""
        return _by_day(self.segment, self.day, self.weight, count)

    def by_debtor(self, asked: Ints) -> Floats:
        """Return those by day of some debtors in the order of their places."""
        if len(asked) == 0:
            return np.zeros((_DAYS, 0))
        begin, end = np.searchsorted(self.debtor, (asked[0], asked[-1] + 1))
        own = slice(begin, end)
        place = np.searchsorted(asked, self.debtor[own])
        wanted = asked[place] == self.debtor[own]
        return _by_day(place[wanted], self.day[own][wanted], self.weight[own][wanted], len(asked))


def _by_day(places: Ints, days: Ints, weights: Floats, count: int) -> Floats:
    found = np.bincount(days * count + places, weights, count * _DAYS)
    return np.asarray(found, np.float64).reshape(_DAYS, count)


class PaymentCurves:
    """Curves of the debtors as known at the end of a day; each is computed when it is asked for."""

    def __init__(self, debts: PaidDebts, on: int, weights: CurveWeights = WEIGHTS) -> None:
        self.history, self._weights = debts, weights
        paid, last = debts.paid(on)
        left = debts.owed - paid
        last[left > 0] = on
        known = (debts.issued <= on) & (debts.owed > 0)
        lasted = (last - debts.due - _TAIL_FROM)[known]
        ended = 1 + int(((lasted > 0) & (left[known] <= 0)).sum())
        self._tail = min(1.0, ended / (_TAIL_PRIOR_DAYS + float(lasted[lasted > 0].sum())))
        daily = 0.5 ** (1 / weights.half_life_days)
        weight = daily ** np.maximum(on - debts.issued, 0)
        known &= weight >= _LEAST_WEIGHT
        (places,) = np.nonzero(known)
        self.debts = len(places)
        share = np.divide(weight, debts.owed, out=np.zeros(len(weight)), where=known)
        fund_debt = debts.fund_debt
        (funds,) = np.nonzero(known[fund_debt] & (debts.fund_day <= on))
        of, days = fund_debt[funds], np.maximum(debts.fund_day[funds], debts.issued[fund_debt[funds]])
        still = places[left[places] > 0]
        self._evidence = (
            _DayWeights.of(debts, places, debts.issued[places], weight[places]),
            _DayWeights.of(debts, of, days, share[of] * debts.fund_minor[funds]),
            _DayWeights.of(debts, still, np.full(len(still), on), share[still] * left[still]),
        )
        own = [each.by_segment(len(debts.segments)) for each in self._evidence]
        unknown = np.array([1 - 0.5 * (n + 1) / _DAYS for n in range(_DAYS)])
        every = _curves([each.sum(axis=1, keepdims=True) for each in own], unknown[:, None], 1.0)
        # The last column is that of who has no segment with a history.
        self._priors = np.hstack([_curves(own, every, weights.segment_prior), every])

    def rows(self, debtors: Ints, segments: Ints) -> CurveRows:
        """Return the curve of each debtor, its own shrunk to that of its segment; -1 is the place of unknown ones."""
        asked, place = np.unique(debtors, return_inverse=True)
        own = [each.by_debtor(asked) for each in self._evidence]
        if not np.array_equal(asked, debtors):
            own = [each[:, place] for each in own]
        return CurveRows(_curves(own, self._priors[:, segments], self._weights.debtor_prior), self._tail)


def _curves(evidence: Sequence[Floats], priors: Floats, strength: float) -> Floats:
    """Return the curves of the weights that begin, are paid and are left, by day and curve, and of ``strength`` debts
    that follow the prior, which all may have in common.
    """
    begun, paid, left = evidence
    unpaid = np.empty(begun.shape)
    count = begun.shape[1]
    before, still, at_risk = np.ones(count), np.ones(count), np.zeros(count)
    total, gone = np.empty(count), np.empty(count)
    may_be_none = strength == 0 or bool((priors <= 0).any())
    for day, after in enumerate(priors):
        # In place: a step is so short that the room for its values would take half of it.
        at_risk += begun[day]
        np.multiply(before, strength, out=total)
        total += at_risk
        np.subtract(before, after, out=gone)
        gone *= strength
        gone += paid[day]
        if may_be_none:
            gone[total <= 0], total[total <= 0] = 0.0, 1.0
        gone /= total
        np.subtract(1, gone, out=gone)
        still *= np.maximum(gone, 0.0, out=gone)
        at_risk -= paid[day]
        at_risk -= left[day]
        np.maximum(at_risk, 0.0, out=at_risk)
        unpaid[day] = still
        before = after
    return unpaid

"""Values far from those that the same group had in the year before, by robust statistics, in columns.

The distance is that from the median in robust deviations (1.4826 times the median absolute deviation, which is the
standard deviation of normal data), with a lower bound, as groups whose values are all equal have none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reporting_svc.domain.columns import Floats, Ints

WINDOW_DAYS = 365
LEAST_EARLIER = 8
DISTANCE = 5.0
"""Robust deviations from the median from which a value is far."""
_MAD_TO_DEVIATION = 1.4826
_SLACK = 1 + 1e-9
"""More than the rounding of a bound that chooses the values to look at one by one."""
_DAYS = 2**22
"""More than the ordinal of any day."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Median and robust deviation of earlier values, and the distance of the one that is compared with them."""

    middle: float
    deviation: float
    count: int
    distance: float

    @property
    def low(self) -> float:
        return self.middle - DISTANCE * self.deviation

    @property
    def high(self) -> float:
        return self.middle + DISTANCE * self.deviation


@dataclass(frozen=True, eq=False)
class DatedValues:
    """Columns of whole values, each of a group on a day, an ordinal."""

    group: Ints
    day: Ints
    value: Ints

    def keys(self, days_before: int = 0) -> Ints:
        """Return numbers in the order of groups and of days, or of the days before them."""
        keys: Ints = self.group * _DAYS + np.maximum(self.day - days_before, 0)
        return keys


def unlike(
    earlier: DatedValues, judged: DatedValues, measure: Callable[[int], float], least: float
) -> list[tuple[int, Usual]]:
    """Return the places of the judged values that are far from the earlier ones of their group, with what was usual.

    Earlier are those of the 365 days before the day, not those of the day itself. ``measure`` gives what is compared of
    a value, the more the greater it is, and ``least`` is the least deviation of it.
    """
    keys = earlier.keys()
    order = np.argsort(keys)
    begin, end = (np.searchsorted(keys[order], judged.keys(days)) for days in (WINDOW_DAYS, 0))
    (places,) = np.nonzero(end - begin >= LEAST_EARLIER)
    values, ranks = np.unique(earlier.value[order], return_inverse=True)
    measures = _measured(values, measure)
    windows = _Windows(ranks)
    begin, end, count = begin[places], end[places], (end - begin)[places]
    low, high = (windows.ranked(begin, end, place) for place in ((count - 1) // 2, count // 2))
    middle = (measures[low] + measures[high]) / 2
    away = np.abs(_measured(judged.value[places], measure) - middle)
    # Far are only those to which half of the window is near enough to its median.
    near = away / (DISTANCE * _MAD_TO_DEVIATION) * _SLACK
    bounds = (np.searchsorted(measures, middle - near), np.searchsorted(measures, middle + near, "right"))
    above, below = (windows.below(begin, end, rank) for rank in bounds)
    (chosen,) = np.nonzero((away / least >= DISTANCE) & (below - above > (count - 1) // 2))
    found = []
    for n in chosen.tolist():
        own = measures[ranks[begin[n] : end[n]]]
        deviation = max(least, _MAD_TO_DEVIATION * _median(np.abs(own - middle[n])))
        if (distance := float(away[n]) / deviation) >= DISTANCE:
            found.append((int(places[n]), Usual(float(middle[n]), deviation, len(own), distance)))
    return found


def _measured(values: Ints, measure: Callable[[int], float]) -> Floats:
    # Not by numpy's functions: their last digit depends on the processor.
    return np.fromiter(map(measure, values.tolist()), np.float64)


def _median(values: Floats) -> float:
    ordered = np.sort(values)
    return float((ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2)


class _Windows:
    """Ranks in a row, of any stretch of which one can ask in a step per binary digit (a wavelet matrix).

    Each level has the ranks ordered by their higher digits, the last digit first; it counts those with the digit 0.
    """

    def __init__(self, ranks: Ints) -> None:
        self._levels: list[tuple[int, Ints]] = []
        for digit in reversed(range(int(ranks.max(initial=0)).bit_length())):
            is_one = (ranks >> digit & 1).astype(np.bool_)
            self._levels.append((digit, np.concatenate([[0], np.cumsum(~is_one)]).astype(np.int32)))
            ranks = np.concatenate([ranks[~is_one], ranks[is_one]])

    def ranked(self, begin: Ints, end: Ints, place: Ints) -> Ints:
        """Return the rank at a place of each stretch in order, from 0 for the least."""
        found = np.zeros(len(begin), np.int64)
        for digit, zeros in self._levels:
            first, last = zeros[begin], zeros[end]
            is_one = place >= last - first
            found |= is_one.astype(np.int64) << digit
            place = np.where(is_one, place - (last - first), place)
            begin = np.where(is_one, zeros[-1] + begin - first, first)
            end = np.where(is_one, zeros[-1] + end - last, last)
        return found

    def below(self, begin: Ints, end: Ints, rank: Ints) -> Ints:
        """Return how many of each stretch have a lower rank."""
        found = np.where(rank >> len(self._levels) > 0, end - begin, 0)
        for digit, zeros in self._levels:
            first, last = zeros[begin], zeros[end]
            is_one = (rank >> digit & 1).astype(np.bool_)
            found += np.where(is_one, last - first, 0)
            begin = np.where(is_one, zeros[-1] + begin - first, first)
            end = np.where(is_one, zeros[-1] + end - last, last)
        return found

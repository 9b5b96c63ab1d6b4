"""Change-point in the delays of a customer: the maximally selected log-rank statistic over the order of issue.

Log-rank scores are those of Mantel (1966) in the form of Peto and Peto (1972): an invoice scores one if it is paid,
less the hazard of all invoices that accumulated up to its delay. Open invoices are censored at their age, so a late one
counts for what is known of it and no more. Scores of the invoices before and after a change have the same mean if
nothing changed; the largest standardised difference over all places of a change is that of Miller and Siegmund (1982).
The statistic rests on ranks, so a customer that pays irregularly is not taken for one that slows down. No chance is
drawn: the same history gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import sqrt

from encours.contracts.events.credit_warning import SlowingRule
from risk_svc.domain.score.history import InvoiceOutcome


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The most likely change; delays are medians in days from the due date, by Kaplan and Meier (1958)."""

    index: int
    """Place of the first invoice after the change, in the order of issue."""
    statistic_tenths: int
    before_days: int
    after_days: int
    """At least this many, if fewer than half of the invoices after the change are paid."""


@dataclass(frozen=True, slots=True)
class _Delay:
    days: int
    paid: bool


def change_point(outcomes: Sequence[InvoiceOutcome], day: int, rule: SlowingRule) -> ChangePoint | None:
    """Return the most likely slowing of a history in the order of issue, as it was known on a day.

    ``None`` if there are too few invoices on one side of every possible change. Invoices issued on the same day stay on
    one side: their order says nothing.
    """
    known = [each for each in outcomes if each.issued <= day]
    first = max(0, len(known) - rule.invoices)
    seen = [_delay(each, day) for each in known[first:]]
    count = len(seen)
    if count < rule.least_before + rule.least_after:
        return None
    scores = _scores(seen)
    spread = sum(score * score for score in scores)
    if spread <= 0:
        return None
    best, place = 0.0, None
    after = list(accumulate(reversed(scores)))
    for index in range(rule.least_before, count - rule.least_after + 1):
        if known[first + index].issued == known[first + index - 1].issued:
            continue
        later = count - index
        variance = spread * index * later / (count * (count - 1))
        statistic = -after[later - 1] / sqrt(variance)
        if statistic > best:
            best, place = statistic, index
    if place is None:
        return None
    return ChangePoint(first + place, int(best * 10), _median(seen[:place]), _median(seen[place:]))


def slows(found: ChangePoint | None, rule: SlowingRule, *, open_episode: bool) -> bool:
    """Return True if a change is a warning; an open episode lasts down to the lower threshold."""
    if found is None or found.after_days - found.before_days < rule.least_days:
        return False
    return found.statistic_tenths >= (rule.keep_tenths if open_episode else rule.raise_tenths)


def _days(each: _Delay) -> int:
    return each.days


def _delay(each: InvoiceOutcome, day: int) -> _Delay:
    if each.settled is not None and each.settled <= day:
        return _Delay(each.delay_days, paid=True)
    return _Delay(day - each.due, paid=False)


def _scores(seen: Sequence[_Delay]) -> list[float]:
    """Return the log-rank score of each invoice: paid or not, less the hazard accumulated up to its delay."""
    hazard: dict[int, float] = {}
    at_risk, total = len(seen), 0.0
    for days, group in groupby(sorted(seen, key=_days), key=_days):
        members = list(group)
        total += sum(each.paid for each in members) / at_risk
        hazard[days] = total
        at_risk -= len(members)
    return [each.paid - hazard[each.days] for each in seen]


def _median(seen: Sequence[_Delay]) -> int:
    """Return the first delay up to which half of the invoices are paid, open ones censored; else the longest known."""
    at_risk, unpaid = len(seen), 1.0
    longest = max(each.days for each in seen)
    for days, group in groupby(sorted(seen, key=_days), key=_days):
        members = list(group)
        unpaid *= 1 - sum(each.paid for each in members) / at_risk
        if unpaid <= 0.5:
            return days
        at_risk -= len(members)
    return longest

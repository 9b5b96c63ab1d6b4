"""Outcomes of a customer's invoices as they were known on a day, and the level of its delays.

Nothing that happened on or after the day is seen. An invoice settled later than that day was open on it, so the same
history answers for every past day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

MOST_OUTCOMES = 100
"""Outcomes of a customer that count, those of its latest invoices."""


@dataclass(frozen=True, slots=True)
class InvoiceOutcome:
    """An invoice with its days as ordinals (:meth:`datetime.date.toordinal`)."""

    issued: int
    due: int
    settled: int | None
    """Day from which funds of the customer cover all that was owed (``contracts/settlement.py``); ``None``: open."""

    @property
    def place(self) -> tuple[int, int, bool, int]:
        """Place in the order of issue; of those of one day, open ones are last."""
        return self.issued, self.due, self.settled is None, self.settled or 0

    def open_on(self, day: int) -> bool:
        """Return True unless it was settled before the day."""
        return self.settled is None or self.settled >= day

    @property
    def delay_days(self) -> int:
        """Days from the due date to the settlement, negative before it; money paid in advance counts from the issue."""
        if self.settled is None:
            raise ValueError("an open invoice has no delay yet")
        return max(self.settled, self.issued) - self.due


@dataclass(frozen=True, slots=True)
class PayerHistory:
    """A customer with its segment and its invoices in the order of issue."""

    segment: str
    history: tuple[InvoiceOutcome, ...]


_issued = attrgetter("issued")


@dataclass(frozen=True, slots=True)
class Weights:
    """Weight of the history: that of an outcome halves every ``half_life_days`` since its issue.

    ``prior_invoices`` invoices at the level of the segment are added, so that few outcomes say little: the credibility
    of Bühlmann (1967). An invoice that is open and late is expected to last ``wait_days`` more, the mean of
    a discrete-time hazard that is the same on each late day. It keeps its whole weight, as it is observed on the day.
    """

    prior_invoices: float
    half_life_days: float
    wait_days: float


@dataclass(frozen=True, slots=True)
class Level:
    """Level of a customer's delays in days from the due date, with the evidence that it rests on."""

    days: float
    settled: int
    settled_late: int
    open_late: int
    oldest_open_days: int

    @property
    def known(self) -> bool:
        """Return True if at least one outcome is known."""
        return bool(self.settled or self.open_late)


def level(
    history: Sequence[InvoiceOutcome],
    day: int,
    segment_days: float,
    weights: Weights,
    *,
    with_today: bool = False,
) -> Level:
    """Return the level of the delays as it was known before a day, or at its end ``with_today``.

    ``history`` is in the order of issue; invoices issued on or after the day are left out. Settled invoices count with
    their delay. Open late ones are censored: they count with the days past due and the further wait, so more days
    never lower the level by themselves. An open invoice that is not late is no evidence.
    """
    known = day if with_today else day - 1
    weight, total = weights.prior_invoices, weights.prior_invoices * segment_days
    daily = 0.5 ** (1 / weights.half_life_days)
    settled = settled_late = open_late = oldest = 0
    for index in range(bisect_left(history, day, key=_issued) - 1, -1, -1):
        each = history[index]
        issued, due, settled_on = each.issued, each.due, each.settled
        if settled_on is not None and settled_on <= known:
            delay: float = max(settled_on, issued) - due
            share = daily ** (day - issued)
            settled += 1
            settled_late += delay > 0
        elif (past_due := day - due) > 0:
            delay = past_due + weights.wait_days
            share = 1.0
            open_late += 1
            oldest = max(oldest, past_due)
        else:
            continue
        weight += share
        total += share * delay
        if settled + open_late == MOST_OUTCOMES:
            break
    return Level(total / weight, settled, settled_late, open_late, oldest)

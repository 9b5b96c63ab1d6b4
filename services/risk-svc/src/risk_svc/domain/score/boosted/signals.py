"""Signals that the trees read: figures of a customer's outcomes as they were known on a day.

Like the level, they see nothing that happened later, so each past day can be computed again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal

from risk_svc.domain.score.history import MOST_OUTCOMES, InvoiceOutcome, Level, Weights

DEFINITION: Final = "payer-signals/1"
"""Id of the signals below; trees that read others are another definition."""
USUAL_TERM_DAYS = 30
PRIOR_INVOICES = 2.0
SignalGroup = Literal[
    "effect-habit", "effect-open-late", "effect-open", "effect-known", "effect-term", "effect-segment"
]


@dataclass(frozen=True, slots=True)
class Signal:
    """A figure that the trees read. If it is ``rising``, more of it never lowers the probability of late payment."""

    name: str
    group: SignalGroup
    rising: bool


SIGNALS = (
    Signal("level_days", "effect-habit", rising=True),
    Signal("late_share", "effect-habit", rising=True),
    Signal("open_late", "effect-open-late", rising=True),
    Signal("oldest_open_days", "effect-open-late", rising=True),
    Signal("open_invoices", "effect-open", rising=False),
    Signal("settled", "effect-known", rising=False),
    Signal("term_days", "effect-term", rising=False),
    Signal("segment_days", "effect-segment", rising=True),
)
_issued = attrgetter("issued")


def signals(
    history: Sequence[InvoiceOutcome],
    day: int,
    segment_days: float,
    seen: Level,
    weights: Weights,
    late_share: float,
    *,
    with_today: bool = False,
) -> tuple[float, ...]:
    """Return the values of :data:`SIGNALS` before a day, or at its end ``with_today``.

    ``seen`` is the level of the same history. ``late_share``, that of all customers, is added as if the customer had
    two more invoices.
    """
    known = day if with_today else day - 1
    daily = 0.5 ** (1 / weights.half_life_days)
    weight, late = PRIOR_INVOICES, PRIOR_INVOICES * late_share
    still_open, outcomes, term = 0, 0, USUAL_TERM_DAYS
    end = bisect_left(history, day, key=_issued)
    if end:
        term = history[end - 1].due - history[end - 1].issued
    for index in range(end - 1, -1, -1):
        each = history[index]
        if each.settled is not None and each.settled <= known:
            share = daily ** (day - each.issued)
            late += share * (each.delay_days > 0)
        else:
            still_open += 1
            if day <= each.due:
                continue
            share = 1.0
            late += share
        weight += share
        outcomes += 1
        if outcomes == MOST_OUTCOMES:
            break
    return (
        seen.days, late / weight, float(seen.open_late), float(seen.oldest_open_days),
        float(still_open), float(seen.settled), float(term), segment_days,
    )  # fmt: skip

"""Payment behaviour as a figure that an open late invoice cannot hide from.

Definition ``payment-behaviour/1``. The delay of an invoice is the days from its due date to its full
settlement, 0 if in time. An invoice that is still open and late has a delay of *at least* its days past due
(a censored observation), and the Kaplan-Meier estimate takes it in as such; a mean over paid invoices would
praise those who never pay. The expected delay is the area under that curve up to 180 days, drawn towards a
prior while there is little history; the score falls from 100 (in time) towards 0 with a half-life of 20 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from risk_svc.exposure import Item

DEFINITION = "payment-behaviour/1"


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The numbers of a definition; another set of numbers is another definition."""

    window_days: int = 365
    horizon_days: int = 180
    prior_invoices: int = 2
    prior_delay_days: int = 10
    half_life_days: int = 20


PAYMENT_BEHAVIOUR_1 = Scorecard()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the score is what it is: a stable code, the figure behind it, and a sentence."""

    code: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` 0 to 100, higher is better; ``None`` without a single invoice to judge by."""

    value: int | None
    expected_delay_tenths: int | None
    """Expected delay in tenths of a day."""
    settled: int
    open_late: int
    reasons: tuple[Reason, ...]


def score(items: Sequence[Item], day: date, card: Scorecard = PAYMENT_BEHAVIOUR_1) -> Score:
    """Score on a day from the invoices that fell due or were settled in the window before it.

    Not yet due and unsettled invoices say nothing and are left out. Credited ones count as settled.
    """
    since = day - timedelta(days=card.window_days)
    settled = [
        max(0, (item.settled_on - item.due_on).days)
        for item in items
        if item.settled_on is not None and item.settled_on >= since
    ]
    open_late = [
        item.days_past_due(day) for item in items if item.settled_on is None and item.days_past_due(day) > 0
    ]
    if not settled and not open_late:
        return Score(None, None, 0, 0, (Reason("no-history", 0, "No invoice has fallen due yet."),))
    observed = restricted_mean_delay(settled, open_late, card.horizon_days)
    count = len(settled) + len(open_late)
    weight = count + card.prior_invoices
    expected = (observed * count + card.prior_delay_days * card.prior_invoices) / weight
    value = round(100 * 0.5 ** (expected / card.half_life_days))
    return Score(value, round(expected * 10), len(settled), len(open_late), _reasons(settled, open_late))


def restricted_mean_delay(settled: Sequence[int], open_late: Sequence[int], horizon: int) -> float:
    """Area under the Kaplan-Meier curve of the delay, in days, up to the horizon.

    ``settled`` are observed delays, ``open_late`` lower bounds (right-censored). At a tie the settlement
    counts before the censoring. Kaplan and Meier (1958).
    """
    moments = sorted({*(min(delay, horizon) for delay in settled), horizon})
    at_risk = len(settled) + len(open_late)
    paid, waiting = sorted(settled), sorted(open_late)
    area, surviving, before, paid_at, waiting_at = 0.0, 1.0, 0, 0, 0
    for moment in moments:
        area += surviving * (moment - before)
        before = moment
        while waiting_at < len(waiting) and waiting[waiting_at] < moment:
            waiting_at += 1
        risk = at_risk - paid_at - waiting_at
        events = 0
        while paid_at < len(paid) and paid[paid_at] <= moment:
            paid_at += 1
            events += 1
        if risk > 0:
            surviving *= 1 - events / risk
    return area


def _reasons(settled: Sequence[int], open_late: Sequence[int]) -> tuple[Reason, ...]:
    reasons = []
    if open_late:
        worst = max(open_late)
        reasons.append(
            Reason(
                "open-late-invoices",
                len(open_late),
                f"{len(open_late)} invoice(s) open past due, the oldest by {worst} days.",
            )
        )
    late = [delay for delay in settled if delay > 0]
    if late:
        mean = round(sum(late) / len(late))
        reasons.append(
            Reason(
                "paid-late", len(late), f"{len(late)} of {len(settled)} settled late, {mean} days on average."
            )
        )
    if settled and not late:
        reasons.append(
            Reason("paid-in-time", len(settled), f"All {len(settled)} settled invoices were in time.")
        )
    return tuple(reasons)

"""Payment behaviour score, in which open late invoices count.

Definition ``payment-behaviour/4``. The delay of an invoice is the days from its due date to the first day from which
funds of the customer cover all that was ever owed, 0 if in time (:mod:`encours.contracts.settlement`): the creditor's
credit note, write-off, allocation or release is no evidence of how the payer behaves. The delay of an invoice in
instalments is the longest of theirs, each from its agreed date, and a schedule that is agreed late forgives no delay
before it. One that is not settled yet has a delay of at least that until now. An invoice that is unpaid and
late has a delay of *at least* its days past due, so it enters as a censored observation: a mean over paid invoices
would favour customers who never pay. The prior is two invoices whose delay is geometric with a mean of ten days. It
weighs while there is little history, and beyond the longest observed delay, where each day settles one open invoice
in eleven. So one invoice open for n days gives 10 + n/3 expected days. The score falls from 100 (in time) towards 0
with a half-life of 20 days of expected delay.

Definition 1 kept the curve at its last value up to 180 days, so that one day past due counted like 180. Definition 2
dated a settlement by the last booking, and took credit notes and write-offs for payments. Definition 3 measured
invoices in instalments from the due date of the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from encours.contracts.common import Reason
from risk_svc.domain.exposure import ExposureItem

DEFINITION = "payment-behaviour/4"


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Parameters of a definition; other parameters are another definition."""

    window_days: int = 365
    horizon_days: int = 180
    prior_invoices: int = 2
    prior_delay_days: int = 10
    half_life_days: int = 20


PAYMENT_BEHAVIOUR_4 = Scorecard()


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` 0 to 100, higher is better; ``None`` while no invoice has fallen due."""

    value: int | None
    expected_delay_tenths: int | None
    """Expected delay in tenths of a day."""
    settled: int
    open_late: int
    reasons: tuple[Reason, ...]


def score(items: Sequence[ExposureItem], day: date, card: Scorecard = PAYMENT_BEHAVIOUR_4) -> Score:
    """Return the score on a day from the invoices that fell due or were settled in the window before it.

    Invoices that are neither late nor settled are left out, those that were credited whole, and penalty documents: the
    delay that they rest on has counted already. An invoice that was
    written off counts as unpaid while its write-off is in the window.
    """
    since = day - timedelta(days=card.window_days)
    items = [item for item in items if not item.is_penalty]
    settled = [item.delay(day) for item in items if item.settled_on is not None and item.settled_on >= since]
    unsettled = [
        item
        for item in items
        if item.uncovered_minor > 0 and item.delay(day) > 0 and (item.open_minor or item.moved_on >= since)
    ]
    if not settled and not unsettled:
        return Score(None, None, 0, 0, (Reason(code="no-history"),))
    expected = expected_delay(settled, [item.delay(day) for item in unsettled], card)
    value = round(100 * 0.5 ** (expected / card.half_life_days))
    open_late = [late for item in unsettled if (late := _uncovered_for(item, day)) > 0]
    late_before = [item.delay(day) for item in unsettled if _uncovered_for(item, day) <= 0]
    return Score(
        value, round(expected * 10), len(settled), len(open_late), _reasons(settled, open_late, late_before)
    )


def _uncovered_for(item: ExposureItem, day: date) -> int:
    return max((part.days_past_due(day) for part in item.parts if part.uncovered_minor > 0), default=0)


def expected_delay(settled: Sequence[int], open_late: Sequence[int], card: Scorecard) -> float:
    """Return the expected delay of the next invoice in days; a delay above the horizon counts as the horizon.

    ``settled`` are observed delays, ``open_late`` lower bounds (right-censored): today is not over, so it is no
    observation yet. The share that is settled on a day, of the invoices open until then, is

        (b * f + settled that day) / (b * s + observed on that day)

    with ``b`` the prior invoices, ``f`` the share of the prior that ends that day and ``s`` that which lasts until
    it: the estimate of Susarla and Van Ryzin (1976), which is that of Kaplan and Meier (1958) for ``b`` = 0.

    An open invoice adds to what is observed and to nothing that is settled. So a longer wait, or one more open late
    invoice, never lowers the expected delay, and an open invoice counts no less than one settled today.
    """
    ends = 1 / (1 + card.prior_delay_days)
    settled_on, open_for = Counter(settled), Counter(open_late)
    observed, prior, unsettled, expected = len(settled) + len(open_late), float(card.prior_invoices), 1.0, 0.0
    for day in range(card.horizon_days):
        observed -= open_for.get(day, 0)
        unsettled *= 1 - (prior * ends + settled_on.get(day, 0)) / (prior + observed)
        expected += unsettled
        observed -= settled_on.get(day, 0)
        prior *= 1 - ends
    return expected


def _reasons(
    settled: Sequence[int], open_late: Sequence[int], late_before: Sequence[int]
) -> tuple[Reason, ...]:
    reasons = []
    if open_late:
        reasons.append(Reason.of("open-late-invoices", invoices=len(open_late), days=max(open_late)))
    if late_before:
        reasons.append(Reason.of("instalments-late-before", invoices=len(late_before), days=max(late_before)))
    late = [delay for delay in settled if delay > 0]
    if late:
        mean = round(sum(late) / len(late))
        reasons.append(Reason.of("paid-late", late=len(late), settled=len(settled), days=mean))
    if settled and not late:
        reasons.append(Reason.of("paid-in-time", settled=len(settled)))
    return tuple(reasons)

"""Rules of early warnings: pure functions of what was known of a customer on a day.

Each looks at nothing after the day, so the same question about a past day has the same answer as on that day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from encours.contracts.events.credit_warning import (
    ConcentrationRule,
    CreditWarningKind,
    DisputesRule,
    DriftRule,
    PartialRule,
    PromisesRule,
    SlowingRule,
    WarningFigure,
    WarningRules,
)
from risk_svc.domain.score.history import InvoiceOutcome
from risk_svc.domain.warning.slowing import change_point, slows

FULL_BPS = 10_000
MOST_NAMED = 50
"""Most invoices that the evidence names, the latest ones."""
SHIPPED = WarningRules(
    slowing_payments=SlowingRule(
        invoices=40, least_before=8, least_after=4, raise_tenths=35, keep_tenths=20, least_days=7
    ),
    partial_payments=PartialRule(days=90, before_days=365, least_invoices=3, rise_bps=3_000),
    broken_promises=PromisesRule(days=90, broken=2),
    disputes_at_due=DisputesRule(days=180, before_due=5, after_due=30, disputed=2, share_bps=2_500),
    limit_drift=DriftRule(months=3, usage_bps=8_000, rise_bps=1_500),
    concentration=ConcentrationRule(share_bps=2_500, least_debtors=10),
)
"""Rules that a request takes where it gives none."""


@dataclass(frozen=True, slots=True)
class WarnedInvoice:
    """An invoice as it was known on a day."""

    invoice_id: str
    due_on: date
    outcome: InvoiceOutcome | None
    """``None`` for what says nothing of the payer."""
    first_money_on: date | None = None
    in_parts: bool = False
    """The first money did not settle it, and no instalments were agreed."""
    disputes: tuple[tuple[date, int], ...] = ()
    """Days and positions of the events that put an amount of it in dispute."""


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """A promise of the customer that is broken."""

    promised_on: date
    position: int


@dataclass(frozen=True, slots=True)
class OpenShare:
    """Open amount of those who share a limit, beside that of all debtors of the entity, in one currency."""

    currency: str
    own_minor: int
    all_minor: int
    debtors: int


@dataclass(frozen=True, slots=True)
class WarnedCustomer:
    """A customer as the rules see it on a day."""

    customer_id: str
    invoices: tuple[WarnedInvoice, ...] = ()
    """In the order of issue."""
    broken: tuple[BrokenPromise, ...] = ()
    usage_bps: tuple[int | None, ...] = ()
    """Use of the limit, month by month up to the day; ``None`` where there was no limit or a rate was missing."""
    shares: tuple[OpenShare, ...] = ()


@dataclass(frozen=True, slots=True)
class WarningEvidence:
    """Evidence for a rule that holds."""

    figures: tuple[WarningFigure, ...]
    invoices: tuple[str, ...] = ()
    events: tuple[int, ...] = ()
    currency: str | None = None


def evaluate(
    seen: WarnedCustomer, rules: WarningRules, day: date, open_episodes: Collection[str] = ()
) -> Mapping[CreditWarningKind, WarningEvidence]:
    """Return the evidence for each rule that holds for a customer on a day.

    ``open_episodes`` are the kinds whose warning lasts: a slowing ends at a lower threshold than it begins at.
    """
    lasting = "slowing_payments" in open_episodes
    found = {
        "slowing_payments": rules.slowing_payments
        and _slowing(seen, rules.slowing_payments, day, lasting=lasting),
        "partial_payments": rules.partial_payments and _partial(seen, rules.partial_payments, day),
        "broken_promises": rules.broken_promises and _promises(seen, rules.broken_promises, day),
        "disputes_at_due": rules.disputes_at_due and _disputes(seen, rules.disputes_at_due, day),
        "limit_drift": rules.limit_drift and _drift(seen, rules.limit_drift),
        "concentration": rules.concentration and _concentration(seen, rules.concentration),
    }
    return {kind: evidence for kind, evidence in found.items() if evidence}  # type: ignore[misc]  # kinds


def _slowing(seen: WarnedCustomer, rule: SlowingRule, day: date, *, lasting: bool) -> WarningEvidence | None:
    told = [(each.invoice_id, each.outcome) for each in seen.invoices if each.outcome is not None]
    found = change_point([outcome for _, outcome in told], day.toordinal(), rule)
    if found is None or not slows(found, rule, open_episode=lasting):
        return None
    return WarningEvidence(
        figures=(
            WarningFigure(name="median_delay_days", before=found.before_days, after=found.after_days),
            WarningFigure(name="log_rank_tenths", before=None, after=found.statistic_tenths),
            WarningFigure(
                name="invoices", before=min(found.index, rule.invoices), after=len(told) - found.index
            ),
        ),
        invoices=_named(invoice_id for invoice_id, _ in told[found.index :]),
    )


def _partial(seen: WarnedCustomer, rule: PartialRule, day: date) -> WarningEvidence | None:
    since = day - timedelta(days=rule.days)
    before = since - timedelta(days=rule.before_days)
    recent = _paid_first(seen, lambda on: since < on <= day)
    earlier = _paid_first(seen, lambda on: before < on <= since)
    parts = [each.invoice_id for each in recent if each.in_parts]
    if len(parts) < rule.least_invoices or not earlier:
        return None
    now = share_bps(len(parts), len(recent))
    then = share_bps(sum(each.in_parts for each in earlier), len(earlier))
    if now - then < rule.rise_bps:
        return None
    figures = (
        WarningFigure(name="paid_in_parts_bps", before=then, after=now),
        WarningFigure(name="invoices", before=len(earlier), after=len(recent)),
    )
    return WarningEvidence(figures, _named(parts))


def _paid_first(seen: WarnedCustomer, within: Callable[[date], bool]) -> list[WarnedInvoice]:
    return [each for each in seen.invoices if each.first_money_on and within(each.first_money_on)]


def _promises(seen: WarnedCustomer, rule: PromisesRule, day: date) -> WarningEvidence | None:
    since = day - timedelta(days=rule.days)
    recent = [each.position for each in seen.broken if since < each.promised_on <= day]
    if len(recent) < rule.broken:
        return None
    before = sum(since - timedelta(days=rule.days) < each.promised_on <= since for each in seen.broken)
    figure = WarningFigure(name="broken_promises", before=before, after=len(recent))
    return WarningEvidence((figure,), events=tuple(sorted(recent)[-MOST_NAMED:]))


def _disputes(seen: WarnedCustomer, rule: DisputesRule, day: date) -> WarningEvidence | None:
    since = day - timedelta(days=rule.days)
    fell_due = [each for each in seen.invoices if since < each.due_on <= day]
    early, late = timedelta(days=rule.before_due), timedelta(days=rule.after_due)
    disputed = [
        (each.invoice_id, position)
        for each in fell_due
        for on, position in each.disputes[:1]
        if each.due_on - early <= on <= each.due_on + late
    ]
    share = share_bps(len(disputed), len(fell_due))
    if len(disputed) < rule.disputed or share < rule.share_bps:
        return None
    figures = (
        WarningFigure(name="disputed_at_due_bps", before=None, after=share),
        WarningFigure(name="invoices", before=None, after=len(fell_due)),
    )
    events = sorted(position for _, position in disputed)
    return WarningEvidence(
        figures, _named(invoice_id for invoice_id, _ in disputed), tuple(events[-MOST_NAMED:])
    )


def _drift(seen: WarnedCustomer, rule: DriftRule) -> WarningEvidence | None:
    usage = seen.usage_bps[-rule.months - 1 :]
    if len(usage) <= rule.months or any(each is None for each in usage):
        return None
    known = [each for each in usage if each is not None]
    rises = all(earlier < later for earlier, later in pairwise(known))
    if not rises or known[-1] < rule.usage_bps or known[-1] - known[0] < rule.rise_bps:
        return None
    return WarningEvidence((WarningFigure(name="limit_usage_bps", before=known[0], after=known[-1]),))


def _concentration(seen: WarnedCustomer, rule: ConcentrationRule) -> WarningEvidence | None:
    large = [
        each
        for each in seen.shares
        if each.debtors >= rule.least_debtors
        and each.own_minor > 0
        and each.own_minor * FULL_BPS >= each.all_minor * rule.share_bps
    ]
    if not large:
        return None
    worst = max(large, key=lambda each: (share_bps(each.own_minor, each.all_minor), each.currency))
    figures = (
        WarningFigure(name="share_bps", before=None, after=share_bps(worst.own_minor, worst.all_minor)),
        WarningFigure(name="open_minor", before=None, after=worst.own_minor),
        WarningFigure(name="debtors", before=None, after=worst.debtors),
    )
    return WarningEvidence(figures, currency=worst.currency)


def share_bps(part: int, whole: int) -> int:
    """Return a share in basis points, rounded down; 0 of nothing."""
    return part * FULL_BPS // whole if whole else 0


def months_before(day: date, months: int) -> list[date]:
    """Return the day and the days that lie whole months before it, the earliest first; a short month ends them."""
    found = []
    for back in range(months, -1, -1):
        whole = day.year * 12 + day.month - 1 - back
        first = date(whole // 12, whole % 12 + 1, 1)
        after = date((whole + 1) // 12, (whole + 1) % 12 + 1, 1)
        found.append(min(first + timedelta(days=day.day - 1), after - timedelta(days=1)))
    return found


def _named(invoices: Iterable[str]) -> tuple[str, ...]:
    return tuple(invoices)[-MOST_NAMED:]

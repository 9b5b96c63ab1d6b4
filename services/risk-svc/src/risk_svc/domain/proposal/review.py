"""Reviews of customers: what calls for one, and a review that is postponed. Stream: the review of the customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.common import Reason
from encours.contracts.events.limit_formula import CreditReviewPostponed
from encours.kernel.errors import Invalid
from encours.kernel.ids import with_prefix
from encours.kernel.money import Money
from risk_svc.domain.picture import Picture
from risk_svc.domain.proposal.formula import FormulaTerms
from risk_svc.domain.proposal.propose import FULL_BPS
from risk_svc.domain.terms.required import RequiredGuarantee

ToldReview = Literal["insolvency_notice", "company_closed", "insurer_opinion"]
"""Facts of the credit file that call for a review."""
ReviewKind = (
    Literal["expiry", "exceeded", "usage", "unrated", "no_recent_file", "guarantee_missing"] | ToldReview
)


@dataclass(frozen=True, slots=True)
class PostponeReview:
    """Put off the review of a customer."""

    customer_id: str
    until: date
    text: str


@dataclass(frozen=True, slots=True)
class CreditReview:
    """The last postponement of a customer's review."""

    customer_id: str = ""
    until: date | None = None
    text: str = ""
    postponed_by: str = ""


@dataclass(frozen=True, slots=True)
class ReviewCause:
    """Something that calls for a review on a day, with its reason."""

    kind: ReviewKind
    due_on: date
    reason: Reason


@dataclass(frozen=True, slots=True)
class Renewal:
    """A limit that is approved and begins later."""

    valid_from: date
    valid_until: date | None


def review_of(customer_id: str) -> str:
    """Return the stream of the review of a customer."""
    return with_prefix(customer_id, "crv")


def evolve(state: CreditReview, recorded: Recorded) -> CreditReview:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, CreditReviewPostponed)
    return CreditReview(event.customer_id, event.until, event.text, recorded.actor)


def postpone(state: CreditReview, command: PostponeReview, day: date) -> list[CreditReviewPostponed]:
    """Put off a review; no event if it is, until that day for that reason. Raises :class:`Invalid` for a past day."""
    if command.until <= day:
        raise Invalid("until must be after today.", "/until")
    if (state.until, state.text) == (command.until, command.text):
        return []
    return [
        CreditReviewPostponed(
            credit_review_id=review_of(command.customer_id),
            customer_id=command.customer_id,
            until=command.until,
            text=command.text,
        )
    ]


def causes(
    picture: Picture,
    terms: FormulaTerms | None,
    closed_on: date | None,
    day: date,
    until: date,
    renewals: Sequence[Renewal] = (),
) -> list[ReviewCause]:
    """Return what calls for a review of a customer up to a day, the earliest first.

    Exposure is that of ``day``. A limit ends with the renewals that follow it without a gap. Without a formula, expiry,
    exceeded and missing limits alone call for a review. ``closed_on`` is the day of the last known balance sheet.
    """
    found = []
    limit = picture.limit
    whole = picture.whole(limit.currency if limit else picture.main_currency, day).known
    if limit is None:
        if whole.total_minor > 0:
            found.append(ReviewCause("unrated", day, Reason(code="limit-unset")))
        return found
    ends = _last_day(limit.valid_until, renewals)
    if ends is not None and ends <= until:
        code = "limit-ended" if ends < day else "limit-ends"
        found.append(ReviewCause("expiry", ends, Reason.of(code, last_day=ends)))
    allowed = limit.amount_minor + whole.guaranteed_minor
    if whole.total_minor > allowed:
        above = Money(whole.total_minor - allowed, limit.currency)
        found.append(ReviewCause("exceeded", day, Reason.of("limit-passed", above=above)))
    usage_bps = None if terms is None else terms.usage_bps
    if usage_bps is not None and whole.total_minor * FULL_BPS >= max(1, allowed * usage_bps):
        found.append(ReviewCause("usage", day, Reason.of("limit-used", usage_bps=usage_bps)))
    if terms is not None and terms.file_days is not None:
        due = day if closed_on is None else closed_on + timedelta(days=terms.file_days)
        if due <= until:
            last = Reason.of("figures-old", closed_on=closed_on) if closed_on else None
            found.append(ReviewCause("no_recent_file", due, last or Reason(code="figures-unknown")))
    return sorted(found, key=lambda each: (each.due_on, each.kind))


def guarantee_causes(agreed: Iterable[RequiredGuarantee], day: date, until: date) -> Iterator[ReviewCause]:
    """Yield the agreed guarantees whose last day is not after ``until``, and of which a part is missing."""
    for each in agreed:
        if each.state != "obtained" and each.obtain_by <= until:
            code = "guarantee-overdue" if each.obtain_by < day else "guarantee-awaited"
            reason = Reason.of(code, amount=each.amount, obtained=each.obtained, last_day=each.obtain_by)
            yield ReviewCause("guarantee_missing", each.obtain_by, reason)


def _last_day(last: date | None, renewals: Sequence[Renewal]) -> date | None:
    for each in sorted(renewals, key=lambda one: one.valid_from):
        if last is None or each.valid_from <= last + timedelta(days=1):
            last = each.valid_until
    return last

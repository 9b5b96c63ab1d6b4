"""Answers about reviews of customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Answer
from encours.http.models import BusinessDate
from encours.http.paging import Listing
from encours.http.queries import AsOf
from risk_svc.domain.picture import Picture
from risk_svc.domain.proposal.review import CreditReview, ReviewCause, ReviewKind
from risk_svc.http.customers.answers import LimitOut
from risk_svc.http.reasons import ReasonOut
from risk_svc.use_cases.proposals import REVIEW


class ReviewCauseOut(BaseModel):
    """Something that calls for the review."""

    kind: ReviewKind
    due_on: BusinessDate
    text: str = Field(description="The reason in English.")
    reason: ReasonOut

    @classmethod
    def of(cls, cause: ReviewCause) -> ReviewCauseOut:
        """Return a cause."""
        reason = ReasonOut.of(cause.reason)
        return cls(kind=cause.kind, due_on=cause.due_on, text=reason.en, reason=reason)


class ReviewItem(BaseModel):
    """A customer to review."""

    customer_id: str
    entity_id: str
    name: str
    due_on: BusinessDate
    causes: list[ReviewCauseOut] = Field(description="The earliest first.")
    limit: LimitOut | None

    @classmethod
    def of(cls, picture: Picture, causes: Sequence[ReviewCause], day: date) -> ReviewItem:
        """Return a customer with what calls for its review."""
        return cls(
            customer_id=picture.customer_id,
            entity_id=picture.entity_id,
            name=picture.name,
            due_on=causes[0].due_on,
            causes=[ReviewCauseOut.of(each) for each in causes],
            limit=LimitOut.of(picture.limit, day),
        )


class ReviewDiary(Listing[ReviewItem], AsOf):
    """Customers to review, in the order of their ids. A page may be short; the cursor says if more come."""

    until: BusinessDate


class PostponedReviewOut(BaseModel):
    """Review that is postponed."""

    customer_id: str
    until: BusinessDate
    text: str
    postponed_by: str

    @classmethod
    def of(cls, state: CreditReview) -> PostponedReviewOut:
        """Return the last postponement."""
        assert state.until is not None
        return cls(
            customer_id=state.customer_id,
            until=state.until,
            text=state.text,
            postponed_by=state.postponed_by,
        )


class PostponedReviewAsOf(PostponedReviewOut, AsOf):
    """A postponement at the requested dates."""


REVIEW_ANSWER = Answer(REVIEW, lambda state, *_: PostponedReviewOut.of(state))

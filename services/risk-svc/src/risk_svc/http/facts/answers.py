"""Answers about facts about a customer, and comments on its credit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.events.credit_file import CreditFactKind, CreditFactSource
from encours.http.answers import Answer
from encours.http.models import BusinessDate
from encours.http.paging import Listing
from encours.http.queries import AsOf
from risk_svc.domain.file.comments import CreditComment, CreditComments
from risk_svc.domain.file.facts import CreditFact, CreditFacts
from risk_svc.use_cases.file.facts import CREDIT_COMMENTS, CREDIT_FACTS


class CreditFactOut(BaseModel):
    """A fact about a customer, as it is known."""

    customer_id: str = Field(description="Record that the fact was told of.")
    number: int
    kind: CreditFactKind
    source: CreditFactSource
    observed_on: BusinessDate
    valid_from: BusinessDate | None
    valid_until: BusinessDate | None
    in_force: bool
    text: str
    values: dict[str, str]
    evidence_sha256: list[str]
    reference: str | None = Field(description="Id of a register's record.")
    recorded_by: str
    recorded_at_position: int
    corrections: int
    withdrawn: bool
    last_reason: str | None = Field(description="Reason of the last correction, or of the withdrawal.")

    @classmethod
    def of(cls, fact: CreditFact, day: date) -> CreditFactOut:
        """Return a fact on a day."""
        told = fact.content
        return cls(
            customer_id=fact.customer_id,
            number=fact.number,
            kind=told.kind,
            source=told.source,
            observed_on=told.observed_on,
            valid_from=told.valid_from,
            valid_until=told.valid_until,
            in_force=fact.in_force(day),
            text=told.text,
            values={each.name: each.value for each in told.values},
            evidence_sha256=list(told.evidence_sha256),
            reference=told.reference,
            recorded_by=fact.recorded_by,
            recorded_at_position=fact.position,
            corrections=fact.corrected,
            withdrawn=fact.withdrawn,
            last_reason=fact.last_reason,
        )


class CreditFactsOut(Listing[CreditFactOut]):
    """Facts about a customer."""

    @classmethod
    def of(cls, state: CreditFacts, _: int, day: date) -> CreditFactsOut:
        """Return the facts in the order of their numbers."""
        return cls(data=[CreditFactOut.of(each, day) for each in state.facts], next_cursor=None)


class CreditFactsAsOf(CreditFactsOut, AsOf):
    """Facts at the requested dates, the last observed first; after a command by their numbers."""

    @classmethod
    def shown(cls, facts: Iterable[CreditFact], day: date, echo: dict[str, Any]) -> CreditFactsAsOf:
        """Return facts; ``echo`` holds the dates of the question."""
        return cls(data=[CreditFactOut.of(each, day) for each in facts], next_cursor=None, **echo)


class CreditCommentOut(BaseModel):
    """A comment on a customer's credit."""

    customer_id: str
    number: int
    author: str
    made_on: BusinessDate
    corrected_on: BusinessDate | None
    text: str
    visible_to: list[str]

    @classmethod
    def of(cls, comment: CreditComment) -> CreditCommentOut:
        """Return a comment."""
        return cls(
            customer_id=comment.customer_id,
            number=comment.number,
            author=comment.author,
            made_on=comment.made_on,
            corrected_on=comment.corrected_on,
            text=comment.text,
            visible_to=list(comment.visible_to),
        )


class CreditCommentMadeOut(CreditCommentOut, AsOf):
    """The comment that a command has made or corrected."""


class CreditCommentsAsOf(Listing[CreditCommentOut], AsOf):
    """Comments that the caller may read, the last first."""

    @classmethod
    def shown(cls, comments: Iterable[CreditComment], echo: dict[str, Any]) -> CreditCommentsAsOf:
        """Return comments; ``echo`` holds the dates of the question."""
        return cls(data=[CreditCommentOut.of(each) for each in comments], next_cursor=None, **echo)


def comment_answer(number: int) -> Answer[CreditComments]:
    """Return the answer with one comment: the latest may be another's, whose words are for other roles."""
    return Answer(CREDIT_COMMENTS, lambda state, *_: CreditCommentOut.of(state.comments[number - 1]))


FACTS_ANSWER = Answer(CREDIT_FACTS, CreditFactsOut.of)
COMMENT_ANSWER = comment_answer(0)
"""The comment that was made: the last of the stream at the command's version."""

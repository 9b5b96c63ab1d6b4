"""Comments of people on a customer's credit. Stream: the comments of the customer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.events.credit_file import CreditCommentCorrected, CreditCommentMade
from encours.kernel.errors import NotFound, Refusal
from encours.kernel.ids import with_prefix
from risk_svc.domain.numbered import entry, with_entry

CreditCommentEvent = CreditCommentMade | CreditCommentCorrected


class CreditCommentNotFound(NotFound):
    """The customer has no comment of this number (404)."""

    code = "credit-comment-not-found"
    title = "Comment not found"
    remedy = "Use a number from GET /v1/customers/{customer_id}/credit-comments."


class CorrectsOtherComment(Refusal):
    """The author alone corrects a comment (403)."""

    code = "corrects-other-comment"
    title = "Comment is somebody else's"
    status = 403
    remedy = "Add a comment of your own."


@dataclass(frozen=True, slots=True)
class MakeComment:
    """Comment on a customer's credit."""

    customer_id: str
    text: str
    visible_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectComment:
    """Put an own comment in other words."""

    customer_id: str
    number: int
    text: str
    visible_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreditComment:
    """A comment as it is known."""

    customer_id: str
    number: int
    author: str
    made_on: date
    text: str
    visible_to: tuple[str, ...]
    position: int
    corrected_on: date | None = None

    def visible(self, actor: str, roles: Collection[str]) -> bool:
        """Return True if an actor with roles may read the comment."""
        return not self.visible_to or actor == self.author or not set(roles).isdisjoint(self.visible_to)


@dataclass(frozen=True, slots=True)
class CreditComments:
    """Comments on a customer in the order of their numbers."""

    comments: tuple[CreditComment, ...] = ()


def comments_of(customer_id: str) -> str:
    """Return the stream of the comments on a customer."""
    return with_prefix(customer_id, "cmt")


def evolve(state: CreditComments, recorded: Recorded) -> CreditComments:
    """Return the state after one more event."""
    event: CreditCommentEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case CreditCommentMade():
            made = CreditComment(
                event.customer_id,
                event.comment_number,
                recorded.actor,
                recorded.effective_on,
                event.text,
                event.visible_to,
                recorded.position,
            )
            return CreditComments((*state.comments, made))
        case CreditCommentCorrected():
            text, visible_to, day = event.text, event.visible_to, recorded.effective_on
            corrected = with_entry(
                state.comments,
                event.comment_number,
                lambda known: replace(known, text=text, visible_to=visible_to, corrected_on=day),
            )
            return CreditComments(corrected)
        case _:
            assert_never(event)


def make(state: CreditComments, command: MakeComment) -> CreditCommentMade:
    """Add a comment."""
    return CreditCommentMade(
        credit_comments_id=comments_of(command.customer_id),
        customer_id=command.customer_id,
        comment_number=len(state.comments) + 1,
        text=command.text,
        visible_to=command.visible_to,
    )


def correct(state: CreditComments, command: CorrectComment, *, actor: str) -> list[CreditCommentCorrected]:
    """Correct a comment; no event for the same text.

    Raises :class:`CreditCommentNotFound`, :class:`CorrectsOtherComment`.
    """
    known = entry(state.comments, command.number, CreditCommentNotFound)
    if known.author != actor:
        raise CorrectsOtherComment(f"Comment {command.number} is of {known.author}.")
    if (known.text, known.visible_to) == (command.text, command.visible_to):
        return []
    return [
        CreditCommentCorrected(
            credit_comments_id=comments_of(command.customer_id),
            customer_id=command.customer_id,
            comment_number=command.number,
            text=command.text,
            visible_to=command.visible_to,
        )
    ]

"""Approval of a draft, folded from the invoice's events and their actors."""

from __future__ import annotations

from typing import Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.events.sales.approval import InvoiceApproved, InvoiceRejected, InvoiceSubmitted

ApprovalEvent = InvoiceSubmitted | InvoiceApproved | InvoiceRejected
ApprovalStatus = Literal["none", "submitted", "approved", "rejected"]


class Approval(Struct, frozen=True, gc=False):
    """Progress of a draft. ``authors`` drafted, amended or submitted it, and cannot approve it."""

    status: ApprovalStatus = "none"
    authors: frozenset[str] = frozenset()
    submitted_by: str | None = None
    decided_by: str | None = None
    role: str | None = None
    cause: str | None = None


def of_draft(actor: str) -> Approval:
    """Return the approval of a new draft."""
    return Approval(authors=frozenset({actor}))


def amended(approval: Approval, actor: str) -> Approval:
    """Return the approval of a draft after an amendment: there is none any more."""
    return Approval(authors=approval.authors | {actor})


def decided(approval: Approval, event: ApprovalEvent, actor: str) -> Approval:
    """Return the approval after a submission or a decision."""
    match event:
        case InvoiceSubmitted():
            return Approval(status="submitted", authors=approval.authors | {actor}, submitted_by=actor)
        case InvoiceApproved():
            return replace(approval, status="approved", decided_by=actor, role=event.role)
        case InvoiceRejected():
            return replace(approval, status="rejected", decided_by=actor, cause=event.cause)
        case _:
            assert_never(event)

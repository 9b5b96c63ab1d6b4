"""A reply: what was read, and what a person decided on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.events.dunning.replies import (
    FindingConfirmed,
    FindingRejected,
    FindingStatus,
    ReplyRead,
)
from encours.kernel.errors import NotFound, Refusal
from encours.ledger.states import Folder

ReplyStatus = Literal["open", "done"]
Judged = Literal["confirmed", "rejected"]


class ReplyNotFound(NotFound):
    """The ledger has no reply of this id."""

    code = "reply-not-found"
    title = "Reply not found"
    remedy = "Use an id from GET /v1/replies."


class ReplyMessageNotStored(Refusal):
    """There is no message of the reply in this ledger (404)."""

    code = "reply-message-not-stored"
    title = "Message is not stored"
    status = 404
    remedy = "Get what was read of it: GET /v1/replies/{id}."


@dataclass(frozen=True, slots=True)
class Reply:
    """A message with its findings. ``read`` is None before the first event only."""

    read: ReplyRead | None = None
    entity_id: str = ""
    judged: MappingProxyType[int, Judged] = field(default_factory=lambda: MappingProxyType({}))
    """Decisions of persons by the finding's place, from 1."""
    closed: bool = False

    def status_of(self, finding: int) -> FindingStatus | Judged:
        """Return the status of a finding by its place."""
        assert self.read is not None
        return self.judged.get(finding) or self.read.findings[finding - 1].status

    def promised_invoices(self, finding: int) -> tuple[str, ...]:
        """Return the invoices of a promise among the findings, none for another finding or one that does not exist."""
        found = () if self.read is None else self.read.findings[finding - 1 : finding] if finding else ()
        return found[0].invoice_ids if found and found[0].kind == "promise" else ()

    @property
    def status(self) -> ReplyStatus:
        """Return ``open`` while a person has to decide."""
        assert self.read is not None
        return "open" if not self.closed and needs_person(self.read, self.judged) else "done"


def needs_person(read: ReplyRead, judged: MappingProxyType[int, Judged] | dict[int, Judged]) -> bool:
    """Return True for open findings, for a message of nobody known, and for a reply of which nothing was understood."""
    if read.kind == "automatic":
        return False
    if any(f.status == "open" and n not in judged for n, f in enumerate(read.findings, 1)):
        return True
    if judged:
        return False
    booked = any(f.status == "booked" for f in read.findings)
    return read.customer_id is None or read.kind == "unreadable" or (read.kind == "reply" and not booked)


def _evolve(state: Reply, e: Recorded) -> Reply:
    match e.data:
        case ReplyRead():
            return Reply(e.data, e.entity)
        case FindingConfirmed(finding=finding):
            return replace(state, judged=MappingProxyType(state.judged | {finding: "confirmed"}))
        case FindingRejected(finding=None):
            return replace(state, closed=True)
        case FindingRejected(finding=int() as finding):
            return replace(state, judged=MappingProxyType(state.judged | {finding: "rejected"}))
        case _:
            return state


REPLY = Folder(Reply, _evolve, ReplyNotFound)
"""Replies."""

"""State of a dispute, folded from its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts.common import KeptEvidence
from encours.contracts.events import dispute as events
from encours.contracts.events.sales.dispute import (
    Category,
    DisputeKind,
    DisputeOutcome,
    Outcome,
    ResolvedPart,
)
from encours.kernel.errors import NotFound

DeadlineStatus = Literal["none", "ahead", "near", "missed"]
"""Of an open dispute on a day; ``none`` without a deadline, and after the end."""
Alert = Literal["near", "missed"]


class DisputeNotFound(NotFound):
    """No dispute has the id (404)."""

    code = "dispute-not-found"
    title = "Dispute not found"
    remedy = "Use an id from GET /v1/disputes. The id may belong to another ledger, or to a dispute opened after as_of."


class DisputeEvidenceNotFound(NotFound):
    """The dispute has no such document on the day that is asked about (404)."""

    code = "dispute-evidence-not-found"
    title = "Document not found"
    remedy = "GET the dispute: `evidence` lists the SHA-256 of each of its documents."


@dataclass(frozen=True, slots=True)
class Attached:
    """A document of the dispute; the document itself stays in the event."""

    sha256: str
    name: str | None
    media_type: str | None
    kept: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark, its author and its time."""

    by: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class EndedPart:
    """A part of the amount with its outcome."""

    outcome: Outcome
    amount_minor: int
    on: date
    text: str | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """State of a dispute, for decisions and answers. ``amount_minor`` is all that was ever contested."""

    dispute_id: str = ""
    invoice_id: str = ""
    customer_id: str = ""
    entity_id: str = ""
    kind: DisputeKind = "dispute"
    category: Category = "other"
    code: str | None = None
    code_mapped: bool = False
    amount_minor: int = 0
    currency: str = ""
    text: str = ""
    owner: str | None = None
    answer_by: date | None = None
    alert_on: date | None = None
    alerts: tuple[tuple[Alert, date], ...] = ()
    """Alerts that were given, with the deadline of each."""
    payment_id: str | None = None
    follows: str | None = None
    opened_on: date = date.min
    moved_on: date = date.min
    """Business date of the last change of the contested amount."""
    outcome: DisputeOutcome | None = None
    resolved_as: DisputeOutcome | None = None
    """Outcome of the last resolution, which earlier parts may make a ``split``."""
    resolved_on: date | None = None
    resolution: str | None = None
    parts: tuple[EndedPart, ...] = ()
    comments: tuple[Comment, ...] = ()
    evidence: tuple[Attached, ...] = ()

    @property
    def open_minor(self) -> int:
        """Amount that is still contested, as far as the debtor and the creditor have settled it."""
        return self.amount_minor - sum(part.amount_minor for part in self.parts)

    def ended_minor(self, outcome: Outcome) -> int:
        """Return the amount that has an outcome."""
        return sum(part.amount_minor for part in self.parts if part.outcome == outcome)

    def deadline_status(self, day: date) -> DeadlineStatus:
        """Return how the deadline stands on a day. The last day is in time."""
        if self.answer_by is None or self.outcome is not None:
            return "none"
        if day > self.answer_by:
            return "missed"
        return "near" if self.alert_on is not None and day >= self.alert_on else "ahead"


DisputeEvent = (
    events.DisputeOpened
    | events.DisputeAssigned
    | events.DisputeCommented
    | events.DisputeRaised
    | events.DisputePartResolved
    | events.DisputeResolved
    | events.DisputeDeadlineNear
    | events.DisputeDeadlineMissed
)


def evolve(state: Dispute, recorded: Recorded) -> Dispute:
    """Return the dispute after one more event."""
    event = cast(DisputeEvent, recorded.data)
    day = recorded.effective_on
    match event:
        case events.DisputeOpened():
            return _opened(recorded.entity, day, event)
        case events.DisputeAssigned():
            return replace(state, owner=event.owner, answer_by=event.answer_by, alert_on=event.alert_on)
        case events.DisputeCommented():
            said = Comment(recorded.actor, recorded.recorded_at, event.text)
            return replace(
                state,
                comments=(*state.comments, said),
                evidence=_with(state.evidence, event.evidence),
            )
        case events.DisputeRaised():
            return replace(state, amount_minor=state.amount_minor + event.amount_minor, moved_on=day)
        case events.DisputePartResolved():
            return replace(state, parts=(*state.parts, *_ended(event, day)), moved_on=day)
        case events.DisputeResolved():
            parts = (*state.parts, *_ended(event, day))
            outcomes = {part.outcome for part in parts}
            return replace(
                state,
                parts=parts,
                outcome=parts[0].outcome if len(outcomes) == 1 else "split",
                resolved_as=event.outcome,
                resolved_on=day,
                moved_on=day,
                resolution=event.text,
            )
        case events.DisputeDeadlineNear():
            return replace(state, alerts=(*state.alerts, ("near", event.answer_by)))
        case events.DisputeDeadlineMissed():
            return replace(state, alerts=(*state.alerts, ("missed", event.answer_by)))
        case _:
            assert_never(event)


def ended_parts(event: events.DisputePartResolved | events.DisputeResolved) -> tuple[ResolvedPart, ...]:
    """Return the parts of the amount to which a resolution gives an outcome."""
    if isinstance(event, events.DisputeResolved) and event.outcome == "split":
        return event.parts
    outcome = cast(Outcome, event.outcome)
    return (ResolvedPart(outcome=outcome, amount_minor=event.amount_minor, text=event.text),)


def evidence_of(recorded: Iterable[Recorded], sha256: str, day: date) -> KeptEvidence:
    """Return a document of the dispute as of a day, the one that is kept if there is one.

    Raises :class:`DisputeEvidenceNotFound`.
    """
    found = [
        each
        for e in recorded
        if e.effective_on <= day and isinstance(e.data, events.DisputeOpened | events.DisputeCommented)
        for each in e.data.evidence
        if each.sha256 == sha256
    ]
    if not found:
        raise DisputeEvidenceNotFound(sha256)
    return next((each for each in found if each.document is not None), found[0])


def _opened(entity: str, day: date, event: events.DisputeOpened) -> Dispute:
    return Dispute(
        dispute_id=event.dispute_id,
        invoice_id=event.invoice_id,
        customer_id=event.customer_id,
        entity_id=entity,
        kind=event.kind,
        category=event.category,
        code=event.code,
        code_mapped=event.code_mapped,
        amount_minor=event.amount_minor,
        currency=event.currency,
        text=event.text,
        owner=event.owner,
        answer_by=event.answer_by,
        alert_on=event.alert_on,
        payment_id=event.payment_id,
        follows=event.follows,
        opened_on=day,
        moved_on=day,
        evidence=_with((), event.evidence),
    )


def _ended(event: events.DisputePartResolved | events.DisputeResolved, day: date) -> Iterable[EndedPart]:
    return (
        EndedPart(part.outcome, part.amount_minor, day, part.text or event.text)
        for part in ended_parts(event)
    )


def _with(known: tuple[Attached, ...], more: Iterable[KeptEvidence]) -> tuple[Attached, ...]:
    """Return the documents, each once by its SHA-256."""
    found = {each.sha256: each for each in known}
    for each in more:
        before = found.get(each.sha256)
        kept = each.document is not None or (before is not None and before.kept)
        found[each.sha256] = Attached(each.sha256, each.name, each.media_type, kept)
    return tuple(found.values())

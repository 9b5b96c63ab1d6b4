"""State of a finding: its last dismissal."""

from __future__ import annotations

from datetime import date
from typing import cast

from msgspec import Struct

from encours.contracts import Recorded
from encours.contracts.events.sales.review import FindingDismissed, FindingKind
from encours.kernel.errors import NotFound


class FindingNotFound(NotFound):
    """No finding has the id now (404)."""

    code = "finding-not-found"
    title = "Finding not found"
    remedy = "Use an id from GET /v1/reviews/invoices. A finding ends when its cause does."


class DismissedFinding(Struct, frozen=True):
    """A finding as it was last dismissed."""

    finding_id: str = ""
    kind: FindingKind = "duplicate_invoice"
    entity_id: str = ""
    customer_id: str | None = None
    currency: str | None = None
    amount_minor: int | None = None
    facts: str = ""
    documents: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    cause: str = ""
    actor: str = ""
    dismissed_on: date = date.min


def evolve(state: DismissedFinding, recorded: Recorded) -> DismissedFinding:
    """Return the finding after one more dismissal."""
    event = cast(FindingDismissed, recorded.data)
    return DismissedFinding(
        finding_id=event.finding_id,
        kind=event.kind,
        entity_id=recorded.entity,
        customer_id=event.customer_id,
        currency=event.currency,
        amount_minor=event.amount_minor,
        facts=event.facts,
        documents=event.documents,
        positions=event.positions,
        cause=event.cause,
        actor=recorded.actor,
        dismissed_on=recorded.effective_on,
    )

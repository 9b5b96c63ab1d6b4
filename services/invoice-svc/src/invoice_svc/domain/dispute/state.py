"""State of a dispute, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events import dispute as events
from encours.contracts.events.dispute import Category, Outcome
from encours.kernel.errors import NotFound


class DisputeNotFound(NotFound):
    """No dispute has the id (404)."""

    code = "dispute-not-found"
    title = "Dispute not found"
    remedy = "Use an id from GET /v1/disputes. The id may belong to another ledger, or to a dispute opened after as_of."


@dataclass(frozen=True, slots=True)
class Dispute:
    """State of a dispute, for decisions and answers."""

    dispute_id: str = ""
    invoice_id: str = ""
    customer_id: str = ""
    entity_id: str = ""
    category: Category = "other"
    amount_minor: int = 0
    currency: str = ""
    text: str = ""
    owner: str | None = None
    opened_on: date = date.min
    outcome: Outcome | None = None
    resolved_on: date | None = None
    resolution: str | None = None


DisputeEvent = events.DisputeOpened | events.DisputeResolved


def evolve(state: Dispute, recorded: Recorded) -> Dispute:
    """Return the dispute after one more event."""
    event = cast(DisputeEvent, recorded.data)
    match event:
        case events.DisputeOpened():
            return Dispute(
                dispute_id=event.dispute_id,
                invoice_id=event.invoice_id,
                customer_id=event.customer_id,
                entity_id=recorded.entity,
                category=event.category,
                amount_minor=event.amount_minor,
                currency=event.currency,
                text=event.text,
                owner=event.owner,
                opened_on=recorded.effective_on,
            )
        case events.DisputeResolved():
            return replace(
                state, outcome=event.outcome, resolved_on=recorded.effective_on, resolution=event.text
            )
        case _:
            assert_never(event)

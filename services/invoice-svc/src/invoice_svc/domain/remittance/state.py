"""State of a remittance advice, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events import remittance as events
from encours.kernel.errors import NotFound

AdviceStatus = Literal["announced", "joined", "settled_in_part", "withdrawn", "expired"]


class AdviceNotFound(NotFound):
    """No advice has the id (404)."""

    code = "advice-not-found"
    title = "Remittance advice not found"
    remedy = "Use an id from GET /v1/remittance-advices. The id may belong to another ledger."


@dataclass(frozen=True, slots=True)
class RemittanceAdvice:
    """State of an advice; empty before it was received."""

    entity_id: str = ""
    stated: events.AdviceReceived | None = None
    joined: events.AdviceJoined | None = None
    withdrawn_cause: str | None = None

    def status(self, on: date) -> AdviceStatus:
        """Return the status on a day; an advice that no payment has joined expires by itself."""
        if self.withdrawn_cause is not None:
            return "withdrawn"
        if self.joined is not None:
            return "settled_in_part" if self.joined.differences else "joined"
        assert self.stated is not None, "an advice that exists was received"
        return "expired" if on > self.stated.expires_on else "announced"


AdviceEvent = events.AdviceReceived | events.AdviceJoined | events.AdviceSeparated | events.AdviceWithdrawn


def evolve(state: RemittanceAdvice, recorded: Recorded) -> RemittanceAdvice:
    """Return the advice after one more event."""
    event = cast(AdviceEvent, recorded.data)
    match event:
        case events.AdviceReceived():
            return RemittanceAdvice(recorded.entity, event)
        case events.AdviceJoined():
            return replace(state, joined=event)
        case events.AdviceSeparated():
            return replace(state, joined=None)
        case events.AdviceWithdrawn():
            return replace(state, withdrawn_cause=event.cause)
        case _:
            assert_never(event)

"""A promise: as it was made, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.events.dunning.promises import (
    PromiseBroken,
    PromiseEnd,
    PromiseKept,
    PromiseMade,
    PromiseWithdrawn,
)
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder

PromiseStatus = Literal["open", "kept", "partly_kept", "broken", "withdrawn", "replaced", "not_owed"]
PromiseOutcome = PromiseKept | PromiseBroken | PromiseWithdrawn


class PromiseNotFound(NotFound):
    """No promise has the id at the requested dates (404)."""

    code = "promise-not-found"
    title = "Promise not found"
    remedy = "Use an id from GET /v1/promises."


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise. ``made`` is None before the first event only; ``received_minor`` before it is judged."""

    made: PromiseMade | None = None
    entity_id: str = ""
    made_on: date | None = None
    status: PromiseStatus = "open"
    received_minor: int | None = None
    ended_on: date | None = None
    replaced_by: str | None = None
    end_text: str | None = None

    @property
    def ended(self) -> PromiseEnd | None:
        """Return the end of a promise that is neither judged nor open."""
        match self.status:
            case "withdrawn" | "replaced" | "not_owed":
                return self.status
            case _:
                return None


def status_of(outcome: PromiseOutcome) -> PromiseStatus:
    """Return the status of a promise after an event."""
    match outcome:
        case PromiseKept():
            return "kept"
        case PromiseBroken():
            return "partly_kept" if outcome.received_minor > 0 else "broken"
        case PromiseWithdrawn():
            return outcome.cause


def _evolve(state: Promise, e: Recorded) -> Promise:
    match e.data:
        case PromiseMade():
            return Promise(e.data, e.entity, e.effective_on)
        case PromiseKept() | PromiseBroken() as judged:
            return replace(
                state,
                status=status_of(judged),
                received_minor=judged.received_minor,
                ended_on=e.effective_on,
            )
        case PromiseWithdrawn() as withdrawn:
            return replace(
                state,
                status=status_of(withdrawn),
                ended_on=e.effective_on,
                replaced_by=withdrawn.replaced_by,
                end_text=withdrawn.text,
            )
        case _:
            return state


PROMISE = Folder(Promise, _evolve, PromiseNotFound)
"""Promises."""

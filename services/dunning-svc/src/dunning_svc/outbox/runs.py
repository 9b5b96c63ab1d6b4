"""Closing a run: the event that says that a day's ladders are decided and their effects answered for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from encours.contracts.dunning import RunCompleted
from encours.kernel.ids import derived_uuid, uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent

ACTOR = "service:dunning-svc"


@dataclass(frozen=True, slots=True)
class Run:
    """What a day's run decided."""

    ledger: str
    day: date
    day_event: UUID
    entity: str
    requested: int
    suppressed: int
    tasks: int


def completion_id(ledger: str, day_event: UUID) -> UUID:
    """The command that closes a day's run, the same whoever does it."""
    return derived_uuid("dunning run completed", ledger, day_event)


async def complete(ledger: Ledger, run: Run, pending: int) -> None:
    """Append ``reminder.run_completed``. Repeating it, with whatever counts, changes nothing."""
    command_id = completion_id(run.ledger, run.day_event)
    event = RunCompleted(
        day=run.day, requested=run.requested, suppressed=run.suppressed, tasks=run.tasks, pending=pending
    )
    await ledger.append(
        Append(
            ledger=run.ledger,
            command_id=command_id,
            fingerprint=command_id.bytes,
            events=(NewEvent(f"dunning-{run.day}", 1, event, run.entity, run.day, uuid7()),),
            actor=ACTOR,
            causation_id=run.day_event,
        )
    )

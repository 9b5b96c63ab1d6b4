"""Answer of /v1/ledgers/{name}/clock."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from invoice_svc.clock.setting import ClockStatus


class ClockOut(BaseModel):
    """The clock of a ledger."""

    ledger: str
    today: date | None = Field(description="The business date; null in a sandbox whose clock was never set.")
    target: date | None = Field(
        description="The date that a sandbox's clock is advancing to, or last reached."
    )
    state: Literal["idle", "advancing", "waiting", "failed"]
    day: date | None = Field(description="The day in progress, or the last one processed.")
    error: str | None = Field(description="What the clock is waiting for, and what to do about it.")
    events_recorded: int = Field(description="Imported events that the clock has recorded in the ledger.")
    events_waiting: int | None = Field(
        description="Imported events of later days; null while the clock advances."
    )
    events_until: date | None = Field(description="The day of the last imported event that is waiting.")

    @classmethod
    def of(cls, clock: ClockStatus) -> ClockOut:
        """Return the status of a clock."""
        job, waiting = clock.job, clock.waiting
        return cls(
            ledger=clock.ledger,
            today=clock.today,
            target=job.target if job else None,
            state=job.state if job else "idle",
            day=job.day if job else None,
            error=job.error if job else None,
            events_recorded=job.events_recorded if job else 0,
            events_waiting=waiting.count if waiting else None,
            events_until=waiting.until if waiting else None,
        )

    @classmethod
    def advancing(cls, ledger: str, today: date | None, target: date) -> ClockOut:
        """Return the status just after the command; the same for each repetition of it."""
        return cls(
            ledger=ledger,
            today=today,
            target=target,
            state="advancing",
            day=None,
            error=None,
            events_recorded=0,
            events_waiting=None,
            events_until=None,
        )

"""Answer about a clock."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from invoice_svc.clock.setting import Clock


class ClockOut(BaseModel):
    """The clock of a ledger."""

    ledger: str
    today: date | None = Field(description="The business date; null in a sandbox whose clock was never set.")
    target: date | None = Field(description="Where a sandbox's clock is going, or went last.")
    state: Literal["idle", "advancing", "waiting", "failed"]
    day: date | None = Field(description="The day that is being worked on, or was last.")
    error: str | None = Field(description="What it waits for, and what to do.")
    facts_fed: int = Field(description="Imported facts that the clock has brought into the ledger.")
    facts_waiting: int | None = Field(description="Imported facts of later days; null while the clock moves.")
    facts_until: date | None = Field(description="The day of the last of them.")

    @classmethod
    def of(cls, clock: Clock) -> ClockOut:
        """Return where a clock stands."""
        job, waiting = clock.job, clock.waiting
        return cls(
            ledger=clock.ledger,
            today=clock.today,
            target=job.target if job else None,
            state=job.state if job else "idle",
            day=job.day if job else None,
            error=job.error if job else None,
            facts_fed=job.facts_fed if job else 0,
            facts_waiting=waiting.count if waiting else None,
            facts_until=waiting.until if waiting else None,
        )

    @classmethod
    def advancing(cls, ledger: str, today: date | None, target: date) -> ClockOut:
        """Return a clock that was set in motion just now: equal for every repetition of the command."""
        return cls(
            ledger=ledger,
            today=today,
            target=target,
            state="advancing",
            day=None,
            error=None,
            facts_fed=0,
            facts_waiting=None,
            facts_until=None,
        )

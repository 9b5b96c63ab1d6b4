"""Jobs that advance the clocks of sandboxes, stored so that they continue after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import asyncpg

JobState = Literal["advancing", "waiting", "idle", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """A request to advance a clock to a date, and its progress. ``events_recorded`` counts imported events."""

    ledger: str
    target: date
    state: JobState
    day: date | None
    error: str | None
    events_recorded: int


class JobStore:
    """Reads and writes the table of ``migrations/0011_clock.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def get(self, ledger: str) -> Job | None:
        """Return the job of a ledger; ``None`` if its clock was never set."""
        row = await self.pool.fetchrow(
            "select ledger, target, state, day, error, events_recorded from clock.job where ledger = $1",
            ledger,
        )
        return None if row is None else Job(**row)

    async def unfinished(self) -> list[str]:
        """Return the ledgers whose clock has not reached its target."""
        rows = await self.pool.fetch("select ledger from clock.job where state <> 'idle'")
        return [row["ledger"] for row in rows]

    async def reacted_upto(self, ledger: str, model: str) -> int:
        """Return the last position for which the reactions of a read model are done; 0 before the first."""
        position = await self.pool.fetchval(
            "select position from encours.reaction where ledger = $1 and model = $2", ledger, model
        )
        return position or 0

    async def advance_to(self, ledger: str, target: date) -> None:
        """Set the target unless a later one is set already. Restarts a failed job."""
        await self.pool.execute(
            """insert into clock.job as j (ledger, target, state) values ($1, $2, 'advancing')
               on conflict (ledger) do update set target = greatest(j.target, excluded.target), updated_at = now(),
                 state = 'advancing', error = null""",
            ledger,
            target,
        )

    async def stop(self, ledger: str) -> None:
        """Have the day in progress be the last one."""
        await self.pool.execute(
            """update clock.job set target = least(target, coalesce(day, target)), updated_at = now(), error = null,
                 state = case when day is null then 'idle' else state end
               where ledger = $1 and state <> 'idle'""",
            ledger,
        )

    async def note(
        self, ledger: str, state: JobState, *, day: date | None, error: str | None = None, fed: int = 0
    ) -> None:
        """Store the progress of the job; ``fed`` is the number of events recorded since the last call."""
        await self.pool.execute(
            """update clock.job set state = $2, day = coalesce($3, day), error = $4,
                 events_recorded = events_recorded + $5, updated_at = now() where ledger = $1 and state <> 'idle'""",
            ledger,
            state,
            day,
            error,
            fed,
        )

    async def finish(self, ledger: str, target: date) -> bool:
        """Mark the target as reached. Return False if a later target was set meanwhile."""
        done = await self.pool.fetchval(
            """update clock.job set state = 'idle', error = null, updated_at = now()
               where ledger = $1 and target <= $2 returning true""",
            ledger,
            target,
        )
        return bool(done)

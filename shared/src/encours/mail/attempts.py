"""Delivery attempts, stored durably before each message is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from encours.postgres.own_tables import OwnTables


@dataclass(frozen=True, slots=True)
class Claim:
    """Permission to send a message: number of tries including this one, time since the first, instant of the first.

    ``message_id``: its identity, which says whether the gateway carries it.
    """

    tries: int
    age: timedelta
    first_at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """Stored state of the delivery of one message; ``reminder_id`` is the id of what it is for."""

    reminder_id: str
    state: str
    owner: UUID
    tries: int
    age: timedelta
    first_at: datetime
    outcome: str | None
    outcome_type: str | None
    message_id: str


class Attempts(OwnTables):
    """The table ``encours_effects.attempt`` of one process."""

    def __init__(self, pool: asyncpg.Pool, owner: UUID) -> None:
        super().__init__(pool, ("encours.mail", "attempt.sql"), lock="encours_effects")
        self.owner = owner

    async def claim(self, ledger: str, reminders: Sequence[tuple[str, str]]) -> dict[str, Claim]:
        """Store attempts (reminder, Message-ID); return those that the caller may send, with their earlier tries.

        These are new reminders and deferred ones that are due for a retry; never one whose delivery has started.
        """
        rows = await self._pool.fetch(
            """insert into encours_effects.attempt as a (ledger, reminder_id, message_id, state, owner)
               select $1, r.reminder_id, r.message_id, 'handing', $4
                 from unnest($2::text[], $3::text[]) r(reminder_id, message_id)
               on conflict (ledger, reminder_id) do update
                  set state = 'handing', owner = excluded.owner, tries = a.tries + 1, updated_at = now(),
                      message_id = excluded.message_id
                where a.state = 'deferred' and a.next_try_at <= now()
               returning reminder_id, tries, now() - first_at as age, first_at, message_id""",
            ledger,
            [reminder_id for reminder_id, _ in reminders],
            [message_id for _, message_id in reminders],
            self.owner,
        )
        return {
            row["reminder_id"]: Claim(row["tries"], row["age"], row["first_at"], row["message_id"])
            for row in rows
        }

    async def read(self, ledger: str, reminder_ids: Sequence[str]) -> dict[str, Attempt]:
        """Return the stored attempts of these reminders."""
        rows = await self._pool.fetch(
            """select reminder_id, state, owner, tries, now() - first_at, first_at, outcome, outcome_type, message_id
                 from encours_effects.attempt where ledger = $1 and reminder_id = any($2)""",
            ledger,
            list(reminder_ids),
        )
        return {row["reminder_id"]: Attempt(*row) for row in rows}

    async def defer(self, ledger: str, reminder_id: str, pause_s: float) -> None:
        """Allow another try after a pause: the mail server did not accept the message."""
        await self._pool.execute(
            """update encours_effects.attempt set state = 'deferred', updated_at = now(),
                      next_try_at = now() + make_interval(secs => $3)
                where ledger = $1 and reminder_id = $2 and state = 'handing' and owner = $4""",
            ledger,
            reminder_id,
            pause_s,
            self.owner,
        )

    async def keep_outcome(self, ledger: str, reminder_id: str, outcome_type: str, outcome: str) -> None:
        """Store an outcome until the ledger is available again."""
        await self._pool.execute(
            """update encours_effects.attempt set state = 'answered', outcome_type = $3, outcome = $4,
                      updated_at = now()
                where ledger = $1 and reminder_id = $2 and state = 'handing' and owner = $5""",
            ledger,
            reminder_id,
            outcome_type,
            outcome,
            self.owner,
        )

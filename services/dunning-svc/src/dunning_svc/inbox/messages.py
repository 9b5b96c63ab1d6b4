"""Store of incoming messages: each is kept, whole, before anything is made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import asyncpg

from encours.contracts.events.dunning.replies import ReplySource
from encours.kernel.ids import derived_id


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A stored message."""

    ledger: str
    reply_id: str
    content: bytes
    source: ReplySource
    recipients: tuple[str, ...]
    tries: int = 0


def reply_id_of(ledger: str, message_id: str | None, content: bytes) -> str:
    """Return the id of a message in a ledger: it follows from the Message-ID, or from the bytes without one."""
    return derived_id("rpl", ledger, message_id or hashlib.sha256(content).hexdigest())


async def _migrate(pool: asyncpg.Pool) -> None:
    """Create the tables. Idempotent; several processes may call it at once."""
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(hashtext('encours_effects'))")
        for path in sorted(files("dunning_svc.migrations").iterdir(), key=lambda p: p.name):
            if path.name.endswith(".sql"):
                await conn.execute(path.read_text("utf-8"))


class Messages:
    """The table ``encours_effects.message``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._prepared = False

    async def prepare(self) -> None:
        """Create the tables unless they are there; once in a process."""
        if not self._prepared:
            await _migrate(self._pool)
            self._prepared = True

    async def keep(
        self,
        ledger: str,
        content: bytes,
        message_id: str | None,
        source: ReplySource,
        recipients: Sequence[str] = (),
    ) -> StoredMessage:
        """Store a message durably. One with the same Message-ID is the same message: the first bytes count."""
        reply_id = reply_id_of(ledger, message_id, content)
        row = await self._pool.fetchrow(
            """insert into encours_effects.message as m
                 (ledger, reply_id, message_id, sha256, content, source, recipients)
               values ($1, $2, $3, $4, $5, $6, $7)
               on conflict (ledger, reply_id) do update set reply_id = m.reply_id
               returning content, source, recipients, tries""",
            ledger,
            reply_id,
            message_id,
            hashlib.sha256(content).hexdigest(),
            content,
            source,
            list(recipients),
        )
        assert row is not None
        return StoredMessage(
            ledger,
            reply_id,
            row["content"],
            row["source"],
            tuple(row["recipients"]),
            row["tries"],
        )

    async def unread(self, limit: int) -> list[StoredMessage]:
        """Return stored messages that are due for reading, the oldest first."""
        rows = await self._pool.fetch(
            """select ledger, reply_id, content, source, recipients, tries from encours_effects.message
                where read_at is null and next_try_at <= now() order by next_try_at limit $1""",
            limit,
        )
        return [
            StoredMessage(
                r["ledger"], r["reply_id"], r["content"], r["source"], tuple(r["recipients"]), r["tries"]
            )
            for r in rows
        ]

    async def mark_read(self, ledger: str, reply_id: str) -> None:
        """Note that the event of the message is in the ledger."""
        await self._pool.execute(
            """update encours_effects.message set read_at = now(), problem = null
                where ledger = $1 and reply_id = $2 and read_at is null""",
            ledger,
            reply_id,
        )

    async def put_off(self, ledger: str, reply_id: str, pause_s: float, problem: str) -> None:
        """Try again after a pause."""
        await self._pool.execute(
            """update encours_effects.message set tries = tries + 1, problem = $4,
                      next_try_at = now() + make_interval(secs => $3)
                where ledger = $1 and reply_id = $2""",
            ledger,
            reply_id,
            pause_s,
            problem[:400],
        )

    async def expect_mailbox(self, name: str | None) -> None:
        """Expect from now on that this mailbox is read, and no other."""
        await self._pool.execute("delete from encours_effects.mailbox where name is distinct from $1", name)
        if name is not None:
            await self._pool.execute(
                "insert into encours_effects.mailbox (name) values ($1) on conflict do nothing", name
            )

    async def mark_mailbox_read(self, name: str) -> None:
        """Note that the mailbox was read."""
        await self._pool.execute("update encours_effects.mailbox set read_at = now() where name = $1", name)

    async def mailbox_read_at(self) -> datetime | None:
        """Return the time at which the mailbox was last read, or was first to be read; None without a mailbox."""
        found: datetime | None = await self._pool.fetchval("select min(read_at) from encours_effects.mailbox")
        return found

    async def content(self, ledger: str, reply_id: str) -> bytes | None:
        """Return the bytes of a message."""
        found: bytes | None = await self._pool.fetchval(
            "select content from encours_effects.message where ledger = $1 and reply_id = $2",
            ledger,
            reply_id,
        )
        return found

    async def ledger_of(self, reminder_ids: Sequence[str]) -> str | None:
        """Return the ledger whose reminder the message cites, by the attempts to send it."""
        found: str | None = await self._pool.fetchval(
            """select ledger from encours_effects.attempt where reminder_id = any($1)
                order by first_at limit 1""",
            list(reminder_ids),
        )
        return found

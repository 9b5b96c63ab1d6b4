"""What only the installation's owner does to a ledger."""

from __future__ import annotations

import time

import asyncpg

from encours.ledger.errors import UnknownLedger


def fresh_epoch(after: int = 0) -> int:
    """An epoch that was never used: microseconds since 1970, and above ``after`` even if the clock is wrong."""
    return max(time.time_ns() // 1000, after + 1)


async def new_epoch(connection: asyncpg.Connection, name: str) -> int:
    """After a restore from a backup: positions that consumers hold may now mean other events, so make them
    rebuild. And what the backup shows as pending may have been done after it was taken: nothing up to the head
    causes an effect any more.

    Returns the new epoch. Raises :class:`UnknownLedger`.
    """
    async with connection.transaction():
        row = await connection.fetchrow(
            "select id, epoch from ledger.ledgers where name = $1 for update", name
        )
        if row is None:
            raise UnknownLedger(name)
        epoch = fresh_epoch(row["epoch"])
        await connection.execute(
            """update ledger.ledgers set epoch = $2,
                 effects_from = (select coalesce(max(position), 0) from ledger.event where ledger = $1)
               where id = $1""",
            row["id"],
            epoch,
        )
    return epoch

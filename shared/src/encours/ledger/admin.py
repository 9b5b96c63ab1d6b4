"""Queries and operations that only the owner of an installation performs on its ledgers."""

from __future__ import annotations

import re
import time
from functools import cache
from zoneinfo import available_timezones

import asyncpg

from encours.kernel.errors import Invalid
from encours.kernel.ids import LEDGER_NAME
from encours.ledger.errors import UnknownLedger

_NAME = re.compile(LEDGER_NAME)
_time_zones = cache(available_timezones)


def check_ledger(name: str, time_zone: str) -> None:
    """Raises Invalid unless a ledger may have this name and this time zone.

    PostgreSQL takes more zones than Python does (`europe/paris`, `UTC+3`), and both read a ledger's days by its zone.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"A ledger cannot be named {name!r}: choose lower-case letters, digits, - and _, at most 40, "
            "beginning with a letter or a digit.",
            "/name",
        )
    if time_zone not in _time_zones():
        raise Invalid(
            f"There is no time zone {time_zone!r}: name one of the IANA database as it is written there, "
            "such as Europe/Paris or UTC.",
            "/time_zone",
        )


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


async def setting(connection: asyncpg.Connection, name: str) -> str:
    """Return a setting of the server as it holds for this connection."""
    value: str = await connection.fetchval("select current_setting($1)", name)
    return value


async def all_heads(connection: asyncpg.Connection) -> dict[str, int]:
    """Return the last position of every ledger, by name."""
    rows = await connection.fetch(
        "select l.name, coalesce(max(e.position), 0) as head from ledger.ledgers l "
        "left join ledger.event e on e.ledger = l.id group by l.name order by l.name"
    )
    return {row["name"]: row["head"] for row in rows}

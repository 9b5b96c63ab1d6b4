"""Operations of an installation's owner on its ledgers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from zoneinfo import available_timezones

import asyncpg

from encours.kernel.errors import Invalid
from encours.kernel.ids import LEDGER_NAME
from encours.ledger.errors import UnknownLedger

NAME_USED = "EN003"
"""Error of the database for the name of a ledger that another has or had."""
_NAME = re.compile(LEDGER_NAME)
_time_zones = cache(available_timezones)


def check_ledger(name: str, time_zone: str) -> None:
    """Raise Invalid for a name or a time zone that no ledger can have.

    PostgreSQL accepts more zones than Python does (`europe/paris`, `UTC+3`), and both compute days by a ledger's zone.
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


@contextmanager
def checked_name(name: str) -> Iterator[None]:
    """Raise Invalid if the database refuses the name of a ledger because a dropped sandbox had it."""
    try:
        yield
    except asyncpg.PostgresError as refused:
        if refused.sqlstate != NAME_USED:
            raise
        raise Invalid(
            f"{name} was the name of a sandbox that was dropped, and is not used again.", "/name"
        ) from refused


def fresh_epoch(after: int = 0) -> int:
    """Return an unused epoch: microseconds since 1970, and above ``after`` even if the clock is wrong."""
    return max(time.time_ns() // 1000, after + 1)


async def new_epoch(connection: asyncpg.Connection, name: str) -> int:
    """Start a new epoch after a restore from a backup. Positions of consumers may now be those of other events: they
    rebuild. Work that is pending in the backup may have been done since: events up to the head cause no effects.

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
    """Return a setting of the server as it is in force for this connection."""
    value: str = await connection.fetchval("select current_setting($1)", name)
    return value


async def lock_holders(connection: asyncpg.Connection) -> list[tuple[str, asyncpg.Record]]:
    """Return the service roles' sessions that hold the append lock of a ledger, each with the ledger's name.

    None while the schema is older than the function that finds them.
    """
    try:
        rows = await connection.fetch(
            "select l.name, h.* from ledger.ledgers l cross join lateral ledger.lock_holders(l.id) h order by l.name"
        )
    except asyncpg.UndefinedFunctionError:
        return []
    return [(row["name"], row) for row in rows]


async def all_heads(connection: asyncpg.Connection) -> dict[str, int]:
    """Return the last position of every ledger, by name."""
    rows = await connection.fetch(
        "select l.name, coalesce(max(e.position), 0) as head from ledger.ledgers l "
        "left join ledger.event e on e.ledger = l.id group by l.name order by l.name"
    )
    return {row["name"]: row["head"] for row in rows}

"""Conditions that a ledger must meet before anything is built on it; otherwise the process refuses to start, with
the reason.

At start the last :data:`WINDOW` positions of each ledger are checked, so that a large ledger starts in
seconds too; on a schedule, after a load and in `encours doctor` all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from encours.ledger.migrations import LEDGER_MIGRATIONS
from encours.ledger.migrations.append_rights import types_without_right
from encours.postgres.connection import connect
from encours.postgres.migrations import pending

_log = logging.getLogger(__name__)

WINDOW = 20_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, and what to do about it. With ``refuses`` nothing may be built on such a ledger."""

    what: str
    advice: str
    refuses: bool = True


class SelfCheckFailed(Exception):
    """The ledger can't be relied on; the message says what to do."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(
            "the ledger's self-check failed:\n" + "\n".join(f"- {f.what}: {f.advice}" for f in findings)
        )
        self.findings = tuple(findings)


_RESTORE = (
    "restore the database from a backup, or load an archive (`encours ledger load`), then give it a new epoch"
)
_SETTINGS = {
    "fsync": "set fsync = on in postgresql.conf and restart PostgreSQL",
    "synchronous_commit": "set synchronous_commit = on (or stronger) for the server and the role",
    "full_page_writes": "set full_page_writes = on in postgresql.conf and reload PostgreSQL",
}
_TRIGGERS = """select c.relname, g.name from pg_class c join pg_namespace n on n.oid = c.relnamespace
   cross join (values ('append_only'), ('append_only_rows')) g(name)
  where n.nspname = 'ledger' and c.relname in ('event', 'command') and not exists (select from pg_trigger t
    where t.tgrelid = c.oid and t.tgname = g.name and t.tgenabled = 'A')"""
# $1 ledger, $2 positions above this are looked at
_CHECKS = {
    "positions are not 1..n without a hole": """
      select format('%s events up to position %s', count(*), max(position)) from ledger.event
       where ledger = $1 and position > $2 having count(*) <> coalesce(max(position), $2) - $2
          or coalesce(min(position), $2 + 1) <> $2 + 1""",
    "a stream's versions are not 1..n in the order of positions": """
      select format('%s at position %s', stream, position) from (
        select stream, position, version,
               lag(version) over s as before, lag(position) over s as before_position
          from ledger.event where ledger = $1 and position > $2 window s as (partition by stream order by
          version)) e where (before is null and version > 1 and $2 = 0) or version <> before + 1 or position <
          before_position""",
    "recorded_at goes back": """
      select format('at position %s', position) from (
        select position, recorded_at, lag(recorded_at) over (order by position) as before
          from ledger.event where ledger = $1 and position > $2) e
       where recorded_at < before""",
    "an event lacks its command": """
      select format('at position %s', e.position) from ledger.event e
        left join ledger.command c on c.ledger = e.ledger and c.command_id = e.command_id
       where e.ledger = $1 and e.position > $2
         and (c.command_id is null or e.position not between c.first_position and c.last_position)""",
}
# Needs every command, so only when all is checked.
_COMMANDS = """
  select format('%s claims positions %s to %s', c.command_id, c.first_position, c.last_position)
    from ledger.command c
    left join (select command_id, count(*) as events, min(position) as first, max(position) as last
                 from ledger.event where ledger = $1 group by command_id) e on e.command_id = c.command_id
   where c.ledger = $1 and c.first_position <= c.last_position
     and (c.first_position, c.last_position, c.last_position - c.first_position + 1)
         is distinct from (e.first, e.last, e.events)
   limit 3"""


_AHEAD = """
  select l.name, e.recorded_at from ledger.ledgers l
   cross join lateral (select recorded_at from ledger.event where ledger = l.id order by position desc limit 1) e
   where l.kind = 'live' and e.recorded_at > clock_timestamp() + interval '10 seconds'
     and ($1::text is null or l.name = $1)"""


async def self_check(
    connection: asyncpg.Connection, *, full: bool = False, ledger: str | None = None
) -> list[Finding]:
    """Everything that is wrong; empty when the ledger is sound. Reads only."""
    if missing := await pending(connection, LEDGER_MIGRATIONS):
        return [Finding(f"the ledger's schema lacks {', '.join(missing)}", "run `encours migrate`")]
    if unknown := await types_without_right(connection):
        return [
            Finding(
                f"the ledger refuses events of this release: {', '.join(unknown)}", "run `encours migrate`"
            )
        ]
    findings: list[Finding] = []
    for name, advice in _SETTINGS.items():
        if await connection.fetchval("select current_setting($1)", name) == "off":
            findings.append(Finding(f"{name} is off: a power cut loses what was answered as done", advice))
    for row in await connection.fetch(_TRIGGERS):
        advice = f"alter table ledger.{row[0]} enable always trigger {row[1]}"
        findings.append(Finding(f"ledger.{row[0]} is not protected against changes", advice))
    async with connection.transaction():
        # Everything is read once: a nested loop, chosen while a table has no statistics yet, takes a thousand
        # times as long.
        await connection.execute("set local enable_nestloop = off")
        ledgers = await connection.fetch(
            "select id, name from ledger.ledgers where $1::text is null or name = $1 order by id", ledger
        )
        for ledger_id, name in ledgers:
            findings += await _check_ledger(connection, ledger_id, name, full)
    for name, at in await connection.fetch(_AHEAD, ledger):
        findings.append(
            Finding(
                f"ledger {name}: its last event was recorded at {at:%Y-%m-%d %H:%M:%S} UTC, which is still to come: "
                "the server's clock was ahead, and every event gets that instant until then",
                "set the clock of PostgreSQL's machine by NTP; known_at does not tell these events apart",
                refuses=False,
            )
        )
    return findings


async def _check_ledger(
    connection: asyncpg.Connection, ledger_id: int, name: str, full: bool
) -> list[Finding]:
    head = await connection.fetchval(
        "select coalesce(max(position), 0) from ledger.event where ledger = $1", ledger_id
    )
    after = 0 if full else max(0, head - WINDOW)
    findings = []
    for what, sql in _CHECKS.items():
        if rows := await connection.fetch(f"{sql} limit 3", ledger_id, after):
            findings.append(_wrong(name, what, rows))
    if full and (rows := await connection.fetch(_COMMANDS, ledger_id)):
        findings.append(_wrong(name, "a command claims events that are not its own", rows))
    return findings


def _wrong(ledger: str, what: str, rows: Sequence[asyncpg.Record]) -> Finding:
    return Finding(f"ledger {ledger}: {what} ({'; '.join(row[0] for row in rows)})", _RESTORE)


async def require_sound(dsn: str, *, full: bool = False) -> None:
    """Raise :class:`SelfCheckFailed` unless the ledger is sound. For the start of a process, as its own role."""
    connection = await connect(dsn, application_name="encours self-check")
    try:
        findings = await self_check(connection, full=full)
    finally:
        await connection.close()
    require(findings)


def require(findings: Sequence[Finding]) -> None:
    """Raise :class:`SelfCheckFailed` for findings that refuse; log the others."""
    if refused := [finding for finding in findings if finding.refuses]:
        raise SelfCheckFailed(refused)
    for finding in findings:
        _log.warning("%s: %s", finding.what, finding.advice)

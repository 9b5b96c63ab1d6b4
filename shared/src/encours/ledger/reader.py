"""Reading the ledger: streams, pages in the order of positions, heads, commands.

Reads are repeated when their connection breaks; they change nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from encours.contracts import Recorded, decoder
from encours.contracts.events.aside import STREAM as SET_ASIDE_STREAM
from encours.contracts.events.aside import EventSetAside
from encours.ledger.digest import DIGEST_SQL
from encours.ledger.errors import EventUnreadable, LedgerDropped, LedgerUnavailable
from encours.ledger.model import Head, LedgerInfo, StoredCommand
from encours.postgres.connection import is_lost

COLUMNS = (
    "position, stream, version, type, schema_version, entity, event_id, effective_on, recorded_at, "
    "actor, reason, correlation_id, causation_id, traceparent, command_id, data"
)
_STREAM = f"""select {COLUMNS} from ledger.event
  where ledger + 0 = $1 and stream = $2 and version > $3 and ($4::bigint is null or position <= $4)
  order by version"""
_STREAMS = f"""select {COLUMNS} from unnest($2::text[]) s(name)
  cross join lateral (select * from ledger.event e
    where e.ledger + 0 = $1 and e.stream = s.name and ($3::bigint is null or e.position <= $3)
    order by e.version) e"""
_PAGE = f"""select {COLUMNS} from ledger.event
  where ledger = $1 and position > $2 and position <= coalesce($4::bigint, 9223372036854775807)
  order by position limit $3"""
_PAGE_OF_TYPES = f"""select {COLUMNS} from ledger.event
  where ledger = $1 and position > $2 and type = any($4::text[]) order by position limit $3"""
_HEAD_AND_LAST = """select coalesce(e.position, 0), case
    when e.position - $2 > $4 then e.position
    else coalesce((select c.position from ledger.event c
      where c.ledger = $1 and c.position > $2 and c.position <= e.position and c.type = any($3::text[])
      order by c.position desc limit 1), 0)
  end from (select) one left join lateral (select position from ledger.event
    where ledger = $1 order by position desc limit 1) e on true"""
_VERSIONS = """select s.name, coalesce(e.version, 0) from unnest($2::text[]) s(name)
  left join lateral (select version from ledger.event e
    where e.ledger + 0 = $1 and e.stream = s.name order by version desc limit 1) e on true"""
HEADS = """select l.name, coalesce(e.position, 0), l.epoch, e.recorded_at from ledger.ledgers l
  left join lateral (select position, recorded_at from ledger.event
    where ledger = l.id order by position desc limit 1) e on true"""
_COMMAND = """select command_id, fingerprint, first_position, last_position, answer from ledger.command
  where ledger = $1 and command_id = $2"""
_LEDGERS = """select l.id, l.name, l.epoch, l.kind, l.time_zone, l.clock_at, l.effects_from, l.created_at, s.source
  from ledger.ledgers l left join ledger.sandbox s on s.id = l.id
 where $1::text is null or l.name = $1 order by l.name"""
SET_ASIDE = f"select data from ledger.event where ledger + 0 = $1 and stream = '{SET_ASIDE_STREAM}'"
UNREADABLE = (msgspec.ValidationError, msgspec.DecodeError)
"""Failures to decode the bytes of an event whose type and version are known."""
_aside = msgspec.json.Decoder(EventSetAside)
_PAUSES_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)


def set_aside_in(rows: Iterable[Any]) -> set[int]:
    """Positions that the rows of :data:`SET_ASIDE` set aside."""
    return {_aside.decode(row["data"]).position for row in rows}


def recorded(ledger: str, row: Any) -> Recorded:
    """A row of :data:`COLUMNS` with its payload decoded. Raises UnknownType or NewerVersion."""
    type_name, schema_version = row["type"], row["schema_version"]
    return Recorded(
        ledger=ledger,
        position=row["position"],
        stream=row["stream"],
        version=row["version"],
        type=type_name,
        schema_version=schema_version,
        entity=row["entity"],
        event_id=row["event_id"],
        effective_on=row["effective_on"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        reason=row["reason"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        traceparent=row["traceparent"],
        command_id=row["command_id"],
        data=decoder(type_name, schema_version)(row["data"]),
    )


class Reader:
    """All queries on the ledger's tables."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Rows of a read. Raises :class:`LedgerUnavailable` when the ledger stays away for over a second."""
        last: BaseException | None = None
        for pause in _PAUSES_S:
            if last is not None:
                await asyncio.sleep(pause)
            try:
                rows: list[asyncpg.Record] = await self._pool.fetch(sql, *arguments)
                return rows
            except Exception as error:
                if not is_lost(error):
                    raise
                last = error
        raise LedgerUnavailable(f"The ledger can't be read at the moment ({type(last).__name__}).") from last

    async def stream(
        self, ledger: LedgerInfo, stream: str, after_version: int, upto: int | None
    ) -> list[Recorded]:
        """Events of one stream in order."""
        rows = await self.fetch(_STREAM, ledger.id, stream, after_version, upto)
        return await self._decoded(ledger, rows)

    async def streams(
        self, ledger: LedgerInfo, streams: Iterable[str], upto: int | None
    ) -> dict[str, list[Recorded]]:
        """Events of several streams, each in order."""
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        for event in await self._decoded(ledger, await self.fetch(_STREAMS, ledger.id, list(found), upto)):
            found[event.stream].append(event)
        return found

    async def _decoded(self, ledger: LedgerInfo, rows: Sequence[Any]) -> list[Recorded]:
        """Events of whole streams, without those that were set aside. Raises :class:`EventUnreadable`."""
        try:
            return [recorded(ledger.name, row) for row in rows]
        except UNREADABLE:
            aside = set_aside_in(await self.fetch(SET_ASIDE, ledger.id))
        events: list[Recorded] = []
        left_out: dict[str, int] = {}
        for row in rows:
            try:
                events.append(recorded(ledger.name, row))
                left_out.pop(row["stream"], None)
            except UNREADABLE as error:
                if row["position"] not in aside:
                    raise EventUnreadable(row["stream"], row["position"], row["type"], str(error)) from error
                left_out[row["stream"]] = row["version"]
        # The stream's version counts what was left out at its end: the next event follows it.
        last = {event.stream: at for at, event in enumerate(events)}
        for stream in left_out.keys() & last.keys():
            events[last[stream]] = replace(events[last[stream]], version=left_out[stream])
        return events

    async def page(
        self, ledger_id: int, after: int, limit: int, upto: int | None = None
    ) -> list[asyncpg.Record]:
        """Rows with positions in ``(after, upto]``, at most ``limit``."""
        return await self.fetch(_PAGE, ledger_id, after, limit, upto)

    async def page_of_types(
        self, ledger_id: int, after: int, limit: int, types: Iterable[str]
    ) -> list[asyncpg.Record]:
        """Rows of these types with positions above ``after``, at most ``limit``."""
        return await self.fetch(_PAGE_OF_TYPES, ledger_id, after, limit, sorted(types))

    async def head_and_last(
        self, ledger_id: int, types: Sequence[str], after: int, limit: int
    ) -> tuple[int, int]:
        """The head, and the last position after ``after`` of an event of these types: 0 without one, the head if more
        than ``limit`` events would have to be looked at."""
        head, last = (await self.fetch(_HEAD_AND_LAST, ledger_id, after, types, limit))[0]
        return head, last

    async def digest(self, ledger_id: int, after: int, upto: int) -> bytes | None:
        """Digest of the rows with positions in ``(after, upto]``; None when there are none."""
        found: bytes | None = (await self.fetch(DIGEST_SQL, ledger_id, after, upto))[0][0]
        return found

    async def versions(self, ledger_id: int, streams: Sequence[str]) -> dict[str, int]:
        """Head version by stream, 0 where there is none."""
        return {row[0]: row[1] for row in await self.fetch(_VERSIONS, ledger_id, list(streams))}

    async def head(self, ledger_id: int) -> Head:
        """The last position now. Raises LedgerDropped."""
        rows = await self.fetch(f"{HEADS} where l.id = $1", ledger_id)
        if not rows:
            raise LedgerDropped
        _, *head = rows[0]
        return Head(*head)

    async def position_at(self, ledger_id: int, instant: datetime) -> int:
        """The last position recorded at or before the instant."""
        return int((await self.fetch("select ledger.position_at($1, $2)", ledger_id, instant))[0][0])

    async def has_series(self, ledger_id: int, entity: str, code: str, year: int) -> bool:
        """Return True if a number of the series was given in that year."""
        rows = await self.fetch(
            "select from ledger.series where ledger = $1 and entity = $2 and code = $3 and year = $4",
            ledger_id, entity, code, year,
        )  # fmt: skip
        return bool(rows)

    async def command(self, ledger_id: int, command_id: UUID) -> StoredCommand | None:
        """Return what is recorded under the id."""
        rows = await self.fetch(_COMMAND, ledger_id, command_id)
        return StoredCommand(*rows[0]) if rows else None

    async def ledgers(self, name: str | None = None) -> list[LedgerInfo]:
        """All ledgers, or the one of that name."""
        return [LedgerInfo(*row) for row in await self.fetch(_LEDGERS, name)]

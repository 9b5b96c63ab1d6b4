"""Client of the ledger, one per process: appends through the group commit, reads through a small pool."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from encours.contracts import Recorded
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.ids import uuid7
from encours.ledger.admin import check_ledger, checked_name
from encours.ledger.appending.appender import Appender
from encours.ledger.appending.connection import rehearse
from encours.ledger.appending.wire import Prepared
from encours.ledger.errors import EventUnreadable, UnknownLedger
from encours.ledger.heads import Heads
from encours.ledger.model import Append, Appended, Clock, Head, LedgerInfo, LedgerKind, StoredCommand
from encours.ledger.reader import Reader, recorded
from encours.ledger.selfcheck import require_sound
from encours.ledger.states import Folded, Folder, StateCache
from encours.postgres.connection import close_pool, is_lost, open_pool

_log = logging.getLogger(__name__)

_AHEAD_S = 10.0
_INFO_S = 1.0
"""Time for which the properties of a ledger (epoch, effects_from) are cached."""


CREDITORS_MAX = 10_000
"""Customers of which a process remembers the legal entity."""
READERS = 3
"""Connections that read. All reads are short, so that a burst is through sooner on a few than with new ones: opening a
connection and planning its first statements takes as long as twenty reads, on processors that the burst needs."""


class _Numbered(msgspec.Struct):
    number: str | None = None


_numbered = msgspec.json.Decoder(_Numbered)


class Ledger:
    """Ledgers of one database. Make it with :meth:`open`."""

    def __init__(self, pool: asyncpg.Pool, appender: Appender) -> None:
        self._pool = pool
        self._appender = appender
        self._reader = Reader(pool)
        self._heads = Heads(self._reader)
        self._warn_again_at = 0.0
        self._checked_at: datetime | None = None
        self._infos: dict[str, tuple[float, LedgerInfo]] = {}
        self._listed_at = -math.inf
        self._listed: list[LedgerInfo] = []
        self._names: dict[int, str] = {}
        self._zones: dict[tuple[str, str], str] = {}
        self._creditors: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._listeners: list[Callable[[str, int], None]] = []
        self.states = StateCache()
        appender.listeners.append(self._appended)

    @classmethod
    async def open(cls, dsn: str, *, readers: int = READERS, check: bool = False) -> Ledger:
        """Make a client that connects at its first use, and reconnects by itself.

        ``check`` is for processes of services: it raises SelfCheckFailed if the ledger fails its self-check. An
        unavailable server does not prevent the start.
        """
        if check:
            try:
                await require_sound(dsn)
            except Exception as error:
                if not is_lost(error):
                    raise
        return cls(await open_pool(dsn, "encours ledger reader", size=readers), Appender(dsn))

    async def close(self) -> None:
        """Store the waiting appends, then disconnect."""
        await self._appender.close()
        await close_pool(self._pool)

    def on_appended(self, listener: Callable[[str, int], None]) -> None:
        """Call ``listener(ledger name, head)`` after each batch stored by this process. It must not block."""
        self._listeners.append(listener)

    def _appended(self, ledger_id: int, head: int) -> None:
        self._heads.note(ledger_id, head)
        name = self._names.get(ledger_id)
        if name is not None:
            for listener in self._listeners:
                listener(name, head)

    async def append(self, append: Append, *, submit: Callable[[Prepared], None] | None = None) -> Appended:
        """Store the events of a command, all or none. A repetition with the same id and fingerprint gets the first
        result. ``submit`` queues it in another way than alone (:mod:`encours.ledger.in_order`).

        Raises VersionConflict, CommandReused, IssueDateBeforeLast, FamilyRefused, UnknownLedger;
        LedgerUnavailable if the ledger is unavailable or overloaded (the outcome is unknown until the command is
        repeated).
        """
        known = self._infos.get(append.ledger)
        info = known[1] if known is not None else await self._known(append.ledger)
        item = Prepared(append, info.id, asyncio.get_running_loop())
        (submit or self._appender.submit)(item)
        result = await item.done
        if info.kind == "live":
            self._warn_of_clock(info.name, result.recorded_at)
        return await self._replayed(append, result) if result.replayed else result

    def submit_together(self, items: Sequence[Prepared]) -> None:
        """Queue appends of one ledger, to be stored by one batch in their order. Raises LedgerUnavailable."""
        self._appender.submit_together(items)

    def _warn_of_clock(self, ledger: str, recorded_at: datetime) -> None:
        """Log, once a minute, that a ledger's time is ahead of this machine's: it never goes back."""
        if recorded_at is self._checked_at:
            return  # it was stored by the same batch
        self._checked_at = recorded_at
        now = time.time()
        if recorded_at.timestamp() > now + _AHEAD_S and now >= self._warn_again_at:
            self._warn_again_at = now + 60
            _log.warning(
                "ledger %s records at %s, ahead of this machine's clock: a clock was or is wrong (encours doctor)",
                ledger,
                recorded_at,
            )

    async def rehearse(self, append: Append) -> Appended:
        """Return the result that :meth:`append` would have now, without storing it. Raises as it would."""
        ledger_id = (await self._known(append.ledger)).id
        fresh = msgspec.structs.replace(
            append, command_id=uuid7()
        )  # what the id was used for before is no matter
        return await rehearse(self._pool, Prepared(fresh, ledger_id, asyncio.get_running_loop()))

    async def _replayed(self, append: Append, result: Appended) -> Appended:
        rows = await self.read_raw(
            append.ledger, result.first_position - 1, result.last_position - result.first_position + 1
        )
        return Appended(
            result.first_position,
            result.last_position,
            rows[-1]["recorded_at"] if rows else result.recorded_at,
            tuple(_numbered.decode(row["data"]).number for row in rows),
            result.answer,
            True,
            result.head,
        )

    async def read_stream(
        self, ledger: str, stream: str, *, after_version: int = 0, upto: int | None = None
    ) -> list[Recorded]:
        """Return events of a stream in order, with a version above ``after_version``, up to the ledger position
        ``upto``.
        """
        return await self._reader.stream(await self._known(ledger), stream, after_version, upto)

    async def read_streams(
        self, ledger: str, streams: Iterable[str], *, upto: int | None = None
    ) -> dict[str, list[Recorded]]:
        """Return the events of several streams, by one query; an unknown stream has none."""
        return await self._reader.streams(await self._known(ledger), streams, upto)

    async def preload(self, ledger: str, folders: Mapping[str, Folder[Any]]) -> None:
        """Read streams by one query and keep their states for the commands that load them next.

        ``folders`` has the folder of each stream. The append checks the versions of these states as of any kept one.
        If one stream cannot be read, none is kept, and the command that loads that one is refused.
        """
        epoch = (await self.info(ledger)).epoch
        try:
            streams = await self.read_streams(ledger, folders)
        except EventUnreadable:
            return
        for stream, folder in folders.items():
            folded: Folded[Any] = Folded(folder.initial(), 0, None)
            if events := streams.get(stream):
                folded = Folded(folder.fold(events), events[-1].version, events[-1].entity)
            self.states.put((ledger, epoch, stream, folder), folded)

    async def versions(self, ledger: str, streams: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream, 0 for an unknown one."""
        return await self._reader.versions((await self._known(ledger)).id, streams)

    async def read_raw(
        self, ledger: str, after: int, limit: int, *, upto: int | None = None
    ) -> list[asyncpg.Record]:
        """Return a page of rows (``reader.COLUMNS``) with positions above ``after``, payloads as stored bytes."""
        return await self._reader.page((await self._known(ledger)).id, after, limit, upto)

    async def digest(self, ledger: str, after: int, upto: int) -> bytes | None:
        """Digest (``digest_of``) of the ledger's own events with positions in ``(after, upto]``; None without any."""
        return await self._reader.digest((await self._known(ledger)).id, after, upto)

    async def read(self, ledger: str, after: int, limit: int) -> list[Recorded]:
        """Return a page of decoded events with positions above ``after``."""
        return [recorded(ledger, row) for row in await self.read_raw(ledger, after, limit)]

    async def read_types(self, ledger: str, types: Iterable[str], after: int, limit: int) -> list[Recorded]:
        """Return a page of decoded events of these types with positions above ``after``."""
        rows = await self._reader.page_of_types((await self._known(ledger)).id, after, limit, types)
        return [recorded(ledger, row) for row in rows]

    async def head_and_last(
        self, ledger: str, types: Sequence[str], *, after: int, limit: int
    ) -> tuple[int, int]:
        """Return the last position, and that of the last event of these types if it is beyond ``after``, else 0.

        The head is returned for both if it is more than ``limit`` events beyond ``after``.
        """
        known = await self._known(ledger)
        head, last = await self._reader.head_and_last(known.id, types, after, limit)
        self._heads.note(known.id, head)
        return head, last

    async def query(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run another query on the ledger's tables, with retries after a lost connection."""
        return await self._reader.fetch(sql, *arguments)

    async def head(self, ledger: str) -> Head:
        """Return the last position from the database; concurrent calls share one query."""
        return await self._heads.now((await self._known(ledger)).id)

    def head_seen(self, ledger: str) -> int:
        """Return the last position that this process has seen, or 0, without a query."""
        known = self._infos.get(ledger)
        return 0 if known is None else self._heads.seen(known[1].id)

    async def position_at(self, ledger: str, instant: datetime) -> int:
        """Return the last position that was recorded at or before an instant; 0 before the first."""
        return await self._reader.position_at((await self._known(ledger)).id, instant)

    async def has_given_numbers(self, ledger: str, entity: str, code: str, year: int) -> bool:
        """Return True if a series has given a number in that year."""
        return await self._reader.has_series((await self._known(ledger)).id, entity, code, year)

    async def find_command(self, ledger: str, command_id: UUID) -> StoredCommand | None:
        """Return the stored command of an id, if any."""
        return await self._reader.command((await self._known(ledger)).id, command_id)

    async def info(self, name: str, *, fresh: bool = False) -> LedgerInfo:
        """Return a ledger by name, from a cache of one second unless ``fresh``. Raises :class:`UnknownLedger`."""
        now = time.monotonic()
        at, info = self._infos.get(name, (0.0, None))
        if info is not None and not fresh:
            if now - at < _INFO_S:
                return info
            self._infos[name] = (now, info)  # one asks; who comes while it does may go on with what is known
        found = await self._reader.ledgers(name)
        if not found:
            self._infos.pop(name, None)  # of a sandbox that was dropped
            raise UnknownLedger(name)
        self._infos[name] = (time.monotonic(), found[0])
        self._names[found[0].id] = name
        return found[0]

    async def _known(self, name: str) -> LedgerInfo:
        """Return a ledger for its id and name, which never change, from the cache."""
        known = self._infos.get(name)
        return known[1] if known is not None else await self.info(name)

    async def ledgers(self, *, within_s: float = 0.0) -> list[LedgerInfo]:
        """Return all ledgers by name, from a list that was read less than ``within_s`` ago.

        So the loops of a process, which look at every ledger again and again, share one query.
        """
        if time.monotonic() - self._listed_at >= within_s:
            now = time.monotonic()
            self._listed = await self._reader.ledgers()
            self._listed_at = now
        return self._listed

    async def clock(self, ledger: str) -> Clock:
        """Return the wall clock, or that of a sandbox if set, and its date in the ledger's zone."""
        info = await self.info(ledger)
        if info.kind == "sandbox":
            info = await self.info(ledger, fresh=True)
        now = info.clock_at or datetime.now(UTC)
        return Clock(now, now.astimezone(ZoneInfo(info.time_zone)).date())

    async def today(self, ledger: str) -> date:
        """Return the business date: that of the wall clock in the ledger's zone, or of a sandbox's clock."""
        return (await self.clock(ledger)).today

    async def today_of(self, ledger: str, entity: str) -> date:
        """Return the business date of a legal entity, in its own zone."""
        return (await self.clock(ledger)).day_in(await self.zone_of(ledger, entity))

    async def zone_of(self, ledger: str, entity: str) -> str | None:
        """Return the time zone of a legal entity, which never changes; None for one that is not registered."""
        zone = self._zones.get((ledger, entity))
        if zone is None:
            for event in await self.read_stream(ledger, entity) if entity else ():
                if isinstance(event.data, EntityRegistered):
                    zone = self._zones[ledger, entity] = event.data.time_zone
        return zone

    async def creditor_of(self, ledger: str, customer_id: str) -> str | None:
        """Return the legal entity of a customer, which never changes; None for one that is not registered."""
        entity = self._creditors.get((ledger, customer_id))
        if entity is None and (events := await self.read_stream(ledger, customer_id)):
            entity = self._creditors[ledger, customer_id] = events[0].entity
            if len(self._creditors) > CREDITORS_MAX:
                self._creditors.popitem(last=False)
        return entity

    async def create_ledger(
        self, name: str, kind: LedgerKind, time_zone: str, *, clock_at: datetime | None = None
    ) -> LedgerInfo:
        """Create a ledger, or return the one with the name. ``clock_at`` starts the clock of a sandbox; without it the
        sandbox runs on wall time until an append sets its clock, which cannot be before the last recorded event.

        Raises Invalid for a name or a time zone that no ledger can have.
        """
        check_ledger(name, time_zone)
        with checked_name(name):
            await self._reader.fetch(
                "select ledger.create_ledger($1, $2, $3, $4)", name, kind, time_zone, clock_at
            )
        return await self.info(name, fresh=True)

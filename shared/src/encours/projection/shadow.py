"""Shadow tables, which a rebuild fills beside the live ones, in one of three ways.

* *mapped*: rows from each event by itself, sums by PostgreSQL (:class:`~encours.projection.read_model.MappedModel`);
* *folded*: event by event with the rows in memory, each row written once;
* *careful*: batch by batch as in the live path, which parks the streams of rows that the database refuses.

The first two raise :class:`Refused` for a history that they cannot build, and the rebuild begins again in the next way.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Literal, cast

import asyncpg

from encours.kernel.tasks import end
from encours.ledger.stored import StoredEvent
from encours.projection.apply import apply
from encours.projection.binary import copy_rows
from encours.projection.bulk import PAGE, BulkReader
from encours.projection.hashing import Hashed, WrittenHash
from encours.projection.mapping import Unmappable, map_events, sum_entries, sum_up
from encours.projection.parking import Parking
from encours.projection.projector import (
    UNWRITABLE,
    Projection,
    StopBefore,
    create_indexes,
    create_tables,
    run_together,
)
from encours.projection.read_model import Conn, MappedModel, ReadModel
from encours.projection.rows import Row, table_of
from encours.projection.schemas import shadow_of

Way = Literal["mapped", "folded", "careful"]
WAYS: tuple[Way, ...] = ("mapped", "folded", "careful")
ROWS_IN_MEMORY = 250_000
"""Rows per table in memory while folding; further ones are in the shadow tables alone."""
FINAL_IN_MEMORY = 10_000
"""Rows of a table that wait for one COPY where no later event reads them."""
SLICE = 1_000
"""Events folded before the event loop may receive more of the next page."""
CAREFUL_PAGE = 1_000
UNDISTURBED = 200_000
"""Events from which on autovacuum leaves the tables alone until they are complete. In the minutes that they take it
would read what was added again and again, and there is nothing to clean up."""


_REFUSED: tuple[type[BaseException], ...] = (Unmappable, *UNWRITABLE)


class Refused(Exception):
    """This way cannot build the model from this history; the next one can."""


@contextmanager
def _without_gc() -> Iterator[None]:
    """Suspend garbage collection: folding makes no reference cycles, and collections take a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Shadow:
    """Tables of a model under construction. ``position`` is that of their last event."""

    def __init__(
        self,
        reader: BulkReader,
        conn: asyncpg.Connection,
        model: ReadModel,
        ledger: str,
        way: Way,
        rows_in_memory: int,
        helper: asyncpg.Connection | None = None,
    ) -> None:
        self.reader, self.conn, self.model, self.ledger, self.way = reader, conn, model, ledger, way
        self.schema = shadow_of(model.name, ledger)
        self.hashed: dict[type[Row], Hashed] = {}
        self._in_order: dict[type[Row], WrittenHash] = {}
        self._helper = helper
        self._indexing: dict[type[Row], asyncio.Task[None]] = {}
        """Tables whose indexes and statistics are made on the helping connection while others are filled."""
        self._summing: asyncio.Task[None] | None = None
        self.projection = Projection(model, self.schema, Parking())
        self.position = 0
        self._limit = rows_in_memory
        self._undisturbed = False
        self._stored: set[str] = set()  # tables that hold rows already, and keys that exist

    async def fill(self, upto: int) -> StopBefore | None:
        """Create the tables and fill them up to a position; return why it stopped short of it.

        Raises :class:`Refused`, and :class:`StopBefore` in the careful way.
        """
        await create_tables(self.conn, self.schema, self.model, keys=self.way == "careful")
        if upto >= UNDISTURBED:
            await self._alter_tables("set (autovacuum_enabled = false)")
            self._undisturbed = True
        if self.way == "careful":
            self._stored = {f"{row.TABLE} key" for row in self.model.rows}
            self.model.on_left_out(self.reader.beheaded, self.projection.rows)
            await self.projection.write(self.conn)
            self.projection.forget()
            await self._fill_carefully(upto)
            return None
        self.projection.rows.assume_empty()
        self.model.on_left_out(self.reader.beheaded, self.projection.rows)
        stop = None
        with _without_gc():
            if self.way == "folded":
                stop = await self._fold(upto)
            else:
                await self._map(upto)
        for row_type, each in self._in_order.items():
            if each.rows is not None:
                self.hashed[row_type] = Hashed(self.position, each.rows)
        return stop

    async def finish(self) -> None:
        """Create keys, indexes and statistics, and run the daily step for all days that were opened."""
        with self._refusing():
            await self._create_keys(self.model.rows)
            await self._index(self.conn, [row for row in self.model.rows if row not in self._indexing])
            await asyncio.gather(*self._indexing.values())
        if self._undisturbed:
            await self._alter_tables("reset (autovacuum_enabled)")
        async with self.conn.transaction():
            await self.projection.run_daily_step(self.conn)
        self.projection.forget()  # the daily step has changed rows

    async def _alter_tables(self, change: str) -> None:
        await self.conn.execute(
            "; ".join(f"alter table {self.schema}.{row_type.TABLE} {change}" for row_type in self.model.rows)
        )

    async def _index_after(
        self, summed: Awaitable[None], conn: asyncpg.Connection, row_type: type[Row]
    ) -> None:
        await summed
        await self._index(conn, [row_type])

    async def _index(self, conn: asyncpg.Connection, row_types: list[type[Row]]) -> None:
        await create_indexes(conn, self.schema, row_types)
        if row_types:
            tables = ", ".join(f"{self.schema}.{row_type.TABLE}" for row_type in row_types)
            await conn.execute(f"analyze {tables}")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except UNWRITABLE as error:
            if self.way == "careful":
                raise
            raise Refused from error

    async def close(self) -> None:
        """Drop the tables, unless they have replaced the live ones."""
        await end([*self._indexing.values(), *([self._summing] if self._summing else [])])
        if not self.conn.is_closed():
            await self.conn.execute(f"drop schema if exists {self.schema} cascade")

    async def catch_up(self, upto: int) -> None:
        """Continue to a position of the live model. Raises :class:`StopBefore`, :class:`Refused`."""
        async for position, events in self.reader.pages(self.position, upto, self.projection.wanted):
            if self.way == "careful":
                await self._apply(events)
            else:
                async with self.conn.transaction():
                    _raise(await self.projection.fold(self.conn, events))
                    try:
                        await self.projection.write(self.conn)
                    except UNWRITABLE as error:
                        raise Refused from error
                    days_opened = bool(self.projection.days)
                    await self.projection.run_daily_step(self.conn)
                if days_opened:
                    self.projection.forget()
                else:
                    self.projection.rows.mark_written(self._limit)
            self.position = position

    # Mapped.

    async def _map(self, upto: int) -> None:
        model = cast("MappedModel", self.model)
        try:
            # Positions only rise, so that the key costs little now.
            await self._key(model.entry.TABLE)
            pages = self.reader.groups(0, upto, self.projection.wanted)
            hashed = await map_events(self.conn, self.schema, model, pages, self._fold_some)
            self.hashed[model.entry] = Hashed(upto, hashed)
            self._summing = asyncio.create_task(sum_entries(self._helper or self.conn, self.schema, model))
            if self._helper is None:
                await self._summing
            else:
                helped = self._index_after(self._summing, self._helper, model.entry)
                self._indexing[model.entry] = asyncio.create_task(helped)
            await self._spill(keep=self._limit)
            await sum_up(self.conn, self.schema, model, self._summing)
        except _REFUSED as error:
            raise Refused from error
        self.position = upto

    async def _fold_some(self, events: list[StoredEvent]) -> None:
        stop = await self.projection.fold(self.conn, events)
        if stop is not None or self.projection.parking:
            raise Unmappable from stop
        if self.projection.rows.largest_table > self._limit:
            await self._spill(keep=self._limit // 2)

    # Folded.

    async def _fold(self, upto: int) -> StopBefore | None:
        """Fold with the rows in memory and write each row once, when it leaves memory or at the end."""
        stop = None
        async for position, events in self.reader.pages(self.position, upto, self.projection.wanted):
            for _ in range(0, PAGE, SLICE):
                stop = stop or await self.projection.fold(self.conn, islice(events, SLICE))
                # Folding holds the loop: let the connection take in what has come of the next page.
                await asyncio.sleep(0)
            if stop is not None:
                self.position = stop.position - 1
                break
            self.position = position
            await self._store_final(FINAL_IN_MEMORY)
            if self.projection.rows.largest_table > self._limit:
                await self._spill(keep=self._limit // 2)
        await self._spill(keep=self._limit)
        return stop

    async def _store_final(self, least: int) -> None:
        for row_type, rows in self.projection.rows.take_final(least):
            sent = self._in_order.setdefault(row_type, WrittenHash(row_type)).follow(rows)
            with self._refusing():
                await copy_rows(self.conn, self.schema, row_type.TABLE, rows, sent)

    async def _spill(self, *, keep: int) -> None:
        await self._store_final(1)
        try:
            for row_type, rows, keys in self.projection.rows.changes():
                table = table_of(row_type)
                if table.name in self._stored:
                    await self._key(table.name)
                    if keys:
                        await self.conn.execute(table.delete_by_key(self.schema), *table.key_columns(keys))
                    await self._copy_over(row_type, rows)
                else:
                    await copy_rows(self.conn, self.schema, table.name, rows)
                    self._stored.add(table.name)
        except UNWRITABLE as error:
            raise Refused from error
        self.projection.rows.mark_written(keep)
        if not self.projection.rows.all_in_memory:
            await self._create_keys(row_type for row_type in self.model.rows if not row_type.FINAL)

    async def _copy_over(self, row_type: type[Row], rows: Iterable[Row]) -> None:
        """Write rows that may exist already: COPY into a staging table, then one upsert."""
        table = table_of(row_type)
        await self.conn.execute(
            f"create temp table if not exists staging_{table.name} (like {self.schema}.{table.name})"
        )
        await copy_rows(self.conn, None, f"staging_{table.name}", rows)
        await self.conn.execute(table.upsert_from(self.schema, f"staging_{table.name}"))
        await self.conn.execute(f"drop table staging_{table.name}")

    async def _create_keys(self, row_types: Iterable[type[Row]]) -> None:
        keyless = [row_type for row_type in row_types if f"{row_type.TABLE} key" not in self._stored]
        self._stored.update(f"{row_type.TABLE} key" for row_type in keyless)
        await run_together(self.conn, [table_of(row_type).create_key(self.schema) for row_type in keyless])

    async def _key(self, table_name: str) -> None:
        await self._create_keys(row for row in self.model.rows if table_name == row.TABLE)

    # Careful.

    async def _fill_carefully(self, upto: int) -> None:
        pages = self.reader.pages(self.position, upto, self.projection.wanted, page=CAREFUL_PAGE)
        async for position, events in pages:
            await self._apply(events)
            self.position = position

    async def _apply(self, events: Iterable[StoredEvent]) -> None:
        async def nothing(_: Conn, __: int) -> None:
            return None

        if batch := list(events):
            applied = await apply(self.conn, self.projection, batch, nothing, self.ledger)
            _raise(applied.stop)


def _raise(stop: StopBefore | None) -> None:
    if stop is not None:
        raise stop

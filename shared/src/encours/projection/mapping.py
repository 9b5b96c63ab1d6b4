"""Events to new rows, each by itself, and sums by PostgreSQL: the fast way of a rebuild.

Rows are copied into their tables while the next events are mapped. What this way cannot do (an event that fails, an
unknown type, a row that refers to nothing) it reports, and the model is folded instead.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, cast

import asyncpg

from encours.contracts import Recorded
from encours.kernel.tasks import end
from encours.ledger.stored import StoredEvent
from encours.projection.binary import copy_encoded, row_encoder
from encours.projection.bulk import EventGroup
from encours.projection.read_model import MappedModel
from encours.projection.rows import Row, table_of

if TYPE_CHECKING:
    from hashlib import _Hash

SLICE = 200
"""Events mapped between two looks at the connections. One brings the next page and the other takes in the rows of the
last one; the server waits whenever what it has sent, or what it has yet to get, is more than a socket holds."""

_TOTAL = """create aggregate {schema}.total(bigint) (
  sfunc = int8pl, stype = bigint, combinefunc = int8pl, parallel = safe)"""
"""A sum in 64 bits, which fails beyond them. PostgreSQL's own has twice as many, for each group in memory of its own:
for millions of invoices it is slower and goes through files much earlier."""

_Rows = dict[type[Row], list[bytes]]
"""Encoded rows."""


class Unmappable(Exception):
    """An event that is unknown or that cannot be applied: folding says which one."""


async def map_events(
    conn: asyncpg.Connection,
    schema: str,
    model: MappedModel,
    pages: AsyncIterator[tuple[int, Iterator[EventGroup]]],
    fold: Callable[[list[StoredEvent]], Awaitable[None]],
) -> _Hash:
    """Copy the rows that the events make into the tables of ``schema`` and return the hash of the entries.

    ``fold`` gets the events that depend on others. Raises :class:`Unmappable`, or what the database raises for a row.
    """
    await conn.execute(_TOTAL.format(schema=schema))
    for row_type in model.created:
        table = table_of(row_type).name
        # Read once and dropped: there is nothing that a vacuum could gain.
        await conn.execute(
            f"create table {schema}.{table}_created (like {schema}.{table}) with (autovacuum_enabled = false)"
        )
    hashed = hashlib.sha256()
    writing: asyncio.Future[None] | None = None
    try:
        async for _, groups in pages:
            rows: _Rows = {row_type: [] for row_type in (model.entry, *model.created)}
            ordered: list[StoredEvent] = []
            for _ in _map(model, groups, rows, ordered):
                await asyncio.sleep(0)
            if writing is not None:
                await writing
            if ordered:
                ordered.sort(key=attrgetter("position"))
                await fold(ordered)
            writing = asyncio.ensure_future(_copy(conn, schema, model, rows, hashed))
        if writing is not None:
            await writing
    finally:
        if writing is not None:
            await end([writing])
    return hashed


def _map(
    model: MappedModel, groups: Iterable[EventGroup], rows: _Rows, ordered: list[StoredEvent]
) -> Iterator[None]:
    """Add the encoded rows of the events to ``rows``, a slice between two steps of the iterator."""
    mapped, creates = model.applies - model.ordered, model.creates
    encode, append = row_encoder(model.entry, "position", "line"), rows[model.entry].append
    try:
        for group in groups:
            if group.type not in mapped:
                ordered += group.events()
                continue
            event = group.event()
            recorded = cast("Recorded", event)
            entries, creating = model.entries_of(group.type), group.type in model.creating
            events = zip(group.positions, group.data(), strict=True)
            for _ in range(0, len(group.positions), SLICE):
                for event.position, event.data in islice(events, SLICE):
                    for line, entry in enumerate(entries(recorded, event.data)):
                        append(encode(event.position, line, entry))
                    if creating:
                        for row in creates(recorded):
                            rows[type(row)].append(row_encoder(type(row))(row))
                yield
    except Exception as error:
        raise Unmappable from error


async def _copy(
    conn: asyncpg.Connection, schema: str, model: MappedModel, rows: _Rows, hashed: _Hash
) -> None:
    rows[model.entry].sort()  # by position and line, with which an encoded entry begins
    for row_type, found in rows.items():
        if found:
            table, encoded = table_of(row_type).name, b"".join(found)
            if row_type is model.entry:
                hashed.update(encoded)
            else:
                table = f"{table}_created"
            await copy_encoded(conn, schema, table, row_type, (encoded,))


async def sum_entries(conn: asyncpg.Connection, schema: str, model: MappedModel) -> None:
    """Make the tables of sums over the entries alone, which :func:`sum_up` reads."""
    for found in model.sums(schema):
        if found.of_entries is not None:
            table = table_of(found.row_type).name
            await conn.execute(f"create table {schema}.{table}_summed as {found.of_entries}")


async def sum_up(conn: asyncpg.Connection, schema: str, model: MappedModel, summed: Awaitable[None]) -> None:
    """Fill the tables that are sums of the mapped rows; ``summed`` are the sums over the entries alone."""
    for found in model.sums(schema):
        table = table_of(found.row_type)
        spent = [f"{table.name}_created"] if found.row_type in model.created else []
        if found.of_entries is not None:
            await summed
            spent.append(f"{table.name}_summed")
        await conn.execute(f"insert into {schema}.{table.name} ({table.plain}) {found.query}")
        for name in spent:
            await conn.execute(f"drop table {schema}.{name}")
    await conn.execute(f"drop aggregate {schema}.total(bigint)")

"""Events to new rows, each by itself, and sums by PostgreSQL: the fast way of a rebuild.

Rows are copied into their tables while the next events are mapped. What this way cannot do (an event that fails, an
unknown type, a row that refers to nothing) it reports, and the model is folded instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice

import asyncpg

from encours.kernel.tasks import end
from encours.ledger.stored import StoredEvent
from encours.projection.binary import copy_encoded, row_encoder
from encours.projection.read_model import MappedModel
from encours.projection.rows import Row, table_of

SLICE = 200
"""Events mapped between two looks at the connections. One brings the next page and the other takes in the rows of the
last one; the server waits whenever what it has sent, or what it has yet to get, is more than a socket holds."""

_Chunks = dict[type[Row], list[bytes]]
"""Encoded rows."""


class Unmappable(Exception):
    """An event that is unknown or that cannot be applied: folding says which one."""


async def map_events(
    conn: asyncpg.Connection,
    schema: str,
    model: MappedModel,
    pages: AsyncIterator[tuple[int, Iterator[StoredEvent]]],
    fold: Callable[[list[StoredEvent]], Awaitable[None]],
    copied: Callable[[int], None],
) -> None:
    """Copy the rows that the events make into the tables of ``schema``.

    ``fold`` gets the events that depend on others, ``copied`` the position that the tables have reached. Raises
    :class:`Unmappable`, or what the database raises for a row.
    """
    for row_type in model.created:
        table = table_of(row_type).name
        await conn.execute(f"create table {schema}.{table}_created (like {schema}.{table})")
    writing: asyncio.Future[None] | None = None
    try:
        async for position, events in pages:
            chunks: _Chunks = {row_type: [] for row_type in (*model.appended, *model.created)}
            ordered: list[StoredEvent] = []
            while part := list(islice(events, SLICE)):
                _map(model, part, chunks, ordered)
                await asyncio.sleep(0)
            if writing is not None:
                await writing
            if ordered:
                await fold(ordered)
            writing = asyncio.ensure_future(_copy(conn, schema, model, chunks, position, copied))
        if writing is not None:
            await writing
    finally:
        if writing is not None:
            await end([writing])


def _map(
    model: MappedModel, events: Iterable[StoredEvent], chunks: _Chunks, ordered: list[StoredEvent]
) -> None:
    encoded: dict[type[Row], list[bytes]] = {row_type: [] for row_type in chunks}
    to = {row_type: (row_encoder(row_type), found.append) for row_type, found in encoded.items()}
    mapped, added = model.applies - model.ordered, model.added
    try:
        for event in events:
            if event.type in mapped:
                for row in added(event.recorded()):
                    encode, append = to[type(row)]
                    append(encode(row))
            else:
                ordered.append(event)
    except Exception as error:
        raise Unmappable from error
    for row_type, found in encoded.items():
        if found:
            chunks[row_type].append(b"".join(found))


async def _copy(
    conn: asyncpg.Connection,
    schema: str,
    model: MappedModel,
    chunks: _Chunks,
    position: int,
    copied: Callable[[int], None],
) -> None:
    for row_type, found in chunks.items():
        if found:
            table = table_of(row_type).name
            await copy_encoded(
                conn, schema, f"{table}_created" if row_type in model.created else table, row_type, found
            )
    copied(position)


async def sum_up(conn: asyncpg.Connection, schema: str, model: MappedModel) -> None:
    """Fill the tables that are sums of the mapped rows."""
    for row_type, query in model.sums(schema):
        table = table_of(row_type)
        await conn.execute(f"insert into {schema}.{table.name} ({table.plain}) {query}")
        if row_type in model.created:
            await conn.execute(f"drop table {schema}.{table.name}_created")

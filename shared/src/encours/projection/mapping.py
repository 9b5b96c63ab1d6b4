"""Events to new rows, each by itself, and sums by PostgreSQL: the fast way of a rebuild.

Rows are copied into their tables while the next events are mapped. What this way cannot do (an event that fails, an
unknown type, a row that refers to nothing) it reports, and the model is folded instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import asyncpg

from encours.kernel.tasks import end
from encours.ledger.stored import StoredEvent
from encours.projection.read_model import MappedModel
from encours.projection.rows import Row, table_of
from encours.projection.schemas import unquoted

SLICE = 1_000
"""Events mapped before their rows are handed to the connection, which takes them in while the next ones are mapped."""

_Records = dict[type[Row], list[tuple[Any, ...]]]


class Unmappable(Exception):
    """An event that is unknown or that cannot be applied: folding says which one."""


async def map_events(
    conn: asyncpg.Connection,
    schema: str,
    model: MappedModel,
    pages: AsyncIterator[tuple[int, Iterator[StoredEvent]]],
    fold: Callable[[list[StoredEvent]], Awaitable[None]],
) -> None:
    """Copy the rows that the events make into the tables of ``schema``; ``fold`` gets the events that depend on
    others. Raises :class:`Unmappable`, or what the database or the driver raises for a row.
    """
    for row_type in model.created:
        table = table_of(row_type).name
        await conn.execute(f"create table {schema}.{table}_created (like {schema}.{table})")
    writing: asyncio.Future[None] | None = None
    try:
        async for _, events in pages:
            while part := list(islice(events, SLICE)):
                records, ordered = _map(model, part)
                if writing is not None:
                    await writing
                if ordered:
                    await fold(ordered)
                writing = asyncio.ensure_future(_copy(conn, schema, model, records))
                await asyncio.sleep(0)  # so that it begins to write
        if writing is not None:
            await writing
    finally:
        if writing is not None:
            await end([writing])


def _map(model: MappedModel, events: Iterable[StoredEvent]) -> tuple[_Records, list[StoredEvent]]:
    records: _Records = {row_type: [] for row_type in (*model.appended, *model.created)}
    to = {row_type: (table_of(row_type).values, found.append) for row_type, found in records.items()}
    mapped, added = model.applies - model.ordered, model.added
    ordered: list[StoredEvent] = []
    try:
        for event in events:
            if event.type in mapped:
                for row in added(event.recorded()):
                    values, append = to[type(row)]
                    append(values(row))
            else:
                ordered.append(event)
    except Exception as error:
        raise Unmappable from error
    return records, ordered


async def _copy(conn: asyncpg.Connection, schema: str, model: MappedModel, records: _Records) -> None:
    for row_type, found in records.items():
        if found:
            table = table_of(row_type)
            await conn.copy_records_to_table(
                f"{table.name}_created" if row_type in model.created else table.name,
                schema_name=unquoted(schema),
                columns=table.names,
                records=found,
            )


async def sum_up(conn: asyncpg.Connection, schema: str, model: MappedModel) -> None:
    """Fill the tables that are sums of the mapped rows."""
    for row_type, query in model.sums(schema):
        table = table_of(row_type)
        await conn.execute(f"insert into {schema}.{table.name} ({table.plain}) {query}")
        if row_type in model.created:
            await conn.execute(f"drop table {schema}.{table.name}_created")

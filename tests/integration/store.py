"""A service's database in a test that projects a log of its own, and the worker's way into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from encours.ledger import Ledger
from encours.ledger.stored import StoredEvent, event_of
from encours.projection.apply import apply
from encours.projection.control import STORE_SETTINGS, load_checkpoint, move_checkpoint
from encours.projection.parking import Parking
from encours.projection.projector import Projection, create_indexes, create_tables
from encours.projection.read_model import Conn, ReadModel
from encours.projection.rows import table_of
from encours.projection.schemas import schema_of

T = TypeVar("T")


class Store:
    """A connection to the service's database, on a loop of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.runner = asyncio.Runner()
        self.conn: asyncpg.Connection[Any] = self.run(asyncpg.connect(url, server_settings=STORE_SETTINGS))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        self.run(self.conn.close())
        self.runner.close()


async def project(
    conn: asyncpg.Connection[Any], schema: str, log: list[StoredEvent], batch: int, model: ReadModel
) -> None:
    """As the worker does it: prefetch, fold, write, run the daily step, then forget its rows."""
    await _empty(conn, schema, model)
    projection = Projection(model, schema, Parking())
    for start in range(0, len(log), batch):
        async with conn.transaction():
            assert await projection.fold(conn, log[start : start + batch]) is None
            await projection.write(conn)
            await projection.run_daily_step(conn)
        projection.forget()
    assert not projection.parking.streams, next(iter(projection.parking.streams.items()))


async def _empty(conn: asyncpg.Connection[Any], schema: str, model: ReadModel) -> None:
    """Have the tables of the model, without rows. To create them takes ten times as long as most histories."""
    tables = sorted(table_of(each).name for each in model.rows)
    mark = f"{type(model).__qualname__} {model.version}"
    created = await conn.fetchval("select obj_description(to_regnamespace($1), 'pg_namespace')", schema)
    found = await conn.fetch("select tablename from pg_tables where schemaname = $1", schema)
    if created == mark and sorted(row["tablename"] for row in found) == tables:
        await conn.execute("; ".join(f"delete from {schema}.{each}" for each in tables))
        return
    await create_tables(conn, schema, model, keys=True)
    await create_indexes(conn, schema, model.rows)
    await conn.execute(f"comment on schema {schema} is '{mark}'")


@asynccontextmanager
async def following(
    ledger: Ledger, url: str, name: str, model: ReadModel
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """The step that projects what a ledger got since the last one to a model that is built, as the worker does."""
    conn: asyncpg.Connection[Any] = await asyncpg.connect(url, server_settings=STORE_SETTINGS)
    projection = Projection(model, schema_of(model.name, name), Parking())

    async def follow() -> None:
        at = await load_checkpoint(conn, name, model.name)
        assert at is not None
        rows = await ledger.read_raw(name, at.position, 10_000)

        async def commit(conn: Conn, position: int) -> None:
            assert await move_checkpoint(
                conn, name, model.name, old=at.position, epoch=at.epoch, new=position
            )

        if rows:
            await apply(conn, projection, [event_of(row, name) for row in rows], commit, name)
        assert not projection.parking.streams

    try:
        yield follow
    finally:
        await conn.close()

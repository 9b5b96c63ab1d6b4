"""A service's database in a test that projects a log of its own, and the worker's way into it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg

from encours.ledger.stored import StoredEvent
from encours.projection.control import STORE_SETTINGS
from encours.projection.parking import Parking
from encours.projection.projector import Projection, create_indexes, create_tables
from encours.projection.read_model import ReadModel

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
    await create_tables(conn, schema, model, keys=True)
    await create_indexes(conn, schema, model.rows)
    projection = Projection(model, schema, Parking())
    for start in range(0, len(log), batch):
        async with conn.transaction():
            assert await projection.fold(conn, log[start : start + batch]) is None
            await projection.write(conn)
            await projection.run_daily_step(conn)
        projection.forget()
    assert not projection.parking.streams, next(iter(projection.parking.streams.items()))

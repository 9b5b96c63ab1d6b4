"""Tables of a service's own, beside its read models."""

from __future__ import annotations

from importlib.resources import files

import asyncpg


class OwnTables:
    """Base of a store. ``migration`` is the package and the name of a file that creates what is missing."""

    def __init__(self, pool: asyncpg.Pool, migration: tuple[str, str], *, lock: str) -> None:
        self._pool = pool
        self._migration = migration
        self._lock = lock
        self._is_prepared = False

    async def prepare(self) -> None:
        """Create the tables, once. Several processes may call it at once."""
        if self._is_prepared:
            return
        package, name = self._migration
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute("select pg_advisory_xact_lock(hashtext($1))", self._lock)
            await conn.execute(files(package).joinpath(name).read_text("utf-8"))
        self._is_prepared = True

"""Leases: session-level advisory locks, which end with the session that has them. One process works, others wait.

A lease avoids double work; correctness does not depend on it, but on the checkpoint's condition in each batch and on
the stream's expected sequence in each publish, which hold with any number of workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import asyncpg

from encours.postgres.connection import CONNECT_TIMEOUT_S, connect, is_lost

CHECK_S = 1.0
_SETTINGS = {
    # The leases of a lost host must not last for the two hours of TCP's default.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


def lock_key(*parts: str) -> int:
    """Return the PostgreSQL advisory lock key (signed 64 bits) of a name made of parts."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


async def is_held(connection: asyncpg.Connection, *name: str) -> bool:
    """Return True if a process has the lease, in the database of the connection."""
    found: bool = await connection.fetchval(
        """select exists (select from pg_locks l join pg_database d on d.oid = l.database
             where d.datname = current_database() and l.locktype = 'advisory' and l.objsubid = 1 and l.granted
               and (l.classid::bigint << 32 | l.objid::bigint) = $1)""",
        lock_key(*name),
    )
    return found


class Leases:
    """Leases of one process on one database, on one connection that is checked every second.

    If the connection is lost, all leases are lost, and :meth:`holds` returns false.
    """

    def __init__(self, dsn: str, application_name: str) -> None:
        self._dsn = dsn
        self._application_name = application_name
        self._conn: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()
        self._keys: set[int] = set()
        self._generation = 0

    async def acquire(self, *name: str) -> int | None:
        """Acquire a lease; return a token for :meth:`holds` and :meth:`release`, or None if another process has it or
        the database is unavailable."""
        key = lock_key(*name)
        async with self._lock:
            try:
                conn = await self._connection()
                if key in self._keys:
                    return None
                if not await conn.fetchval("select pg_try_advisory_lock($1)", key):
                    return None
            except Exception as error:
                if not is_lost(error):
                    raise
                self._drop()
                return None
            self._keys.add(key)
            return self._generation

    async def release(self, token: int, *name: str) -> None:
        """Release a lease, so that another process need not wait for this one to end."""
        key = lock_key(*name)
        async with self._lock:
            if token != self._generation or key not in self._keys or self._conn is None:
                return
            self._keys.discard(key)
            try:
                await self._conn.fetchval("select pg_advisory_unlock($1)", key)
            except Exception as error:
                if not is_lost(error):
                    raise
                self._drop()

    def holds(self, token: int) -> bool:
        """Return true while the session of the lease is alive, as far as is known."""
        return token == self._generation and self._conn is not None and not self._conn.is_closed()

    async def watch(self) -> None:
        """Check the session every second. Run it as a task for as long as leases are needed."""
        while True:
            await asyncio.sleep(CHECK_S)
            async with self._lock:
                if self._conn is None:
                    continue
                try:
                    await asyncio.wait_for(self._conn.execute("select 1"), CHECK_S * 3)
                except Exception:
                    self._drop()

    async def close(self) -> None:
        """Release all leases."""
        async with self._lock:
            conn, self._conn = self._conn, None
            self._keys.clear()
            self._generation += 1
            if conn is not None and not conn.is_closed():
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(conn.close(), 2)

    async def _connection(self) -> asyncpg.Connection:
        if self._conn is None or self._conn.is_closed():
            self._drop()
            self._conn = await connect(
                self._dsn, self._application_name, settings=_SETTINGS, command_timeout_s=CONNECT_TIMEOUT_S
            )
        return self._conn

    def _drop(self) -> None:
        if self._conn is not None:
            self._conn.terminate()
        self._conn = None
        self._keys.clear()
        self._generation += 1

"""Leases, which say who is at work: session-level advisory locks, gone with the session that holds them.

A lease saves double work; it is not what keeps the state right. That is the checkpoint's condition in each
batch and the stream's expected sequence in each publish, which hold with any number of workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import asyncpg

from encours.postgres.connection import CONNECT_TIMEOUT_S, connect, is_lost

CHECK_S = 1.0
_SETTINGS = {
    # A host that vanished must not hold its leases for the two hours of TCP's default.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


def lock_key(*parts: str) -> int:
    """A PostgreSQL advisory lock key (signed 64 bits) for a name made of parts."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class Leases:
    """All leases of one process on one database, held by one connection that is watched.

    When the connection goes, every lease is lost: ``held`` says so, and the tasks that :meth:`keep` runs under
    a lease are cancelled.
    """

    def __init__(self, dsn: str, application_name: str) -> None:
        self._dsn = dsn
        self._application_name = application_name
        self._conn: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()
        self._held: set[int] = set()
        self._generation = 0

    async def acquire(self, *name: str) -> int | None:
        """Take a lease if it is free; a token for :meth:`holds` and :meth:`release`. None: somebody has it, or the
        database is away."""
        key = lock_key(*name)
        async with self._lock:
            try:
                conn = await self._connection()
                if key in self._held:
                    return None
                if not await conn.fetchval("select pg_try_advisory_lock($1)", key):
                    return None
            except Exception as error:
                if not is_lost(error):
                    raise
                self._drop()
                return None
            self._held.add(key)
            return self._generation

    async def release(self, token: int, *name: str) -> None:
        """Give a lease back, so that a standby need not wait for this process to end."""
        key = lock_key(*name)
        async with self._lock:
            if token != self._generation or key not in self._held or self._conn is None:
                return
            self._held.discard(key)
            try:
                await self._conn.fetchval("select pg_advisory_unlock($1)", key)
            except Exception as error:
                if not is_lost(error):
                    raise
                self._drop()

    def holds(self, token: int) -> bool:
        """Return True while the session of the lease is there, as far as is known."""
        return token == self._generation and self._conn is not None and not self._conn.is_closed()

    async def watch(self) -> None:
        """Ask the session for a sign of life every second; run as a task for as long as leases are wanted."""
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
        """Give everything back."""
        async with self._lock:
            conn, self._conn = self._conn, None
            self._held.clear()
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
        self._held.clear()
        self._generation += 1

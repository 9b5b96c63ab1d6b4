"""One at work a ledger, by advisory locks of the service's database: they end with the process that holds them."""

from __future__ import annotations

import asyncio

import asyncpg

from encours.streaming.names import lock_key

CONNECT_S = 5.0


class Leases:
    """Leases held by this process, all on one connection. Losing it loses them, and asking again finds out."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None
        self._held: set[int] = set()
        self._turn = asyncio.Lock()

    async def hold(self, *name: str) -> bool:
        """Whether this process holds the lease of that name, taken now if it is free."""
        key = lock_key("lease", *name)
        async with self._turn:
            connection = await self._connected()
            if key in self._held:
                await connection.execute("select 1")
                return True
            if await connection.fetchval("select pg_try_advisory_lock($1)", key):
                self._held.add(key)
                return True
            return False

    async def release(self, *name: str) -> None:
        """Give the lease to whoever asks next."""
        key = lock_key("lease", *name)
        async with self._turn:
            if key in self._held and self._connection is not None and not self._connection.is_closed():
                await self._connection.execute("select pg_advisory_unlock($1)", key)
            self._held.discard(key)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._held.clear()
            self._connection = await asyncpg.connect(self._dsn, timeout=CONNECT_S, command_timeout=CONNECT_S)
        return self._connection

    async def close(self) -> None:
        """Let go of everything."""
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=CONNECT_S)

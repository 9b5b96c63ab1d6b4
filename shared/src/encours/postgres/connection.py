"""Connections to the ledger's database, and which errors mean that one of them is gone."""

from __future__ import annotations

import asyncio

import asyncpg

SETTINGS = {"timezone": "UTC", "jit": "off", "synchronous_commit": "on"}
CONNECT_TIMEOUT_S = 5.0

LOST: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server is stopping, starting or has lost a process
    asyncpg.InterfaceError,  # the connection was found closed
    asyncpg.InternalClientError,  # asyncpg met the server's farewell while it was sending
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
    asyncio.IncompleteReadError,
)
"""After one of these the outcome of what was sent is unknown. Query cancellation is not among them (see
below).
"""


def is_lost(error: BaseException) -> bool:
    """Whether the connection, not the statement, failed."""
    # asyncpg's complaint about a value that it cannot encode is an InterfaceError and a ValueError.
    return isinstance(error, LOST) and not isinstance(error, asyncpg.QueryCanceledError | ValueError)


async def connect(dsn: str, **settings: str) -> asyncpg.Connection:
    """One connection with the settings that the ledger relies on."""
    return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, server_settings=SETTINGS | settings)

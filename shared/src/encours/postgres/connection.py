"""Connections to PostgreSQL, and the errors that mean a lost connection or an unavailable server.

Every connection and pool of the program is opened here, with its time-outs, its session settings and the name that
``pg_stat_activity`` shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg

LEDGER_SETTINGS = {"timezone": "UTC", "jit": "off", "synchronous_commit": "on"}
"""Session settings that the ledger relies on."""

STORE_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "jit": "off",  # the queries are short: compiling them costs more than running them
}
"""Session settings of every connection to a store: the text of a value, and so a hash, is the same anywhere."""

CONNECT_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 5.0

LOST: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server is stopping, starting or has lost a process
    asyncpg.InterfaceError,  # the connection is closed
    asyncpg.InternalClientError,  # the server closed the connection while asyncpg was sending
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
    asyncio.IncompleteReadError,
)
"""Errors after which the outcome of a statement is unknown. Query cancellation is not among them (see
below).
"""

FAILED = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""Failures of a statement: the server is away, refuses it or takes too long (``TimeoutError`` is an ``OSError``). For
work that is repeated or left out.
"""


def is_lost(error: BaseException) -> bool:
    """Return true if the connection failed and not the statement."""
    # asyncpg's complaint about a value that it cannot encode is an InterfaceError and a ValueError.
    return isinstance(error, LOST) and not isinstance(error, asyncpg.QueryCanceledError | ValueError)


async def connect(
    dsn: str,
    application_name: str = "encours",
    *,
    settings: Mapping[str, str] = LEDGER_SETTINGS,
    command_timeout_s: float | None = None,
) -> asyncpg.Connection:
    """Open a connection. ``settings`` are those of its session."""
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=command_timeout_s,
        server_settings={**settings, "application_name": application_name},
    )


async def open_pool(
    dsn: str,
    application_name: str,
    *,
    size: int,
    settings: Mapping[str, str] = LEDGER_SETTINGS,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
) -> asyncpg.Pool:
    """Make a pool that connects at its first use, so that the server may still be starting.

    Users of a connection leave no session state on it: asyncpg's reset would be a round trip after each use.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=command_timeout_s,
        reset=_nothing_to_reset,
        server_settings={**settings, "application_name": application_name},
    )


async def close_pool(pool: asyncpg.Pool) -> None:
    """Disconnect after the running queries have ended, or after some seconds."""
    try:
        await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT_S)
    except TimeoutError:
        pool.terminate()


async def _nothing_to_reset(_connection: Any) -> None:
    """Leave the session as it is."""


async def ping(pool: asyncpg.Pool) -> None:
    """Query the server. Raises the driver's error if it does not answer."""
    await pool.fetchval("select 1")

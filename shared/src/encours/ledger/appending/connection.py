"""Connection for batches of appends, with recovery after its loss.

A refused append fails alone. If the connection is lost, the outcome of the batch is unknown: its command ids are
looked up, and appends that are not stored are sent again under the same ids, which the database stores at most
once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from encours.ledger.appending.wire import APPEND_SQL, Prepared, arguments, resolve
from encours.ledger.errors import (
    AppendRefused,
    CommandReused,
    FamilyRefused,
    IssueDateBeforeLast,
    LedgerDropped,
    LedgerUnavailable,
    NumberTaken,
)
from encours.ledger.model import Appended
from encours.postgres.connection import LEDGER_SETTINGS, connect, is_lost

_BYTEA = re.compile(r"\\x([0-9a-f]+)\)")
_DATE_GOES_BACK = "EN002"
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4)
_UNKNOWN = (
    "The connection to the ledger broke and it has not come back: "
    "repeat the request with the same Idempotency-Key."
)
_STORED = """select c.command_id, c.fingerprint, c.first_position, c.last_position, c.answer, e.recorded_at
  from ledger.command c left join ledger.event e on e.ledger = c.ledger and e.position = c.last_position
  where c.ledger = $1 and c.command_id = any($2)"""
# Nothing was stored and no append is to blame: sending them one by one would only wait as long again for each.
_OVERLOADED = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
# The server's limits are shorter than ours: a slow server answers "not done" instead of leaving it unknown.
_SETTINGS = {**LEDGER_SETTINGS, "lock_timeout": "5s", "statement_timeout": "10s"}
_RECOVERY_SETTINGS = {**LEDGER_SETTINGS, "statement_timeout": "5s"}
LOCK_MAX = timedelta(seconds=15)
"""Longer than an append takes: its statement is ended after 10 s."""
_END_LOCK_HOLDERS = "select * from ledger.end_lock_holders($1, $2)"
_log = logging.getLogger(__name__)


class AppendConnection:
    """Sender of one batch at a time. ``postponed`` receives appends that depend on an earlier one of their batch,
    ``stored`` the ledger's id and head; ``lost`` is called while the ledger is unavailable."""

    def __init__(
        self,
        dsn: str,
        *,
        postponed: Callable[[list[Prepared]], None],
        stored: Callable[[int, int, float], None],
        lost: Callable[[], None],
    ) -> None:
        self._dsn = dsn
        self._postponed = postponed
        self._stored = stored
        self._lost = lost
        self._connection: asyncpg.Connection | None = None
        self._statement: Any = None
        self.wake = asyncio.Event()
        self.events = 0
        """Events of the current batch, set by the appender; 0 for an idle connection."""
        self._loop = asyncio.get_running_loop()

    async def deliver(self, batch: Sequence[Prepared]) -> None:
        """Send until every append has its result or is past its deadline."""
        try:
            await self._deliver(batch)
        except Exception as error:
            _log.exception("a batch of appends failed")
            await self.disconnect()
            for item in batch:
                item.fail(error)
        finally:
            self.events = 0

    async def disconnect(self) -> None:
        """Close the connection; the next batch opens another."""
        connection, self._connection, self._statement = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def _deliver(self, batch: Sequence[Prepared]) -> None:
        failures = 0
        while batch:
            try:
                if failures:
                    batch = await self._without_stored(batch)
                if batch:
                    await self._send(batch)
                return
            except Exception as error:
                if not is_lost(error):
                    if not isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
                        raise
                    await self._refused(batch, error)
                    return
                _log.warning("the ledger's connection is lost: %s: %s", type(error).__name__, error)
            await self.disconnect()
            batch = _still_waiting(batch)
            self._lost()
            await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1

    async def _send(self, batch: Sequence[Prepared]) -> None:
        if self._statement is None or self._connection is None or self._connection.is_closed():
            await self.disconnect()
            self._connection = await connect(self._dsn, "encours appender", settings=_SETTINGS)
            self._statement = await self._connection.prepare(APPEND_SQL)
        first = batch[0]
        started = self._loop.time()
        row = await self._statement.fetchrow(
            *arguments(first.ledger_id, first.append.clock_at, batch), timeout=15
        )
        outside_s = self._loop.time() - started - row["spent"].total_seconds()
        head, postponed = resolve(batch, row)
        if postponed:
            self._postponed(postponed)
        self._stored(first.ledger_id, head, outside_s)

    async def _refused(self, batch: Sequence[Prepared], error: Exception) -> None:
        """Handle a refused call. If one append can be at fault, as for a malformed value, send each alone."""
        if isinstance(error, asyncpg.LockNotAvailableError):
            await self._end_lock_holders(batch[0].ledger_id)
        if len(batch) == 1 or isinstance(error, _OVERLOADED):
            for item in batch:
                item.fail(refusal(error))
            return
        for item in batch:
            await self._deliver([item])

    async def _end_lock_holders(self, ledger_id: int) -> None:
        """End sessions that hold the lock for longer than any append takes; whoever waits repeats the append."""
        if self._connection is None:
            return
        with contextlib.suppress(asyncpg.PostgresError):
            for row in await self._connection.fetch(_END_LOCK_HOLDERS, ledger_id, LOCK_MAX):
                _log.error(
                    "ended a session that held the append lock: %s (%s, %s) for %.0f s",
                    row["role"], row["application"], row["address"], row["held"].total_seconds(),
                )  # fmt: skip

    async def _without_stored(self, batch: Sequence[Prepared]) -> list[Prepared]:
        """Resolve the appends that the lost connection did commit; return the others, to be sent again.

        An append that is still being committed is not found here: sent again, it waits for the lock, and then the
        database finds its command id.
        """
        connection = await connect(self._dsn, "encours appender recovery", settings=_RECOVERY_SETTINGS)
        try:
            ids = [item.append.command_id for item in batch]
            rows = await connection.fetch(_STORED, batch[0].ledger_id, ids)
        finally:
            await connection.close(timeout=2)
        stored = {row["command_id"]: row for row in rows}
        for item in batch:
            if (row := stored.get(item.append.command_id)) is None:
                continue
            if row["fingerprint"] != item.append.fingerprint:
                item.fail(CommandReused())
                continue
            last = row["last_position"]
            item.succeed(
                Appended(row["first_position"], last, row["recorded_at"], (), row["answer"], True, last)
            )
        return [item for item in batch if item.append.command_id not in stored]


async def rehearse(pool: asyncpg.Pool, item: Prepared) -> Appended:
    """Return the result that the append would have now, without storing it. Raises as the append would."""
    try:
        async with pool.acquire() as connection:
            attempt = connection.transaction()
            await attempt.start()
            try:
                row = await connection.fetchrow(
                    APPEND_SQL, *arguments(item.ledger_id, item.append.clock_at, [item]), timeout=5
                )
            finally:
                await attempt.rollback()
    except Exception as error:
        if is_lost(error):
            raise LedgerUnavailable(
                f"The ledger is unavailable at the moment ({type(error).__name__})."
            ) from error
        raise (
            refusal(error) if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError) else error
        ) from None
    resolve([item], row)
    return item.done.result()


def _still_waiting(batch: Sequence[Prepared]) -> list[Prepared]:
    now = asyncio.get_running_loop().time()
    for item in batch:
        if item.deadline <= now:
            item.fail(LedgerUnavailable(_UNKNOWN))
    return [item for item in batch if item.deadline > now]


def refusal(error: Exception) -> Exception:
    """Return the refusal for an error of the server."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return FamilyRefused(str(error))
    if isinstance(error, asyncpg.NoDataFoundError):
        return LedgerDropped()
    if isinstance(error, _OVERLOADED):
        return LedgerUnavailable(f"The ledger is overloaded: {error}.")
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate == _DATE_GOES_BACK:
        return IssueDateBeforeLast(str(error))
    if isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == "event_legal_number":
        taken = _BYTEA.search(error.detail or "")
        return NumberTaken(bytes.fromhex(taken[1]).decode() if taken else "that it would have")
    return AppendRefused(str(error))

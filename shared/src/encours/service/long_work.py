"""Processes of long work, started by the worker that has the lease: one at a time, the oldest request first."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

import structlog

from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases
from encours.service.long_work_store import LongWorkStore

STARTS_MAX = 5
"""Processes of one request that may end without a result, as with its worker."""
_POLL_S = 0.5
_STOP_S = 5.0

log = structlog.get_logger()


class LongWorkRunner:
    """Runs the requests of all ledgers as ``python -m <command> <id>``.

    What a stopped worker leaves unfinished, the next one takes up. Two runners never share a ``lease``.
    """

    def __init__(self, store: LongWorkStore[Any], leases: Leases, lease: str, *command: str) -> None:
        self._store = store
        self._leases = leases
        self._lease = lease
        self._command = command

    async def run(self) -> None:
        """Run until cancelled. It resumes after the loss of the database or of the lease."""
        while True:
            try:
                await self._store.prepare()
                await self._serve()
            except FAILED as error:
                log.warning("long_work.paused", lease=self._lease, reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(_POLL_S)

    async def _serve(self) -> None:
        token = await self._leases.acquire(self._lease)
        if token is None:
            return
        try:
            while self._leases.holds(token):
                waiting = await self._store.next_waiting()
                if waiting is None:
                    await asyncio.sleep(_POLL_S)
                elif waiting.starts >= STARTS_MAX:
                    await self._store.fail(waiting, f"{waiting.starts} processes ended without a result.")
                else:
                    await self._run(waiting.id)
        finally:
            # Else it stays with this process after a statement that fails, and is never acquired again.
            await self._leases.release(token, self._lease)

    async def _run(self, identifier: str) -> None:
        """Run the process and wait for its end. It reads its settings from the environment of the worker."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *self._command, identifier, stderr=PIPE
        )
        try:
            _, errors = await process.communicate()
        finally:
            await _stop(process)
        if process.returncode:
            said = errors.decode(errors="replace")[-2_000:]
            log.warning("long_work.ended", id=identifier, code=process.returncode, errors=said)
            await asyncio.sleep(_POLL_S)


async def _stop(process: Process) -> None:
    """End a process that still runs, by force if it does not end by itself."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()

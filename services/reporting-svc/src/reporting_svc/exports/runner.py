"""Start of the processes of exports, by the worker that has the lease: one at a time, the oldest request first."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process

import structlog

from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases
from reporting_svc.exports.store import Export, ExportStore

STARTS_MAX = 5
"""Processes of one export that may end without a file, as with its worker."""
_POLL_S = 0.5
_STOP_S = 5.0

log = structlog.get_logger()


class Exports:
    """Runs the exports of all ledgers. What a stopped worker leaves unfinished, the next one goes on with."""

    def __init__(self, store: ExportStore, leases: Leases) -> None:
        self._store = store
        self._leases = leases

    async def run(self) -> None:
        """Run until cancelled. It resumes after the loss of the database or of the lease."""
        while True:
            try:
                await self._store.prepare()
                await self._serve()
            except FAILED as error:
                log.warning("exports.paused", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(_POLL_S)

    async def _serve(self) -> None:
        token = await self._leases.acquire("exports")
        while token is not None and self._leases.holds(token):
            waiting = await self._store.next_waiting()
            if waiting is None:
                await asyncio.sleep(_POLL_S)
            elif waiting.starts >= STARTS_MAX:
                await self._store.fail(waiting, f"{waiting.starts} processes ended without a file.")
            else:
                await self._run(waiting)

    async def _run(self, waiting: Export) -> None:
        """Run the process and wait for its end. It reads its settings from the environment of the worker."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "reporting_svc", "export", waiting.id, stderr=PIPE
        )
        try:
            _, errors = await process.communicate()
        finally:
            await _stop(process)
        if process.returncode:
            said = errors.decode(errors="replace")[-2_000:]
            log.warning("export.ended", id=waiting.id, code=process.returncode, errors=said)
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

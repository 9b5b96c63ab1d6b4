"""Start of the processes of back-tests, by the worker that has the lease: one at a time, the oldest request first."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process

import structlog

from dunning_svc.backtest.store import Backtest, BacktestStore
from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases

STARTS_MAX = 3
"""Processes of one back-test that may end without a result, as with its worker."""
_POLL_S = 1.0
_STOP_S = 5.0

log = structlog.get_logger()


class Backtests:
    """Runs the back-tests of all ledgers. What a stopped worker leaves unfinished, the next one begins again."""

    def __init__(self, store: BacktestStore, leases: Leases) -> None:
        self._store = store
        self._leases = leases

    async def run(self) -> None:
        """BacktestRun until cancelled. It resumes after the loss of the database or of the lease."""
        while True:
            try:
                await self._store.prepare()
                await self._serve()
            except FAILED as error:
                log.warning("backtests.paused", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(_POLL_S)

    async def _serve(self) -> None:
        token = await self._leases.acquire("dunning back-tests")
        while token is not None and self._leases.holds(token):
            waiting = await self._store.next_waiting()
            if waiting is None:
                await asyncio.sleep(_POLL_S)
            elif waiting.starts >= STARTS_MAX:
                await self._store.fail(waiting, f"{waiting.starts} processes ended without a result.")
            else:
                await self._run(waiting)

    async def _run(self, waiting: Backtest) -> None:
        """BacktestRun the process and wait for its end. It reads its settings from the environment of the worker."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dunning_svc", "backtest", waiting.id, stderr=PIPE
        )
        try:
            _, errors = await process.communicate()
        finally:
            await _stop(process)
        if process.returncode:
            said = errors.decode(errors="replace")[-2_000:]
            log.warning("backtest.ended", id=waiting.id, code=process.returncode, errors=said)
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

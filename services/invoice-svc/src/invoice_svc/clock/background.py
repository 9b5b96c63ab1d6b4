"""Background work of the worker beside its read models: import files and advance clocks, ledger by ledger."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import structlog

from encours.kernel.errors import DomainError
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.postgres.connection import FAILED, STORE_SETTINGS, close_pool, connect, open_pool
from encours.postgres.leases import Leases
from encours.postgres.migrations import apply
from encours.reading.read_db import ReadDb
from invoice_svc.bank.background import run_bank
from invoice_svc.clock.advance import Advance
from invoice_svc.clock.jobs import JobStore
from invoice_svc.imports.spool import sweep
from invoice_svc.imports.store import ImportStore
from invoice_svc.imports.takeover import Takeover

MIGRATIONS = Path(__file__).parents[1] / "migrations"
LOOK_S = 0.2
PAUSE_S = 1.0
"""Pause after a fault, so that the database can restart."""
POOL = 6
COMMAND_TIMEOUT_S = 60.0

log = structlog.get_logger("invoice_svc.background")


class Background:
    """Runs imports and clocks, in one task per ledger that has work."""

    def __init__(self, ledger: Ledger, pool: asyncpg.Pool, db: ReadDb, leases: Leases, var_dir: Path) -> None:
        self._ledger = ledger
        self._store = ImportStore(pool)
        self._jobs = JobStore(pool)
        self._db = db
        self._leases = leases
        self._var_dir = var_dir
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Poll for work until cancelled. Stopping in the middle of it is safe."""
        await asyncio.to_thread(sweep, self._var_dir)
        try:
            while True:
                try:
                    await self._start_tasks()
                except FAILED as unavailable:
                    log.warning("the database is unavailable", error=str(unavailable))
                    await asyncio.sleep(PAUSE_S)
                await asyncio.sleep(LOOK_S)
        finally:
            await end(self._tasks.values())

    async def _start_tasks(self) -> None:
        names = {found.ledger for found in await self._store.unfinished()} | set(
            await self._jobs.unfinished()
        )
        for name in sorted(names):
            task = self._tasks.get(name)
            if task is None or task.done():
                self._tasks[name] = asyncio.create_task(self._work_on(name))

    async def _work_on(self, name: str) -> None:
        token = await self._leases.acquire("takeover", name)
        if token is None:
            await asyncio.sleep(PAUSE_S)
            return
        work = asyncio.create_task(self._work_off(name))
        try:
            while not work.done() and self._leases.holds(token):
                await asyncio.wait({work}, timeout=PAUSE_S)
            if work.done():
                work.result()
        except Exception as fault:
            await self._note(name, fault)
            await asyncio.sleep(PAUSE_S)
        finally:
            await end([work])
            await self._leases.release(token, "takeover", name)

    async def _work_off(self, name: str) -> None:
        takeover = await Takeover.begin(self._ledger, self._store, self._db, name, self._var_dir)
        await takeover.work_off()
        if name in await self._jobs.unfinished():
            await Advance(self._ledger, self._jobs, self._store, name, takeover).run()

    async def _note(self, name: str, fault: Exception) -> None:
        """Note why the work stopped. It resumes after a pause, from where it stopped."""
        log.exception("work on a ledger stopped", ledger=name)
        while isinstance(fault, ExceptionGroup):
            fault = fault.exceptions[0]
        reason = fault.detail if isinstance(fault, DomainError) else f"{type(fault).__name__}: {fault}"
        problem = f"{reason} The work is retried every second."
        try:
            await self._jobs.note(name, "waiting", day=None, error=problem)
            for found in await self._store.unfinished(name):
                await self._store.set_state(found.id, found.state, problem)
        except FAILED:
            log.warning("the database is unavailable", ledger=name)


async def prepare_store(dsn: str) -> None:
    """Migrate the tables of imports and clocks. Several processes may call it at once."""
    connection = await connect(dsn, "invoice-svc migrations", settings=STORE_SETTINGS)
    try:
        await apply(connection, MIGRATIONS)
    finally:
        await connection.close()


async def run_background(*, ledger: Ledger, store_dsn: str, db: ReadDb, var_dir: Path) -> None:
    """Run imports, the clocks of sandboxes and the work on bank statements until cancelled."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(
            store_dsn,
            "invoice-svc imports",
            size=POOL,
            settings=STORE_SETTINGS,
            command_timeout_s=COMMAND_TIMEOUT_S,
        )
        stack.push_async_callback(close_pool, pool)
        leases = Leases(store_dsn, "encours takeover")
        stack.push_async_callback(leases.close)
        async with asyncio.TaskGroup() as group:
            group.create_task(leases.watch())
            group.create_task(Background(ledger, pool, db, leases, var_dir).run())
            group.create_task(run_bank(ledger, pool, db, leases, var_dir))

"""The worker's task beside its read models: exports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from encours.ledger import Ledger
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.postgres.leases import Leases
from encours.service.long_work import LongWorkRunner
from encours.service.process import WorkerTasks
from encours.service.settings import ServiceSettings
from reporting_svc.exports.store import ExportStore
from reporting_svc.models import NAME


@asynccontextmanager
async def export_tasks(settings: ServiceSettings, _: Ledger) -> AsyncIterator[WorkerTasks]:
    """Open the queue of exports."""
    store_url = settings.store_url.get_secret_value()
    async with AsyncExitStack() as stack:
        pool = await open_pool(store_url, f"{NAME} exports", size=1, settings=STORE_SETTINGS)
        stack.push_async_callback(close_pool, pool)
        leases = Leases(store_url, f"{NAME} export lease")
        stack.push_async_callback(leases.close)
        exports = LongWorkRunner(ExportStore(pool), leases, "exports", "reporting_svc", "export")
        yield WorkerTasks(background=(exports.run, leases.watch))

"""The worker's tasks beside its read model: recurring invoices, imports, and the clocks of sandboxes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.service.process import WorkerTasks
from encours.service.settings import ServiceSettings
from invoice_svc.clock.background import prepare_store, run_background
from invoice_svc.models import MODELS
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.days import InvoicingReactions


@asynccontextmanager
async def imports_and_clocks(settings: ServiceSettings, ledger: Ledger) -> AsyncIterator[WorkerTasks]:
    """Open the reaction to each day's opening, and run one background task; it restarts after a database outage."""
    store_dsn = settings.store_url.get_secret_value()
    db = await ReadDb.open(store_dsn, ledger=ledger, models=MODELS)

    async def work() -> None:
        await prepare_store(store_dsn)
        await run_background(ledger=ledger, store_dsn=store_dsn, db=db, var_dir=settings.var_dir)

    try:
        yield WorkerTasks(reactors={NAME: InvoicingReactions(ledger, db)}, background=(work,))
    finally:
        await db.close()

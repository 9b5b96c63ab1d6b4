"""The worker's task beside its read model: reactions to days and to money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.service.process import WorkerTasks
from encours.service.settings import ServiceSettings
from risk_svc.models import CREDIT, MODELS
from risk_svc.use_cases.days import CreditReactor


@asynccontextmanager
async def credit_tasks(settings: ServiceSettings, ledger: Ledger) -> AsyncIterator[WorkerTasks]:
    """Open the reaction to days and to money; it has nothing to do between events."""
    db = await ReadDb.open(settings.store_url.get_secret_value(), ledger=ledger, models=MODELS)
    try:
        yield WorkerTasks(reactors={CREDIT: CreditReactor(ledger, db)})
    finally:
        await db.close()

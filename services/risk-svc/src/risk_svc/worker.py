"""The worker's tasks beside its read model: the work of a day, blocked orders, grades of customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.service.process import WorkerTasks
from encours.service.settings import ServiceSettings
from risk_svc.models import CREDIT, MODELS
from risk_svc.use_cases.days import CreditDay
from risk_svc.use_cases.freeing import FreeOrders
from risk_svc.use_cases.grading import GradePayers


@asynccontextmanager
async def credit_tasks(settings: ServiceSettings, ledger: Ledger) -> AsyncIterator[WorkerTasks]:
    """Open the reaction to days, and the tasks that decide blocked orders again and grade customers."""
    db = await ReadDb.open(settings.store_url.get_secret_value(), ledger=ledger, models=MODELS)
    try:
        background = (FreeOrders(ledger, db).run, GradePayers(ledger, db).run)
        yield WorkerTasks(reactors={CREDIT: CreditDay(ledger, db)}, background=background)
    finally:
        await db.close()

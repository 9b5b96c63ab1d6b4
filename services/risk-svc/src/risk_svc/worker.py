"""The worker's tasks beside its read model: the work of a day, blocked orders, grades, policies, back-tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from encours.ledger import Ledger
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.postgres.leases import Leases
from encours.reading.read_db import ReadDb
from encours.service.long_work import LongWorkRunner
from encours.service.process import WorkerTasks
from encours.service.settings import ServiceSettings
from risk_svc.backtest.store import LimitBacktestStore
from risk_svc.models import CREDIT, MODELS, NAME
from risk_svc.use_cases.days import CreditDay
from risk_svc.use_cases.freeing import FreeOrders
from risk_svc.use_cases.grading import GradePayers
from risk_svc.use_cases.policy_looks import FollowPolicies


@asynccontextmanager
async def credit_tasks(settings: ServiceSettings, ledger: Ledger) -> AsyncIterator[WorkerTasks]:
    """Open the reaction to days, the tasks that follow orders, grades and credit policies, and back-tests."""
    store_url = settings.store_url.get_secret_value()
    async with AsyncExitStack() as stack:
        db = await ReadDb.open(store_url, ledger=ledger, models=MODELS)
        stack.push_async_callback(db.close)
        pool = await open_pool(store_url, f"{NAME} back-tests", size=1, settings=STORE_SETTINGS)
        stack.push_async_callback(close_pool, pool)
        leases = Leases(store_url, f"{NAME} back-test lease")
        stack.push_async_callback(leases.close)
        backtests = LongWorkRunner(
            LimitBacktestStore(pool), leases, "limit back-tests", "risk_svc", "limit-backtest"
        )
        background = (
            FreeOrders(ledger, db).run,
            GradePayers(ledger, db).run,
            FollowPolicies(ledger, db).run,
            backtests.run,
            leases.watch,
        )
        yield WorkerTasks(reactors={CREDIT: CreditDay(ledger, db)}, background=background)

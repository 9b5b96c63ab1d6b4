"""The worker's tasks beside its read models: exports, forecasts, schedules, webhooks and subtotals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from encours.http.access.keys import fetch_from
from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.ledger.reader import Reader
from encours.mail.attempts import Attempts
from encours.mail.door import MailDoor
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.postgres.leases import Leases
from encours.reading.read_db import ReadDb
from encours.service.long_work import LongWorkRunner
from encours.service.process import WorkerTasks
from encours.service.settings import ServiceSettings
from reporting_svc.exports.store import ExportStore
from reporting_svc.jobs.forecast_store import ForecastStore
from reporting_svc.jobs.subtotals import MAKING_S, SubtotalMaker
from reporting_svc.models import MODELS, NAME
from reporting_svc.read_models.feed import Feed
from reporting_svc.reports.mails import ReportMailDispatcher
from reporting_svc.reports.scheduler import ReportScheduler
from reporting_svc.webhooks.caller import ReceiverCaller
from reporting_svc.webhooks.dispatch import WebhookDispatcher
from reporting_svc.webhooks.settings import ReportingSettings, allowed_addresses
from reporting_svc.webhooks.store import WebhookStore

WEBHOOK_CONNECTIONS = 4


@asynccontextmanager
async def exports_and_webhooks(settings: ServiceSettings, ledger: Ledger) -> AsyncIterator[WorkerTasks]:
    """Open exports, forecasts, schedules, the deliveries of webhooks and the making of subtotals, with connections."""
    store_url = settings.store_url.get_secret_value()
    async with AsyncExitStack() as stack:
        pool = await open_pool(store_url, f"{NAME} exports", size=2, settings=STORE_SETTINGS)
        stack.push_async_callback(close_pool, pool)
        leases = Leases(store_url, f"{NAME} export lease")
        stack.push_async_callback(leases.close)
        exports = LongWorkRunner(ExportStore(pool), leases, "exports", "reporting_svc", "export")
        forecasts = LongWorkRunner(ForecastStore(pool), leases, "forecasts", "reporting_svc", "forecast")
        subtotals = await open_pool(
            store_url, f"{NAME} subtotals", size=1, settings=STORE_SETTINGS, command_timeout_s=MAKING_S
        )
        stack.push_async_callback(close_pool, subtotals)
        webhooks = await stack.enter_async_context(_webhooks(settings, ledger, leases))
        schedules = await stack.enter_async_context(_schedules(settings, ledger, leases))
        making = SubtotalMaker(subtotals)
        yield WorkerTasks(
            background=(exports.run, forecasts.run, webhooks.run, schedules.run, making.run, leases.watch)
        )


@asynccontextmanager
async def _schedules(
    settings: ServiceSettings, ledger: Ledger, leases: Leases
) -> AsyncIterator[ReportScheduler]:
    assert isinstance(settings, ReportingSettings)
    store_url = settings.store_url.get_secret_value()
    async with AsyncExitStack() as stack:
        db = await ReadDb.open(store_url, ledger=ledger, models=MODELS)
        stack.push_async_callback(db.close)
        tables = await open_pool(store_url, f"{NAME} schedules", size=2, settings=STORE_SETTINGS)
        stack.push_async_callback(close_pool, tables)
        reading = await open_pool(settings.ledger_url.get_secret_value(), f"{NAME} schedules", size=1)
        stack.push_async_callback(close_pool, reading)
        grants = fetch_from(reading)
        door = MailDoor(settings.mailer(), settings.senders)
        mails = ReportMailDispatcher(ledger, db, Attempts(tables, uuid7()), door, grants)
        scheduler = ReportScheduler(ledger, db, ExportStore(tables), mails, grants, leases)
        stack.push_async_callback(scheduler.close)
        yield scheduler


@asynccontextmanager
async def _webhooks(
    settings: ServiceSettings, ledger: Ledger, leases: Leases
) -> AsyncIterator[WebhookDispatcher]:
    async with AsyncExitStack() as stack:
        tables = await open_pool(
            settings.store_url.get_secret_value(),
            f"{NAME} webhooks",
            size=WEBHOOK_CONNECTIONS,
            settings=STORE_SETTINGS,
        )
        stack.push_async_callback(close_pool, tables)
        reading = await open_pool(
            settings.ledger_url.get_secret_value(), f"{NAME} webhooks", size=WEBHOOK_CONNECTIONS
        )
        stack.push_async_callback(close_pool, reading)
        yield WebhookDispatcher(
            ledger,
            Feed(ledger, Reader(reading)),
            WebhookStore(tables),
            fetch_from(reading),
            ReceiverCaller(allowed_addresses(settings)),
            leases,
        )

"""Composition of reporting-svc: its routes and the event feed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from encours.http.app import create_app as compose
from encours.http.services import Services
from encours.http.serving.server import serve as serve_app
from encours.ledger.reader import Reader
from encours.postgres.connection import close_pool, open_pool
from encours.service.settings import ServiceSettings
from reporting_svc.http.aged_balance import routes as aged_balance
from reporting_svc.http.anomalies import routes as anomalies
from reporting_svc.http.asyncapi import routes as asyncapi
from reporting_svc.http.cash_forecast import routes as cash_forecast
from reporting_svc.http.collection_effectiveness import routes as collection_effectiveness
from reporting_svc.http.dashboard import routes as dashboard
from reporting_svc.http.definitions import routes as definitions
from reporting_svc.http.dso import routes as dso
from reporting_svc.http.events import routes as events
from reporting_svc.http.expected import routes as expected
from reporting_svc.http.exports import routes as exports
from reporting_svc.http.figures import routes as figures
from reporting_svc.http.open_items import routes as open_items
from reporting_svc.http.overdue import routes as overdue
from reporting_svc.http.payment_delays import routes as payment_delays
from reporting_svc.http.reminders import routes as reminders
from reporting_svc.http.reports import routes as reports
from reporting_svc.http.schedules import routes as schedules
from reporting_svc.http.timeline import routes as timeline
from reporting_svc.http.turnover import routes as turnover
from reporting_svc.http.turnover_plans import routes as turnover_plans
from reporting_svc.http.webhooks import routes as webhooks
from reporting_svc.jobs.forecast_store import ForecastStore
from reporting_svc.models import MODELS, NAME
from reporting_svc.read_models.feed import Feed

FEED_CONNECTIONS = 4


@asynccontextmanager
async def _extras(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    """Open the tables of exports, forecasts and webhooks, and the event feed.

    With a pool of its own, live streams do not wait for reports.
    """
    pool = await open_pool(
        services.settings.ledger_url.get_secret_value(), f"{NAME} feed", size=FEED_CONNECTIONS
    )
    feed = Feed(services.ledger, Reader(pool))
    try:
        async with exports.open_store(services) as files, webhooks.open_webhooks(services) as hooks:
            yield {"feed": feed, "forecasts": ForecastStore(services.db.pool), **files, **hooks}
    finally:
        await feed.close()
        await close_pool(pool)


def create_app(settings: ServiceSettings) -> FastAPI:
    """Make the HTTP API of reporting-svc."""
    routers = [
        module.router
        for module in (
            aged_balance,
            dso,
            overdue,
            open_items,
            turnover,
            turnover_plans,
            collection_effectiveness,
            reminders,
            payment_delays,
            cash_forecast,
            anomalies,
            figures,
            dashboard,
            timeline,
            events,
            asyncapi,
            definitions,
            exports,
            reports,
            schedules,
            expected,
            webhooks,
        )
    ]
    return compose(
        NAME,
        "Reports on receivables",
        routers,
        settings,
        models=MODELS,
        extras=_extras,
        description="Aged balance, DSO, overdue list, turnover, timelines and the event feed: as of any date, as "
        "known at any moment, tied out in every answer.",
    )


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)

"""The composition of reporting-svc: its routes, the event feed, what its problems mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from encours.http.app import create_app as compose
from encours.http.catalogue import ProblemKind
from encours.http.server import serve as serve_app
from encours.http.services import Services
from encours.ledger.reader import Reader
from encours.postgres.connection import close_pool, open_pool
from encours.service.settings import ServiceSettings
from reporting_svc.feed import Feed
from reporting_svc.http import aged_balance, dashboard, definitions, dso, events, overdue, timeline, turnover
from reporting_svc.models import MODELS, NAME

FEED_CONNECTIONS = 4

PROBLEMS = (
    ProblemKind(
        "currency-required",
        "The figures are in several currencies",
        422,
        "Add currency= with one of those listed in `currencies`: sums over currencies mean nothing.",
    ),
    ProblemKind(
        "customer-not-found", "There is no such customer in this ledger", 404, "Check the id and the ledger."
    ),
    ProblemKind(
        "entity-not-found", "There is no such entity in this ledger", 404, "Check the id and the ledger."
    ),
    ProblemKind(
        "too-many-streams",
        "Too many live streams",
        503,
        "Close one, or read pages of /v1/events with after=.",
    ),
)


@asynccontextmanager
async def _feed(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    """The event feed reads the ledger through a pool of its own, so that tails never wait behind reports."""
    pool = await open_pool(
        services.settings.ledger_url.get_secret_value(), f"{NAME} feed", size=FEED_CONNECTIONS
    )
    feed = Feed(services.ledger, Reader(pool))
    try:
        yield {"feed": feed}
    finally:
        await feed.close()
        await close_pool(pool)


def create_app(settings: ServiceSettings) -> FastAPI:
    """The HTTP API of reporting-svc."""
    routers = [
        module.router
        for module in (aged_balance, dso, overdue, turnover, dashboard, timeline, events, definitions)
    ]
    return compose(
        NAME,
        "Reports on receivables",
        routers,
        settings,
        models=MODELS,
        extras=_feed,
        problems_known=PROBLEMS,
        description="Aged balance, DSO, overdue list, turnover, timelines and the event feed: as of any date, as "
        "known at any moment, tied out in every answer.",
    )


def serve(settings: ServiceSettings) -> None:
    """Serve the HTTP API until a signal."""
    serve_app(create_app(settings), settings)

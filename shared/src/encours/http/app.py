"""Composition of a service's API: ``create_app(...)``. Connections are opened in the lifespan, not at import.

Each service has a ``create_app(settings)``, which calls this one with its routers and models.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from encours.http import problems
from encours.http.access.keys import KeyStore, fetch_from
from encours.http.access.limits import RateLimiter, Shares
from encours.http.catalogue import ProblemKind
from encours.http.document import docs, openapi
from encours.http.operations import health, read_models
from encours.http.routing import Operation, RouteIndex
from encours.http.services import Services
from encours.http.serving.edge import Edge
from encours.postgres.connection import close_pool, open_pool
from encours.projection.read_model import ReadModel
from encours.reading.read_db import ReadDb
from encours.service import logging as web_logging
from encours.service.connections import ledger_and_nats
from encours.service.metrics import Metrics
from encours.service.settings import ServiceSettings
from encours.transport.announcer import Announcer

VERSION = "1.0.0"
KEY_CONNECTIONS = 2

Extras = Callable[[Services], AbstractAsyncContextManager[Mapping[str, Any]]]

_NO_TELEMETRY: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(
    name: str,
    title: str,
    routers: Iterable[APIRouter],
    settings: ServiceSettings,
    *,
    models: Sequence[ReadModel] = (),
    extras: Extras | None = None,
    problems_known: Iterable[ProblemKind] = (),
    description: str = "",
    open_services: Callable[[ServiceSettings], AbstractAsyncContextManager[Services]] | None = None,
) -> FastAPI:
    """Make the API of a service.

    ``models`` are its read models. ``extras`` opens the service's own resources and yields ``Services.extras``.
    ``problems_known`` documents codes that are no refusals of a request. ``open_services`` replaces the opening of
    connections (for a benchmark, or a test without a database).
    """
    metrics = Metrics(name)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        web_logging.configure(name, level=settings.log_level)
        async with AsyncExitStack() as stack:
            opened = (
                open_services(settings)
                if open_services is not None
                else _open(name, settings, models, metrics)
            )
            base = await stack.enter_async_context(opened)
            app.state.services = base
            if extras is not None:
                base.extras.update(await stack.enter_async_context(extras(base)))
            yield

    app = FastAPI(
        title=title,
        version=VERSION,
        description=description or f"{name} of Encours.",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        openapi_tags=[
            {"name": "Service", "description": "Health, metrics, read models and what problems mean."}
        ],
    )
    app.state.name = name
    problems.install(app, name.replace("-", "_"), problems_known)
    # The routes themselves, not include_router: an included router tries each of its routes twice for every request.
    for router in (*routers, read_models.router, health.router):
        app.router.routes.extend(router.routes)
    docs.install(app)
    openapi.install(app)
    _refuse_duplicates(app)
    # The whole stack: FastAPI's own has six layers more, for what Edge does and for what no route here needs.
    app.middleware_stack = Edge(RouteIndex(app), settings=settings, metrics=metrics)
    return app


@asynccontextmanager
async def _open(
    name: str, settings: ServiceSettings, models: Sequence[ReadModel], metrics: Metrics
) -> AsyncIterator[Services]:
    """Open the ledger, the read models, the keys and, in the background, NATS; close them in reverse order."""
    async with AsyncExitStack() as stack:
        ledger, nats = await stack.enter_async_context(ledger_and_nats(settings, f"{name} api"))
        db = await ReadDb.open(
            settings.store_url.get_secret_value(),
            ledger=ledger,
            models=models,
            on_wait=Announcer(nats).wanted,
        )
        stack.push_async_callback(db.close)
        keys = await open_pool(settings.ledger_url.get_secret_value(), f"{name} keys", size=KEY_CONNECTIONS)
        stack.push_async_callback(close_pool, keys)
        yield Services(
            name=name,
            settings=settings,
            ledger=ledger,
            db=db,
            keys=KeyStore(fetch_from(keys), believe_s=settings.key_cache_s),
            limiter=RateLimiter(per_minute=settings.rate_per_minute, burst=settings.rate_burst),
            shares=Shares(settings.in_flight_per_key),
            metrics=metrics,
            nats=nats,
            models=tuple(model.name for model in models),
        )


def _refuse_duplicates(app: FastAPI) -> None:
    """Refuse two routes with one operation id, or with one method and path."""
    seen: set[str] = set()
    for route in app.router.routes:
        if isinstance(route, Operation) and route.include_in_schema:
            marks = [route.unique_id, *(f"{method} {route.path}" for method in route.methods or ())]
            for mark in marks:
                if mark in seen:
                    raise ValueError(f"two routes are {mark}")
                seen.add(mark)

"""Connections that routes work with: one frozen object per process, made in the lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.requests import HTTPConnection

from encours.http.access.keys import KeyStore
from encours.http.access.limits import RateLimiter, Recent, Shares
from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.service.metrics import Metrics
from encours.service.settings import ServiceSettings

if TYPE_CHECKING:
    from encours.transport.client import NatsConnection


@dataclass(frozen=True, slots=True)
class Services:
    """Open connections of a service's API process.

    ``extras`` are the resources of the service's own lifespan; ``in_flight`` are the commands that this process is
    answering. ``measures`` set the service's own metrics before they are shown. ``recent`` spares the databases
    questions of probes and monitoring.
    """

    name: str
    settings: ServiceSettings
    ledger: Ledger
    db: ReadDb
    keys: KeyStore
    limiter: RateLimiter
    shares: Shares
    metrics: Metrics
    nats: NatsConnection
    models: tuple[str, ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)
    in_flight: set[tuple[str, UUID]] = field(default_factory=set)
    recent: Recent = field(default_factory=Recent)
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    measures: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


def services(connection: HTTPConnection) -> Services:
    """Return the process's connections, inside a request."""
    found: Services = connection.app.state.services
    return found

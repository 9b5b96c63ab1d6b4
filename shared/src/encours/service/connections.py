"""Connections that each process of a service opens: the ledger, and NATS to announce what it appends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from encours.ledger import Ledger
from encours.service.settings import ServiceSettings
from encours.transport.announcer import Announcer
from encours.transport.client import NatsConnection


@asynccontextmanager
async def ledger_and_nats(
    settings: ServiceSettings, name: str
) -> AsyncIterator[tuple[Ledger, NatsConnection]]:
    """Connect to the ledger, which is checked first, and to NATS, where each append of this process is announced.

    ``name`` identifies the process in the servers' lists of connections.
    """
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(settings.ledger_url.get_secret_value(), check=True)
        stack.push_async_callback(ledger.close)
        nats = NatsConnection(settings.nats_url.get_secret_value(), name)
        stack.push_async_callback(nats.close)
        ledger.on_appended(Announcer(nats).appended)
        yield ledger, nats

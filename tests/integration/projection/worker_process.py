"""The toy worker as a process of its own, for tests that kill it: arguments are the four addresses."""

from __future__ import annotations

import asyncio
import sys

from pydantic import SecretStr

from encours.ledger import Ledger
from encours.service.worker import Worker
from encours.transport.client import NatsConnection
from tests.integration.projection.toy import OpenItems, Settings


async def main(ledger_url: str, store_url: str, nats_url: str, relay_url: str) -> None:
    settings = Settings(*map(SecretStr, (ledger_url, store_url, nats_url, relay_url)))
    ledger = await Ledger.open(ledger_url)
    nats = NatsConnection(nats_url, "toy-svc worker")
    try:
        await Worker(settings, ledger, nats, "toy-svc", [OpenItems()]).run()
    finally:
        await nats.close()
        await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))

"""A live ledger with webhooks: the API, and a dispatcher whose clock the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from encours.contracts import Event
from encours.http.access.keys import NewKey, fetch_from
from encours.kernel.ids import derived_id, uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.ledger.reader import Reader
from encours.postgres.connection import STORE_SETTINGS, close_pool, connect, open_pool
from encours.postgres.leases import Leases
from encours.testing.events import DAY
from encours.testing.history import History
from encours.testing.http import client_of, grant
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from reporting_svc.app import create_app
from reporting_svc.domain.webhook.address import AllowedAddresses
from reporting_svc.read_models.feed import Feed
from reporting_svc.webhooks.caller import ReceiverCaller
from reporting_svc.webhooks.dispatch import WebhookDispatcher
from reporting_svc.webhooks.settings import ReportingSettings
from reporting_svc.webhooks.store import WebhookStore

ENT_A, ENT_B = derived_id("ent", "a"), derived_id("ent", "b")


@dataclass
class Yard:
    """A live ledger, the API, and a dispatcher whose clock the test moves."""

    installation: Installation
    name: str
    http: httpx.AsyncClient
    ledger: Ledger
    key: NewKey
    dispatcher: WebhookDispatcher
    feed: Feed
    store: WebhookStore
    leases: Leases
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    history: History = field(default_factory=History)

    async def append(self, *events: Event, entity: str = ENT_A) -> list[int]:
        """Append these events; return their positions."""
        rows = [self.history.add(event, entity=entity) for event in events]
        done = await self.ledger.append(
            Append(
                ledger=self.name,
                command_id=uuid7(),
                fingerprint=b"given",
                events=tuple(NewEvent(e.stream, e.version, e.data, entity, DAY, uuid7()) for e in rows),
                actor="test",
            )
        )
        return list(range(done.first_position, done.last_position + 1))

    async def make(self, url: str, **fields: Any) -> dict[str, Any]:
        """POST /v1/webhooks."""
        answer = await self.http.post("/v1/webhooks", json={"url": url} | fields)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def shown(self, webhook: dict[str, Any], path: str = "", **query: str) -> dict[str, Any]:
        """GET the webhook, or what is below it."""
        answer = await self.http.get(f"/v1/webhooks/{webhook['id']}{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def replay(self, webhook: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.http.post(f"/v1/webhooks/{webhook['id']}/replay", json=body)

    async def is_measured(self) -> bool:
        """True if the metrics have a backlog of the ledger."""
        name = f'encours_webhook_deliveries_pending{{ledger="{self.name}"}}'
        return name in (await self.http.get("/metrics")).text

    async def queued(self, webhook: dict[str, Any], position: int, state: str) -> None:
        """Store a delivery of a position."""
        admin = await connect(self.installation.store_url("reporting"), "webhook tests")
        await admin.execute(
            """insert into encours_webhooks.delivery (webhook_id, position, stream, type, event_id, state, next_at)
               values ($1, $2, 'inv_x', 'invoice.drafted', $3, $4, now())""",
            *(webhook["id"], position, uuid7(), state),
        )
        await admin.close()

    async def serve(self, webhook: dict[str, Any]) -> None:
        """Deliver all that is due at the clock's time."""
        while await self.dispatcher.serve_once(self.name, webhook["id"]):
            pass

    async def serve_to_the_end(self, webhook: dict[str, Any]) -> None:
        """Deliver and move the clock until nothing waits; six days are enough for anything."""
        for _ in range(3 * 6):
            await self.serve(webhook)
            shown = await self.shown(webhook)
            if not shown["pending"] or shown["state"] == "disabled":
                return
            self.now += timedelta(hours=8)
        raise AssertionError("deliveries wait for more than six days")


@asynccontextmanager
async def yard(installation: Installation) -> AsyncIterator[Yard]:
    name = f"hooks-{uuid7().hex[-12:]}"
    key = await grant(installation, ledger=name)
    settings = ReportingSettings(
        ledger_url=SecretStr(installation.ledger_url("reporting")),
        store_url=SecretStr(installation.store_url("reporting")),
        nats_url=SecretStr(installation.nats_url("reporting")),
        log_level="error",
        webhook_allow="127.0.0.1",
    )
    ledger = await Ledger.open(installation.admin_url())
    reading = await open_pool(installation.ledger_url("reporting"), "webhook tests", size=2)
    tables = await open_pool(
        installation.store_url("reporting"), "webhook tests", size=4, settings=STORE_SETTINGS
    )
    feed, store = Feed(ledger, Reader(reading)), WebhookStore(tables)
    leases = Leases(installation.store_url("reporting"), "webhook tests")
    caller = ReceiverCaller(AllowedAddresses.parse("127.0.0.1"), timeout_s=HANG_S)
    made: list[Yard] = []
    dispatcher = WebhookDispatcher(
        ledger, feed, store, fetch_from(reading), caller, leases, clock=lambda: made[0].now
    )
    try:
        async with client_of(create_app(settings), key) as http:
            made.append(Yard(installation, name, http, ledger, key, dispatcher, feed, store, leases))
            yield made[0]
    finally:
        await leases.close()
        for pool in (tables, reading):
            await close_pool(pool)
        await ledger.close()

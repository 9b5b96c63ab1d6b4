"""A service's API in this process on real servers, and given/when/then over HTTP.

async with http_scenario(installation, "invoice", create_app) as scenario:
    await scenario.given(entity, customer, issued(12_000, invoice_id=INVOICE))
    answer = await scenario.when("POST", f"/v1/invoices/{INVOICE}/credit-notes", {"amount": …})
    answer.then(201, InvoiceCredited)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from encours.contracts import Event
from encours.http.access.keys import NewKey, new_key
from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.postgres.connection import connect
from encours.service.settings import ServiceSettings
from encours.testing.events import DAY
from encours.testing.history import History
from encours.testing.servers import Installation


def settings_of(installation: Installation, service: str = "invoice", **more: Any) -> ServiceSettings:
    """Settings of a process of that service; it logs errors alone."""
    return ServiceSettings(
        ledger_url=SecretStr(installation.ledger_url(service)),
        store_url=SecretStr(installation.store_url(service)),
        nats_url=SecretStr(installation.nats_url(service)),
        log_level="error",
        **more,
    )


async def grant(
    installation: Installation,
    scopes: Sequence[str] = ("*",),
    entities: Sequence[str] = (),
    *,
    ledger: str = "demo",
    kind: Literal["live", "sandbox"] = "live",
) -> NewKey:
    """A key to a ledger, which is made if it is not there."""
    key = new_key()
    connection = await connect(installation.admin_url(), "encours tests")
    try:
        await connection.execute("select ledger.create_ledger($1, $2, 'Europe/Paris', null)", ledger, kind)
        await connection.execute(
            "insert into ledger.api_key (id, sha256, label, scopes, entities, default_ledger)"
            " values ($1, $2, 't', $3, $4, $5)",
            key.id, key.sha256, list(scopes), list(entities), ledger,
        )  # fmt: skip
    finally:
        await connection.close()
    return key


@asynccontextmanager
async def client_of(app: FastAPI, key: NewKey | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, which runs while inside."""
    headers = {} if key is None else {"Authorization": f"Bearer {key.token}"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client,
    ):
        yield client


@dataclass(frozen=True)
class Answered:
    """An answer, and the events that the request has appended."""

    answer: httpx.Response
    events: list[Any]

    def then(self, status: int, *types: type[Event]) -> Any:
        """Expect that status and events of exactly these types; return the body."""
        assert self.answer.status_code == status, self.answer.text
        assert [type(event) for event in self.events] == list(types)
        return self.answer.json()

    def refused(self, status: int, code: str) -> Any:
        """A problem of that code, and no event; the problem."""
        problem = self.then(status)
        assert problem["type"] == f"/problems/{code}"
        return problem


class HttpScenario:
    """A sandbox ledger that starts with given events and goes on with requests."""

    def __init__(self, client: httpx.AsyncClient, ledger: Ledger, name: str) -> None:
        self.http = client
        self._ledger, self.name = ledger, name
        self._history = History(ledger=name)

    async def given(self, *events: Event, entity: str, on: date = DAY) -> None:
        """Append these events, all on one day, to which the sandbox's clock is moved."""
        rows = [self._history.add(event, entity=entity, on=on) for event in events]
        given = [NewEvent(e.stream, e.version, e.data, entity, on, uuid7()) for e in rows]
        await self.at(datetime(on.year, on.month, on.day, 9, tzinfo=UTC), *given)

    async def at(self, now: datetime, *events: NewEvent) -> None:
        """Move the sandbox's clock to an instant, with these events or none."""
        await self._ledger.append(
            Append(
                ledger=self.name,
                command_id=uuid7(),
                fingerprint=b"given",
                events=events,
                actor="test",
                clock_at=now,
            )
        )

    async def when(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        """Send a request."""
        before = (await self._ledger.head(self.name)).position
        answer = await self.http.request(method, path, json=body, headers=headers)
        after = await self._ledger.read(self.name, before, 1_000)
        for e in after:
            self._history.versions[e.stream] = e.version
        return Answered(answer, [e.data for e in after])


@asynccontextmanager
async def http_scenario(
    installation: Installation, service: str, create_app: Callable[[ServiceSettings], FastAPI]
) -> AsyncIterator[HttpScenario]:
    """A service on a sandbox of its own. What is given are events of that service's families."""
    name = f"story-{uuid7().hex[-12:]}"
    key = await grant(installation, ledger=name, kind="sandbox")
    ledger = await Ledger.open(installation.admin_url())
    try:
        async with client_of(create_app(settings_of(installation, service)), key) as client:
            yield HttpScenario(client, ledger, name)
    finally:
        await ledger.close()

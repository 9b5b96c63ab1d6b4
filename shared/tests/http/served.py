"""The small service opened on an installation's real databases, and a client that holds a key to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from encours.http.access.keys import NewKey, new_key
from encours.http.app import create_app
from encours.service.settings import ServiceSettings
from encours.testing.servers import Installation
from shared.tests.http import customers_app
from shared.tests.http.customers_app import ENTITY

NEW = {"entity_id": ENTITY, "name": "Boulangerie Martin"}


def app_of(installation: Installation, **settings: Any) -> FastAPI:
    complete = ServiceSettings(
        ledger_url=SecretStr(installation.ledger_url()), store_url=SecretStr(installation.store_url()),
        nats_url=SecretStr(installation.nats_url()), log_level="error", **settings,
    )  # fmt: skip
    return create_app("web-test", "Customers", [customers_app.router], complete)


async def grant(
    installation: Installation, scopes: Sequence[str] = ("*",), entities: Sequence[str] = ()
) -> NewKey:
    key = new_key()
    connection = await asyncpg.connect(installation.admin_url())
    try:
        await connection.execute("select ledger.create_ledger('demo', 'live', 'Europe/Paris', null)")
        await connection.execute(
            "insert into ledger.api_key (id, sha256, label, scopes, entities, default_ledger)"
            " values ($1, $2, 't', $3, $4, 'demo')",
            key.id, key.sha256, list(scopes), list(entities),
        )  # fmt: skip
    finally:
        await connection.close()
    return key


@asynccontextmanager
async def client_of(app: FastAPI, key: NewKey | None) -> AsyncIterator[httpx.AsyncClient]:
    headers = {} if key is None else {"Authorization": f"Bearer {key.token}"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client,
    ):
        yield client


async def until(api: httpx.AsyncClient, status: str) -> httpx.Response:
    """The first answer of /readyz with that status, within a minute."""
    async with asyncio.timeout(60):
        answer = await api.get("/readyz")
        while answer.json()["status"] != status:
            answer = await api.get("/readyz")
    return answer

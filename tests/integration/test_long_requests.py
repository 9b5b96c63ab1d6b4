"""Requests that last: they end when their key does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx

from encours.http.access.keys import NewKey
from encours.testing.http import client_of, grant, settings_of
from encours.testing.servers import Installation
from reporting_svc.app import create_app
from shared.tests.http.served import app_of


async def revoke(installation: Installation, key: NewKey) -> None:
    connection = await asyncpg.connect(installation.admin_url())
    await connection.execute("update ledger.api_key set revoked_at = now() where id = $1", key.id)
    await connection.close()


async def test_a_stream_of_events_ends_when_its_key_is_revoked(module_installation: Installation) -> None:
    key = await grant(module_installation, ["audit:read"])
    app = create_app(settings_of(module_installation, "reporting", key_cache_s=0.1))
    async with client_of(app, key) as api:
        stream = asyncio.create_task(api.get("/v1/events/stream", timeout=60))
        done, _ = await asyncio.wait({stream}, timeout=3)
        assert not done
        await revoke(module_installation, key)
        answer: httpx.Response = await asyncio.wait_for(stream, 30)
        assert (answer.status_code, answer.text[:11]) == (200, "retry: 1000")
        assert (await api.get("/v1/events/stream")).status_code == 401


async def test_an_upload_ends_when_its_key_is_revoked(module_installation: Installation) -> None:
    key = await grant(module_installation)

    async def rows() -> AsyncIterator[bytes]:
        yield b"one\n"
        await revoke(module_installation, key)
        for _ in range(60):
            await asyncio.sleep(0.5)
            yield b"more\n"

    async with client_of(app_of(module_installation, key_cache_s=0.1), key) as api:
        answer = await asyncio.wait_for(api.post("/v1/customer-files", content=rows()), 29)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")

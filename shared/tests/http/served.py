"""The small service opened on an installation's real databases."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

from encours.http.app import create_app
from encours.testing.http import settings_of
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from shared.tests.http import customers_app
from shared.tests.http.customers_app import ENTITY

NEW = {"entity_id": ENTITY, "name": "Boulangerie Martin"}


def app_of(installation: Installation, **settings: Any) -> FastAPI:
    return create_app("web-test", "Customers", [customers_app.router], settings_of(installation, **settings))


async def until(api: httpx.AsyncClient, status: str) -> httpx.Response:
    """The first answer of /readyz with that status, within a minute."""
    async with asyncio.timeout(HANG_S):
        answer = await api.get("/readyz")
        while answer.json()["status"] != status:
            answer = await api.get("/readyz")
    return answer

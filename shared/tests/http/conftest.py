"""An app without a ledger: what the edge does before anyone asks who is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from encours.http.app import create_app
from encours.http.catalogue import ProblemKind
from encours.http.commands import json_response
from encours.http.models import Body, BusinessDate, Count, Id, ShortText
from encours.http.routing import Router
from encours.kernel.errors import Invalid, Refusal
from encours.ledger.errors import AppendRefused, LedgerUnavailable
from encours.service.settings import ServiceSettings

ThingId = Annotated[str, Id("thg")]


class Part(Body):
    name: ShortText
    pieces: Count


class Thing(Body):
    name: ShortText
    since: BusinessDate | None = None
    parts: list[Part] = Field(default_factory=list)


class ThingOut(BaseModel):
    id: str
    name: str
    q: str | None
    limit: int


things = Router(tags=["Things"])


@things.post("/v1/things/{id}", response_model=ThingOut)
async def put_thing(id: ThingId, body: Thing, q: str | None = None, limit: int = 5) -> Response:
    return json_response(ThingOut(id=id, name=body.name, q=q, limit=limit))


trouble = Router()


class ThingNotOpen(Refusal):
    """A rule said no."""

    code = "thing-not-open"
    title = "Thing is not open"
    remedy = "Open it."


FAILURES: dict[str, Exception] = {
    "rule": ThingNotOpen("The thing is closed.", extra={"thing": "thg_1"}),
    "invalid": Invalid("Write another.", "/name"),
    "unavailable": LedgerUnavailable("The ledger is away.", retry_after_s=7),
    "bug": RuntimeError("password=hunter2"),
    "refused-statement": AppendRefused("hunter2"),
    "connection": asyncpg.ConnectionDoesNotExistError("connection was closed"),
    "no-server": ConnectionRefusedError("10.0.0.7 refused"),
    "value": asyncpg.DataError("value out of range: hunter2"),
}


@trouble.get("/v1/trouble/{kind}")
async def make_trouble(kind: str, cursor: str | None = None) -> Response:
    raise FAILURES[kind]


@trouble.post("/v1/slowly")
async def read_slowly(request: Request) -> Response:
    await request.body()
    await asyncio.sleep(60)
    return Response()


@pytest.fixture
def settings() -> ServiceSettings:
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    return ServiceSettings(
        ledger_url=nowhere, store_url=nowhere, log_level="error", body_max_bytes=10_000, request_timeout_s=0.2
    )


@pytest.fixture
def app(settings: ServiceSettings) -> FastAPI:
    known = [ProblemKind(ThingNotOpen.code, ThingNotOpen.title, ThingNotOpen.status, ThingNotOpen.remedy)]
    return create_app("things", "Things", [things, trouble], settings, problems_known=known)


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client

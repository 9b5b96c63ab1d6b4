"""A route answers as FastAPI itself would, and the index finds what the router would find."""

from __future__ import annotations

import asyncio
import itertools
from datetime import date
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Path, Query
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from encours.http.app import create_app
from encours.http.commands import json_response
from encours.http.problems import faults
from encours.http.routing import Router, operation_id
from encours.kernel.errors import NotFound
from encours.service.settings import ServiceSettings
from encours.testing.waiting import HANG_S
from shared.tests.http.conftest import Thing, ThingId, ThingOut

THING = "thg_" + "0" * 32
JSON = {"Content-Type": "application/json"}

BODIES = st.sampled_from([
    b"", b"{}", b"null", b"[]", b'{"name": "a"}', b'{"name": " a "}', b'{"name": ""}', b'{"name": "a", "z": 1}',
    b'{"name": "a", "since": "2026-01-31"}', b'{"name": "a", "parts": [{"name": "x", "pieces": 2}]}',
    b'{"name": "a", "parts": [{"pieces": -1}, 5]}',
])  # fmt: skip
QUERIES = st.dictionaries(st.sampled_from(["q", "limit"]), st.sampled_from(["", "7", "x", "é", "1.0"]))
TYPES = ("application/json", "application/json; charset=utf-8", "application/x+json", "text/plain")
HEADERS = st.sampled_from([{}, JSON | {"User-Agent": "me"}, *({"Content-Type": media} for media in TYPES)])


class ThingNotFound(NotFound):
    """No thing has the id."""

    code = "thing-not-found"
    title = "Thing not found"
    remedy = "Take another id."


def routes_of(app: FastAPI) -> dict[str, APIRoute]:
    return {route.name: route for route in app.router.routes if isinstance(route, APIRoute)}


reference = FastAPI()


@reference.post("/v1/things/{id}")
async def as_fastapi_does(id: ThingId, body: Thing, q: str | None = None, limit: int = 5) -> ThingOut:
    return ThingOut(id=id, name=body.name, q=q, limit=limit)


@given(st.sampled_from([THING, "thg_1"]), BODIES, QUERIES, HEADERS)
@hypothesis_settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_a_route_answers_as_fastapi_itself_would(
    app: FastAPI, thing: str, body: bytes, query: dict[str, str], headers: dict[str, str]
) -> None:
    async def put(asked: FastAPI) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(asked), base_url="http://test") as client:
            return await client.post(f"/v1/things/{thing}", content=body, params=query, headers=headers)

    ours = await put(app)
    if body and "json" not in headers.get("Content-Type", ""):
        assert ours.status_code == 415
        return
    theirs = await put(reference)
    assert ours.status_code == theirs.status_code
    if ours.status_code == 422:
        assert ours.json()["errors"] == faults(theirs.json()["detail"])
    else:
        assert ours.json() == theirs.json()


class Filter(BaseModel):
    kind: str = "any"
    color: str | None = Field(default=None, min_length=3)


async def test_parameters_are_read_by_alias_repeated_in_a_list_and_as_a_model(
    settings: ServiceSettings,
) -> None:
    router = Router()

    @router.get("/v1/things/{id}")
    async def find(
        thing: Annotated[int, Path(alias="id", ge=1)],
        filter: Annotated[Filter, Query()],
        tags: Annotated[list[str] | None, Query(alias="tag", max_length=2)] = None,
        since: Annotated[date | None, Query(alias="from")] = None,
    ) -> Response:
        day = since.isoformat() if since else None
        return json_response({"thing": thing, "tags": tags, "since": day} | filter.model_dump())

    app = create_app("t", "T", [router], settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        found = await client.get("/v1/things/7?tag=a&tag=b&from=2026-01-31&color=red")
        assert found.json() == {
            "thing": 7, "tags": ["a", "b"], "since": "2026-01-31", "kind": "any", "color": "red",
        }  # fmt: skip
        bare = {"thing": 7, "tags": None, "since": None, "kind": "any", "color": None}
        assert (await client.get("/v1/things/7")).json() == bare
        refused = (await client.get("/v1/things/0?tag=a&tag=b&tag=c&color=x&from=x")).json()["errors"]
        assert {(fault["in"], fault["pointer"]) for fault in refused} == {
            ("path", "/id"), ("query", "/tag"), ("query", "/color"), ("query", "/from"),
        }  # fmt: skip
        assert (await client.get("/v1/things/7?since=2026-01-31")).status_code == 400
    described = app.openapi()["paths"]["/v1/things/{id}"]["get"]["parameters"]
    assert {(parameter["in"], parameter["name"]) for parameter in described} == {
        ("path", "id"), ("query", "kind"), ("query", "color"), ("query", "tag"), ("query", "from"),
    }  # fmt: skip


async def test_a_handler_with_the_request_reads_bodies_of_other_types_itself(
    settings: ServiceSettings,
) -> None:
    router = Router()

    @router.post("/v1/things")
    async def take(request: Request, body: Thing | None = None) -> Response:
        return json_response({"name": (await request.body()).decode() if body is None else body.name})

    app = create_app("t", "T", [router], settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        text = await client.post("/v1/things", content=b"abc", headers={"Content-Type": "text/plain"})
        assert text.json() == {"name": "abc"}
        assert (await client.post("/v1/things", json={"name": "def"})).json() == {"name": "def"}
        assert (await client.post("/v1/things", json={"nonsense": 1})).status_code == 422


def test_a_handler_that_does_not_answer_itself_is_a_mistake() -> None:
    async def no_response() -> dict[str, str]:
        return {}

    def not_asynchronous() -> Response:
        return Response()

    for handler in (no_response, not_asynchronous):
        with pytest.raises(TypeError, match="async def"):
            Router().get("/v1/a")(handler)


def test_operation_ids_read_like_method_names(app: FastAPI) -> None:
    assert {operation_id(route) for route in routes_of(app).values()} >= {
        "putThing",
        "readModels",
        "problemKind",
    }


def test_two_routes_with_one_name_are_a_mistake(settings: ServiceSettings) -> None:
    router = Router()
    for path in ("/v1/a", "/v1/b"):

        @router.get(path)
        async def same() -> Response:
            return Response()

    with pytest.raises(ValueError, match="two routes are same"):
        create_app("t", "T", [router], settings)


async def test_a_more_exact_path_before_a_parameter_is_found(settings: ServiceSettings) -> None:
    router = Router()

    @router.get("/v1/things/all")
    async def all_things() -> Response:
        return json_response({"found": "all"})

    @router.get("/v1/things/{id}")
    async def one_thing(id: str) -> Response:
        return json_response({"found": id})

    @router.get("/v1/{kind}/{id}/x")
    async def any_kind(kind: str, id: str) -> Response:
        return json_response({"found": kind + id})

    @router.post("/v1/things:batch")
    async def batch() -> Response:
        return json_response({"found": "batch"})

    app = create_app("t", "T", [router], settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/v1/things/all")).json() == {"found": "all"}
        assert (await client.get("/v1/things/7")).json() == {"found": "7"}
        assert (await client.get("/v1/cats/7/x")).json() == {"found": "cats7"}
        assert (await client.post("/v1/things:batch")).json() == {"found": "batch"}
        assert (await client.get("/v1/things:batch")).status_code == 405


async def test_head_is_answered_as_get_without_a_body(settings: ServiceSettings) -> None:
    router = Router()

    @router.get("/v1/things/{id}")
    async def one(id: str) -> Response:
        return Response(id.encode(), headers={"ETag": '"1"'})

    @router.get("/v1/endless")
    async def endless() -> Response:
        return StreamingResponse(itertools.repeat(b"more"))

    @router.get("/v1/lacking")
    async def lacking() -> Response:
        raise ThingNotFound("thg_1")

    app = create_app("t", "T", [router], settings)
    sent = 0

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        async def count(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            await send(message)

        await app(scope, receive, count)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(counted), base_url="http://test") as client:
        for path in ("/v1/things/7", "/livez", "/docs", "/openapi.json"):
            whole = await client.get(path)
            sent = 0
            bare = await client.head(path)
            assert (bare.status_code, bare.content, sent) == (200, b"", 0)
            assert dict(bare.headers, **_own(whole)) == dict(whole.headers)
        async with asyncio.timeout(HANG_S):
            assert (await client.head("/v1/endless")).status_code == 200
        assert (await client.head("/v1/lacking")).status_code == 404
        assert (await client.head("/nothing")).status_code == 404
    operations = {method for path in app.openapi()["paths"].values() for method in path}
    assert operations <= {"get", "post"}


def _own(answer: httpx.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in ("request-id", "traceparent")}


async def test_a_refused_method_is_told_all_that_the_path_takes(settings: ServiceSettings) -> None:
    router = Router()
    for method in ("POST", "GET", "PUT"):

        @router.api_route("/v1/things/{id}", methods=[method], name=f"thing_{method}")
        async def take(id: str) -> Response:
            return Response()

    @router.post("/v1/things/{id}/close")
    async def close(id: str) -> Response:
        return Response()

    app = create_app("t", "T", [router], settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for method in ("DELETE", "OPTIONS", "PATCH"):
            refused = await client.request(method, "/v1/things/7")
            assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, POST, PUT")
        refused = await client.head("/v1/things/7/close")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")

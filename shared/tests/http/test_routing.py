"""The short way answers as FastAPI itself would, and the index finds what the router would find."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from encours.http.app import create_app
from encours.http.fast import plan_of
from encours.http.routing import Router, operation_id
from encours.kernel.errors import NotFound
from encours.service.settings import ServiceSettings

THING = "thg_" + "0" * 32
JSON = {"Content-Type": "application/json"}

BODIES = st.sampled_from([
    b"", b"{}", b"null", b"[]", b'{"name": "a"}', b'{"name": " a "}', b'{"name": ""}', b'{"name": "a", "z": 1}',
    b'{"name": "a", "since": "2026-01-31"}', b'{"name": "a", "parts": [{"name": "x", "pieces": 2}]}',
    b'{"name": "a", "parts": [{"pieces": -1}, 5]}',
])  # fmt: skip
QUERIES = st.dictionaries(
    st.sampled_from(["q", "limit", "other"]), st.sampled_from(["", "7", "x", "é", "1.0"])
)
TYPES = ("application/json", "application/json; charset=utf-8", "application/x+json", "text/plain")
HEADERS = st.sampled_from([{}, JSON | {"User-Agent": "me"}, *({"Content-Type": media} for media in TYPES)])


def routes_of(app: FastAPI) -> dict[str, APIRoute]:
    return {route.name: route for route in app.router.routes if isinstance(route, APIRoute)}


def test_only_what_answers_itself_goes_the_short_way(app: FastAPI) -> None:
    routes = routes_of(app)
    assert plan_of(routes["put_thing"]) is not None
    assert plan_of(routes["put_other"]) is None


@given(st.sampled_from([THING, "thg_1"]), BODIES, QUERIES, HEADERS)
@hypothesis_settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_both_ways_answer_alike(
    app: FastAPI, thing: str, body: bytes, query: dict[str, str], headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answers = [
            await client.post(f"/v1/{name}/{thing}", content=body, params=query, headers=headers)
            for name in ("things", "others")
        ]
    short, usual = (_comparable(answer) for answer in answers)
    assert short == usual


def _comparable(answer: httpx.Response) -> tuple[int, Any]:
    body = answer.json()
    body.pop("request_id", None)
    return answer.status_code, body


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
        async def same() -> None: ...

    with pytest.raises(ValueError, match="two routes are same"):
        create_app("t", "T", [router], settings)


async def test_a_more_exact_path_before_a_parameter_is_found(settings: ServiceSettings) -> None:
    router = Router()

    @router.get("/v1/things/all")
    async def all_things() -> dict[str, str]:
        return {"found": "all"}

    @router.get("/v1/things/{id}")
    async def one_thing(id: str) -> dict[str, str]:
        return {"found": id}

    @router.get("/v1/{kind}/{id}/x")
    async def any_kind(kind: str, id: str) -> dict[str, str]:
        return {"found": kind + id}

    @router.post("/v1/things:batch")
    async def batch() -> dict[str, str]:
        return {"found": "batch"}

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
    async def planned(id: str) -> Response:
        return Response(id.encode(), headers={"ETag": '"1"'})

    @router.get("/v1/others/{id}")
    async def unplanned(id: str) -> dict[str, str]:
        return {"found": id}

    @router.get("/v1/endless")
    async def endless() -> Response:
        return StreamingResponse(itertools.repeat(b"more"))

    @router.get("/v1/lacking")
    async def lacking() -> Response:
        raise NotFound("thing", "thg_1")

    app = create_app("t", "T", [router], settings)
    sent = 0

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        async def count(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            await send(message)

        await app(scope, receive, count)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(counted), base_url="http://test") as client:
        for path in ("/v1/things/7", "/v1/others/7", "/livez", "/docs", "/openapi.json"):
            whole = await client.get(path)
            sent = 0
            bare = await client.head(path)
            assert (bare.status_code, bare.content, sent) == (200, b"", 0)
            assert dict(bare.headers, **_own(whole)) == dict(whole.headers)
        async with asyncio.timeout(60):
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

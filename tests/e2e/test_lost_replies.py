"""A reply is lost after the commit, the same POST comes again: same answer, one effect. For every POST route there is.

The route table is read from the four API documents; a route without an example here fails the test.
"""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from encours.testing.system import System
from encours.testing.waiting import HANG_S
from tests.e2e.post_examples import EXAMPLES, TODAY, XML
from tests.e2e.typed import Service, Typed
from tests.e2e.world import World


@pytest.fixture(scope="module")
def world(system: System) -> World:
    return World.make(system, day=TODAY)


def post_routes(system: System, service: str) -> set[str]:
    """Every path with a POST that writes, from the service's own document."""
    document = httpx.get(f"{system.url(service)}/openapi.json", timeout=HANG_S).json()
    return {
        path
        for path, item in document["paths"].items()
        if "post" in item and any(p["name"] == "Idempotency-Key" for p in item["post"].get("parameters", ()))
    }


def answer(response: Any) -> Any:
    """The body, but for the id of the request that a refused item of a batch names."""
    return json.loads(re.sub(rb'"request_id":"[^"]*"', b'"request_id":""', response.content))


def instants(value: Any) -> Any:
    """The value with `Z` for the offset of UTC, as answers have it."""
    match value:
        case dict():
            return {name: instants(each) for name, each in value.items()}
        case list():
            return [instants(each) for each in value]
        case str():
            return re.sub(r"(T[0-9:.]+)\+00:00$", r"\1Z", value)
    return value


@pytest.mark.parametrize("service", EXAMPLES)
def test_every_post_route_has_an_example(system: System, service: str) -> None:
    assert post_routes(system, service) == set(EXAMPLES[service])


@pytest.mark.parametrize(("service", "path"), [(s, path) for s, paths in EXAMPLES.items() for path in paths])
def test_the_same_post_again_gives_the_same_answer_and_has_one_effect(
    world: World, typed: Typed, service: Service, path: str
) -> None:
    url, body = EXAMPLES[service][path](world)
    key, trace = uuid4().hex, uuid4().hex
    kind = XML if isinstance(body, bytes) and body.startswith(b"<") else "text/csv"
    headers = {"Idempotency-Key": key} | ({"Content-Type": kind} if isinstance(body, bytes) else {})

    def post(**fields: str) -> Any:
        if not isinstance(body, bytes):
            return typed(world, service).post(path, url, body, idempotency_key=key, **fields)
        return world.send(service, url, body, headers=headers | fields)

    first = post()
    assert first.status_code < 300, first.content
    head = world.get("reporting", "/v1/events", limit=1)["position"]
    again = post(traceparent=f"00-{trace}-00f067aa0ba902b7-01")

    assert (again.status_code, answer(again)) == (first.status_code, answer(first))
    if not isinstance(body, bytes):
        assert instants(again.parsed.to_dict()) == json.loads(again.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers.get("etag") == first.headers.get("etag")
    # What runs beside it (an import being fed, reminders on their way) may append; the repetition may not.
    later = world.get("reporting", "/v1/events", after=head)["data"]
    assert [event for event in later if trace in (event["traceparent"] or "")] == []

    other = world.send(
        service, url, b"another file" if isinstance(body, bytes) else {"something": "else"}, headers=headers
    )
    assert other.status_code == 422, other.text

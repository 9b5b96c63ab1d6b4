"""A reply is lost after the commit, the same POST comes again: same answer, one effect. For every POST route there is.

The route table is read from the four API documents; a route without an example here fails the test.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from encours.testing.system import System
from tests.e2e.world import ENTITY, World, eur

TODAY = date.today().isoformat()  # noqa: DTZ011 - a live ledger's day; at midnight the rule under test is the same

Request = tuple[str, Any]
Make = Callable[[World], Request]


def _issued(world: World) -> dict[str, Any]:
    return world.invoice(world.customer())


def _draft(world: World) -> str:
    identifier: str = world.post("invoice", "/v1/invoices", world.draft_body(world.customer()))["id"]
    return identifier


def _dispute(world: World) -> str:
    path = f"/v1/invoices/{_issued(world)['id']}/disputes"
    identifier: str = world.post(
        "invoice", path, {"category": "price", "text": "Too dear", "amount": eur("10.00")}
    )["id"]
    return identifier


def _cash(world: World, *, allocated: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    invoice = _issued(world)
    parts = [{"invoice_id": invoice["id"], "amount": eur("30.00")}] if allocated else []
    return invoice, world.payment(invoice["customer_id"], "50.00", TODAY, allocations=parts)


def _allocate(world: World) -> Request:
    invoice, payment = _cash(world, allocated=False)
    return f"/v1/payments/{payment['id']}/allocations", {
        "allocations": [{"invoice_id": invoice["id"], "amount": eur("20.00")}]
    }


def _limit_body(world: World) -> dict[str, Any]:
    return {
        "customer_id": world.customer(),
        "amount": eur("5000.00"),
        "max_days_past_due": 30,
        "evidence": "Balance sheet 2025",
    }


def _limit(world: World) -> str:
    body = _limit_body(world)
    identifier: str = world.post("risk", "/v1/limit-requests", body)["id"]
    return identifier


def _payment_body(world: World) -> dict[str, Any]:
    return {
        "entity_id": world.entity,
        "customer_id": world.customer(),
        "received_on": TODAY,
        "amount": eur("12.00"),
        "method": "transfer",
    }


EXAMPLES: dict[str, dict[str, Make]] = {
    "invoice": {
        "/v1/entities": lambda w: ("/v1/entities", ENTITY | {"name": "Second"}),
        "/v1/customers": lambda w: ("/v1/customers", {"entity_id": w.entity, "name": "Garage"}),
        "/v1/customers/{customer_id}/contacts": lambda w: (
            f"/v1/customers/{w.customer()}/contacts",
            {"role": "accounts_payable", "name": "Claire Martin"},
        ),
        "/v1/customers/{customer_id}/notes": lambda w: (
            f"/v1/customers/{w.customer()}/notes",
            {"text": "Called."},
        ),
        "/v1/invoices": lambda w: ("/v1/invoices", w.draft_body(w.customer(), issue=True)),
        "/v1/invoices:batch": lambda w: (
            "/v1/invoices:batch",
            {"items": [w.draft_body(w.customer()), {"nonsense": 1}], "issue": True},
        ),
        "/v1/invoices/{invoice_id}/issue": lambda w: (f"/v1/invoices/{_draft(w)}/issue", {}),
        "/v1/invoices/{invoice_id}/cancel": lambda w: (f"/v1/invoices/{_draft(w)}/cancel", None),
        "/v1/invoices/{invoice_id}/credit-notes": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/credit-notes",
            {"amount": eur("12.00"), "reason": "return"},
        ),
        "/v1/invoices/{invoice_id}/disputes": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/disputes",
            {"category": "quality", "text": "Scratched"},
        ),
        "/v1/disputes/{dispute_id}/resolve": lambda w: (
            f"/v1/disputes/{_dispute(w)}/resolve",
            {"outcome": "rejected"},
        ),
        "/v1/payments": lambda w: ("/v1/payments", _payment_body(w)),
        "/v1/payments/{payment_id}/allocations": _allocate,
        "/v1/payments/{payment_id}/release": lambda w: (
            f"/v1/payments/{_cash(w, allocated=True)[1]['id']}/release",
            {},
        ),
        "/v1/payments/{payment_id}/reverse": lambda w: (
            f"/v1/payments/{_cash(w, allocated=True)[1]['id']}/reverse",
            {"reason": "AC04 closed account", "on": TODAY},
        ),
    },
    "dunning": {},
    "risk": {
        "/v1/limit-requests": lambda w: ("/v1/limit-requests", _limit_body(w)),
        "/v1/limit-requests/{limit_id}/approve": lambda w: (f"/v1/limit-requests/{_limit(w)}/approve", {}),
        "/v1/limit-requests/{limit_id}/refuse": lambda w: (
            f"/v1/limit-requests/{_limit(w)}/refuse",
            {"text": "No accounts filed"},
        ),
        "/v1/checks": lambda w: ("/v1/checks", {"customer_id": w.customer(), "amount": eur("99.00")}),
    },
    "reporting": {},
}


@pytest.fixture(scope="module")
def world(system: System) -> World:
    return World.make(system)


def post_routes(system: System, service: str) -> set[str]:
    """Every path with a POST that writes, from the service's own document."""
    document = httpx.get(f"{system.url(service)}/openapi.json", timeout=10).json()
    return {
        path
        for path, item in document["paths"].items()
        if "post" in item and any(p["name"] == "Idempotency-Key" for p in item["post"].get("parameters", ()))
    }


@pytest.mark.parametrize("service", EXAMPLES)
def test_every_post_route_has_an_example(system: System, service: str) -> None:
    assert post_routes(system, service) == set(EXAMPLES[service])


@pytest.mark.parametrize(("service", "path"), [(s, path) for s, paths in EXAMPLES.items() for path in paths])
def test_the_same_post_again_gives_the_same_answer_and_has_one_effect(
    world: World, service: str, path: str
) -> None:
    url, body = EXAMPLES[service][path](world)
    key = {"Idempotency-Key": uuid4().hex}
    first = world.send(service, url, body, headers=key)
    assert first.status_code < 300, first.text
    head = world.get("reporting", "/v1/events", limit=1)["position"]

    again = world.send(service, url, body, headers=key)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert "idempotency-replayed" not in first.headers
    if path != "/v1/invoices:batch":
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers.get("etag") == first.headers.get("etag")
    assert world.get("reporting", "/v1/events", limit=1)["position"] == head, (
        "the repetition appended something"
    )

    other = world.send(service, url, {"something": "else"}, headers=key)
    assert other.status_code == 422, other.text

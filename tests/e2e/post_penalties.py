"""Requests of the POST routes about penalties for late payment, and the proceedings that end them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.e2e.world import World


def _late(world: World) -> dict[str, Any]:
    """An invoice that is late; its series has no later date."""
    for code, document in (("LAT", "invoice"), ("PEN", "penalty_document")):
        series = {"document": document, "prefix": f"{code}-{{year}}-"}
        world.put(f"/v1/entities/{world.entity}/series/{code}", series)
    terms = {"kind": "NET", "days": 0}
    return world.invoice(world.customer(), series="LAT", issued_on="2026-01-01", terms=terms)


def _reinstated(world: World) -> tuple[str, Any]:
    path = f"/v1/invoices/{_late(world)['id']}/interest"
    world.post("invoice", f"{path}/waive", {"reason": "First delay"})
    return f"{path}/reinstate", {"reason": "Promise was broken"}


def _penalty_body(world: World) -> dict[str, Any]:
    return {"entity_id": world.entity, "customer_id": _late(world)["customer_id"]}


def _penalty(world: World) -> str:
    return (
        f"/v1/penalty-documents/{world.post('invoice', '/v1/penalty-documents', _penalty_body(world))['id']}"
    )


_JUDGMENT = {"kind": "receivership", "opened_on": "2026-01-02"}


def _insolvent(world: World) -> str:
    path = f"/v1/customers/{world.customer()}/insolvency"
    world.post("invoice", path, _JUDGMENT)
    return path


PENALTIES: Mapping[str, Callable[[World], tuple[str, Any]]] = {
    "/v1/invoices/{invoice_id}/interest/waive": lambda w: (
        f"/v1/invoices/{_late(w)['id']}/interest/waive",
        {"reason": "First delay"},
    ),
    "/v1/invoices/{invoice_id}/interest/reinstate": _reinstated,
    "/v1/customers/{customer_id}/insolvency": lambda w: (
        f"/v1/customers/{w.customer()}/insolvency",
        _JUDGMENT | {"published_on": "2026-01-05"},
    ),
    "/v1/customers/{customer_id}/insolvency/close": lambda w: (
        f"{_insolvent(w)}/close",
        {"outcome": "plan_adopted"},
    ),
    "/v1/penalty-documents": lambda w: ("/v1/penalty-documents", _penalty_body(w)),
    "/v1/penalty-documents/{document_id}/cancel": lambda w: (
        f"{_penalty(w)}/cancel",
        {"reason": "Paid before"},
    ),
}

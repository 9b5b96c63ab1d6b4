"""A request for every POST route of credit insurance, each with what it presupposes."""

from __future__ import annotations

from tests.e2e.post_dunning import Make, Request
from tests.e2e.world import World, eur

TERMS = {
    "insured_share_bps": 9000,
    "longest_extension_days": 60,
    "notice_days": 60,
    "hand_over_days": 120,
    "waiting_days": 150,
    "stop_days": 60,
    "turnover": {"period": "month", "within_days": 15},
}


def _insured(world: World) -> Request:
    """Set a contract of its own for a customer; return the request for its cover."""
    customer = world.customer()
    code = customer[-12:].upper()
    contract = {
        "entity_id": world.entity, "insurer": "Coface", "policy_number": "FR-4711", "currency": "EUR",
        "valid_from": "2025-12-01", "terms": TERMS,
    }  # fmt: skip
    answer = world.client("risk").put(f"/v1/insurance-contracts/{code}", json=contract)
    assert answer.status_code == 200, answer.text
    return f"/v1/customers/{customer}/covers", {"contract_code": code, "amount": eur("5000.00")}


def _cover(world: World) -> str:
    path, body = _insured(world)
    identifier: str = world.post("risk", path, body)["id"]
    return identifier


def _deadline(world: World) -> str:
    _cover(world)
    page = world.get("risk", "/v1/deadlines", until="2026-01-31")
    identifier: str = page["data"][0]["id"]
    return identifier


INSURANCE: dict[str, Make] = {
    "/v1/customers/{customer_id}/covers": _insured,
    "/v1/covers/{cover_id}/reduce": lambda w: (
        f"/v1/covers/{_cover(w)}/reduce",
        {"amount": eur("1000.00")},
    ),
    "/v1/covers/{cover_id}/cancel": lambda w: (f"/v1/covers/{_cover(w)}/cancel", {"run_off_days": 30}),
    "/v1/deadlines/{deadline_id}/meet": lambda w: (
        f"/v1/deadlines/{_deadline(w)}/meet",
        {"reference": "Coface 2026-118"},
    ),
}

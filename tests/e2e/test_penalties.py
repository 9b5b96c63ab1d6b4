"""Penalty documents, waivers and the interest statement, over HTTP and as every service sees them."""

from __future__ import annotations

from typing import Any

from encours.testing.system import System
from tests.e2e.world import World, eur

ISSUED, TODAY = "2026-01-05", "2026-03-20"
SERIES = {"document": "penalty_document", "prefix": "PEN-{year}-", "width": 4}


def late_debtor(system: System) -> tuple[World, str, str]:
    """An invoice of 120.00, due on 4 February, on 20 March."""
    world = World.make(system, day=ISSUED)
    world.put(f"/v1/entities/{world.entity}/series/PEN", SERIES)
    customer = world.customer(name="Garage Dupont SARL")
    invoice = world.invoice(customer, "100.00", issued_on=ISSUED, terms={"kind": "NET", "days": 30})["id"]
    world.advance(TODAY)
    return world, customer, invoice


def dso(world: World, customer: str) -> tuple[Any, Any]:
    body = world.get("reporting", "/v1/dso", customer_id=customer)
    return body["receivables"], body["turnover"]


def test_a_penalty_document_is_owed_in_every_service_and_no_turnover_in_any(system: System) -> None:
    world, customer, invoice = late_debtor(system)
    score = world.get("risk", f"/v1/customers/{customer}/score")["behaviour"]["score"]
    statement = world.get("invoice", f"/v1/invoices/{invoice}/interest")
    body = {"entity_id": world.entity, "customer_id": customer}
    document = world.post("invoice", "/v1/penalty-documents", body)
    path = f"/v1/penalty-documents/{document['id']}"
    assert (document["number"], document["total"], document["vat"]) == (
        "PEN-2026-0001",
        statement["total"],
        eur("0.00"),
    )
    assert document["penalises"][0]["segments"][0]["interest"] == statement["segments"][0]["interest"]
    again = world.send("invoice", "/v1/penalty-documents", body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/nothing-to-claim")

    aged = world.get("reporting", "/v1/aged-balance", customer_id=customer)
    assert (aged["penalties"], aged["tie_out"]["equal"]) == (document["total"], True)
    assert dso(world, customer) == (eur("120.00"), eur("120.00"))
    past = world.get("reporting", "/v1/aged-balance", customer_id=customer, as_of="2026-03-19")
    assert past["penalties"] == eur("0.00")
    owed = {aged["totals"]["outstanding"]["amount"]}
    assert owed <= set(_amounts(world.get("risk", f"/v1/customers/{customer}/exposure")))
    assert world.get("risk", f"/v1/customers/{customer}/score")["behaviour"]["score"] == score
    account = world.get("invoice", f"/v1/customers/{customer}/statement", **{"from": ISSUED})
    assert [entry["kind"] for entry in account["data"]] == ["invoice", "penalty"]
    assert account["accounts"][0]["equal"]
    listed = world.get("invoice", "/v1/penalty-documents", customer_id=customer)["data"]
    assert [each["id"] for each in listed] == [document["id"]]
    cases = world.get("dunning", "/v1/cases", customer_id=customer)["data"]
    assert document["number"] in [item["number"] for case in cases for item in case["items"]]

    cancelled = world.post("invoice", f"{path}/cancel", {"reason": "Our mistake"})
    assert (cancelled["total"], cancelled["number"]) == (document["total"], "AVO-2026-000001")
    assert dso(world, customer) == (eur("120.00"), eur("120.00"))
    assert world.get("reporting", "/v1/aged-balance", customer_id=customer)["penalties"] == eur("0.00")
    assert world.post("invoice", "/v1/penalty-documents", body)["total"] == document["total"]


def test_what_is_waived_is_neither_claimed_nor_shown_as_left_to_claim(system: System) -> None:
    world, customer, invoice = late_debtor(system)
    path = f"/v1/invoices/{invoice}/interest"
    due = world.get("invoice", path)
    waived = world.post("invoice", f"{path}/waive", {"reason": "First delay", "what": "indemnity"})
    assert waived["penalty_waivers"][0]["indemnity"] == eur("40.00")
    left = world.get("invoice", path)
    assert (left["total"], left["to_claim"]["indemnity"]) == (due["total"], eur("0.00"))
    body = {"entity_id": world.entity, "customer_id": customer}
    document = world.post("invoice", "/v1/penalty-documents", body)
    assert document["total"] == due["interest"]
    world.post("invoice", f"{path}/reinstate", {"reason": "Promise was broken"})
    assert world.get("invoice", path)["to_claim"]["indemnity"] == eur("40.00")
    assert world.post("invoice", "/v1/penalty-documents", body)["total"] == eur("40.00")


def _amounts(body: Any) -> list[str]:
    """Return every amount of an answer."""
    if isinstance(body, dict):
        own = [body["amount"]] if "amount" in body and "currency" in body else []
        return own + [found for value in body.values() for found in _amounts(value)]
    return [found for value in body for found in _amounts(value)] if isinstance(body, list) else []

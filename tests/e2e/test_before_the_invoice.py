"""Quotes, orders and recurring invoices over HTTP; lists compared on every day with a count of the single objects."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from encours.testing.system import System
from tests.e2e.world import World, eur

DAYS = ("2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-02-01")
DAILY = {"title": "Standby", "rule": "FREQ=DAILY", "starts_on": "2026-01-05", "nature": "services"}
BY_INDEX = {"indexation": {"index": "SYNTEC", "base_period": "2025-12-01", "revision": "each_period"}}
STATUSES = ("draft", "sent", "accepted", "refused", "expired")
SIGNED = base64.b64encode(b"%PDF-1.7 signed").decode()


def raced(world: World, count: int, path: str, body: Any) -> tuple[dict[str, Any], set[str]]:
    """The answer of the one request of many that succeeds, and the problems of the others."""
    with ThreadPoolExecutor(count) as racers:
        answers: list[httpx.Response] = list(
            racers.map(lambda _: world.send("invoice", path, body), range(count))
        )
    (won,) = [answer.json() for answer in answers if answer.status_code < 300]
    return won, {answer.json()["type"] for answer in answers if answer.status_code >= 300}


def content(world: World, customer: str, **fields: Any) -> dict[str, Any]:
    body = world.draft_body(customer) | fields
    del body["series"]
    return body


def on_day(world: World, path: str, day: str) -> dict[str, Any] | None:
    answer = world.client("invoice").get(path, params={"as_of": day})
    return answer.json() if answer.status_code == 200 else None


def listed(world: World, path: str, **parameters: Any) -> set[str]:
    return {each["id"] for each in world.get("invoice", path, **parameters)["data"]}


def test_quotes_orders_and_deliveries_become_invoices_once_and_lists_agree_on_every_day(
    system: System,
) -> None:
    world = World.make(system, day="2026-01-05")
    customer = world.customer()
    won, lost, late, kept = (
        world.post("invoice", "/v1/quotes", content(world, customer, **fields))["id"]
        for fields in (
            {"valid_until": "2026-01-07", "number": "D-1", "reference": "PO 7"},
            {"valid_until": "2026-01-31"},
            {"valid_until": "2026-01-05"},
            {"valid_until": "2026-01-31"},
        )
    )
    order = world.post("invoice", "/v1/orders", content(world, customer, number="C-1"))["id"]
    delivered = f"/v1/orders/{order}/deliveries"
    world.post("invoice", delivered, {"note_number": "BL-1", "lines": [{"line": 1, "quantity": "0.25"}]})
    daily = world.post("invoice", "/v1/recurring", content(world, customer) | DAILY)["id"]
    index = {"entity_id": world.entity, "name": "Syntec", "frequency": "monthly", "source": "Syntec"}
    world.put("/v1/indices/SYNTEC", index | {"values": [{"period": "2025-12-01", "value": "300"}]})
    indexed = world.post("invoice", "/v1/recurring", content(world, customer) | DAILY | BY_INDEX)["id"]
    world.advance("2026-01-06")
    blocked = world.get("invoice", f"/v1/recurring/{indexed}")["blocked"]
    assert (blocked["code"], blocked["period"]) == ("index-value-missing", "2026-01-05")
    world.put("/v1/indices/SYNTEC", index | {"values": [{"period": "2026-01-31", "value": "303"}]})
    for each in (won, lost, kept):
        world.post("invoice", f"/v1/quotes/{each}/send", {"sent_to": "Claire Martin"})
    world.post("invoice", f"/v1/quotes/{lost}/refuse", {"reason": "Too dear"})

    signed = {"accepted_by": "Claire Martin", "evidence": {"document": SIGNED, "name": "devis.pdf"}}
    accepted, problems = raced(world, 16, f"/v1/quotes/{won}/accept", signed)
    assert problems == {"/problems/quote-closed"}
    draft = world.get("invoice", f"/v1/invoices/{accepted['acceptance']['invoice_id']}")
    assert (draft["total"], draft["reference"]) == (eur("120.00"), "PO 7")
    evidence = world.get("invoice", f"/v1/quotes/{won}/evidence")
    assert (evidence["document"], evidence["sha256"]) == (
        SIGNED,
        hashlib.sha256(b"%PDF-1.7 signed").hexdigest(),
    )

    period = {"entity_id": world.entity, "customer_id": customer, "from": "2026-01-01", "to": "2026-01-31"}
    first, problems = raced(world, 64, "/v1/invoices:group", period)
    assert problems == {"/problems/nothing-to-bill"}
    assert (first["net"], [cited["note_number"] for cited in first["deliveries"]]) == (eur("25.00"), ["BL-1"])
    world.advance("2026-01-07")
    world.post("invoice", f"/v1/invoices/{first['id']}/cancel")
    world.post("invoice", delivered, {"note_number": "BL-2", "lines": [{"line": 1, "quantity": "0.5"}]})
    second = world.post("invoice", "/v1/invoices:group", period | {"issue": True})
    assert (second["number"], second["net"]) == ("FAC-2026-000001", eur("75.00"))
    world.advance("2026-01-08")
    world.post("invoice", f"/v1/invoices/{second['id']}/credit-notes", {"reason": "Wrong address"})
    world.post("invoice", f"/v1/quotes/{late}/extend", {"valid_until": "2026-01-09"})

    for name, price in ((daily, "100"), (indexed, "101")):  # once each day, those of the standstill too
        found = world.get("invoice", f"/v1/recurring/{name}")
        assert (found["billed_count"], found["latest"]["period"], found["blocked"]) == (4, "2026-01-08", None)
        assert found["next_dates"][::9] == ["2026-01-09", "2026-01-18"]
        made = world.get("invoice", f"/v1/invoices/{found['latest']['invoice_id']}")
        assert (made["lines"][0]["unit_price"], made["supply_on"]) == (price, "2026-01-08")
    assert listed(world, "/v1/recurring", customer_id=customer) == {daily, indexed}
    drafts = world.get("invoice", "/v1/invoices", customer_id=customer, status="draft")["data"]
    assert sorted(each["supply_on"][-1] for each in drafts if each["total"] != draft["total"]) == list("5678")

    issued_on = {second["id"]: "2026-01-07"}
    for day in DAYS:
        dates = {"as_of": day, "customer_id": customer}
        shown = {name: on_day(world, f"/v1/quotes/{name}", day) for name in (won, lost, late, kept)}
        for status in STATUSES:
            wanted = {name for name, body in shown.items() if body and body["status"] == status}
            assert listed(world, "/v1/quotes", status=status, **dates) == wanted, (day, status)
        deliveries = (on_day(world, f"/v1/orders/{order}", day) or {"deliveries": []})["deliveries"]
        billed = {d["id"] for d in deliveries if issued_on.get(d["invoice_id"], "9999") <= day}
        assert listed(world, "/v1/deliveries", billed="true", **dates) == billed, day
        assert listed(world, "/v1/deliveries", billed="false", **dates) == {
            d["id"] for d in deliveries if d["id"] not in billed
        }, day
        assert listed(world, "/v1/deliveries", billing="drafted", **dates) == {
            d["id"] for d in deliveries if d["invoice_id"] and d["id"] not in billed
        }, day
    told = str(world.get("reporting", f"/v1/customers/{customer}/timeline", lang="fr"))
    assert "Devis de 120,00 EUR accepté par Claire Martin" in told
    assert "1 livraison(s) de 25,00 EUR portée(s) sur une facture" in told

"""Penalty documents, waivers and the interest statement, over HTTP and as every service sees them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from encours.testing.system import System
from tests.e2e.world import World, eur, line

ISSUED, TODAY = "2026-01-05", "2026-03-20"
PARTS = ("claimed", "waived", "to_claim", "over_claimed")
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


def test_the_statement_of_a_customer_is_the_sum_of_those_of_its_invoices(system: System) -> None:
    world, shop, first = late_debtor(system)
    office = world.customer(name="Garage Dupont Holding")
    answer = world.client("invoice").put(f"/v1/customers/{shop}/roles", json={"payer": office})
    assert answer.status_code == 200, answer.text
    terms = {"kind": "NET", "days": 0}
    second = world.invoice(shop, "1000.00", issued_on=TODAY, terms=terms)["id"]
    dollars = _in_dollars(world, shop)
    other = world.invoice(office, "700.00", issued_on=TODAY, terms=terms)["id"]
    in_time = world.invoice(shop, "10.00", issued_on=TODAY, terms=terms)["id"]
    world.payment(shop, "12.00", TODAY, allocations=[{"invoice_id": in_time, "amount": eur("12.00")}])
    parts = _paid_in_parts(world, shop)
    world.advance("2026-03-25")
    world.payment(shop, "120.00", "2026-03-25", allocations=[])
    world.advance("2026-04-20")
    world.payment(shop, "120.00", "2026-04-20", allocations=[{"invoice_id": first, "amount": eur("120.00")}])
    world.post(
        "invoice", f"/v1/invoices/{second}/interest/waive", {"reason": "First delay", "what": "indemnity"}
    )
    claim = {"entity_id": world.entity, "customer_id": shop, "invoice_ids": [first, parts]}
    world.post("invoice", "/v1/penalty-documents", claim)
    path = f"/v1/customers/{shop}/interest"

    def holds(customer: str, invoices: list[str], **asked: str) -> Any:
        found = world.get("invoice", f"/v1/customers/{customer}/interest", **asked)
        days = {name: value for name, value in asked.items() if name != "scope"}
        single = {each: world.get("invoice", f"/v1/invoices/{each}/interest", **days) for each in invoices}
        assert sorted(each["invoice_id"] for each in found["data"]) == sorted(invoices)
        for each in found["data"]:
            own = single[each["invoice_id"]]
            assert each["due"] == {"interest": own["interest"], "indemnity": own["indemnity"]}
            assert {name: each[name] for name in PARTS} == {name: own[name] for name in PARTS}
        for total in found["totals"]:
            of_currency = [
                own for own in single.values() if own["outstanding"]["currency"] == total["currency"]
            ]
            assert total["invoices"] == len(of_currency)
            for part in ("interest", "indemnity"):
                assert _sum(own[part] for own in of_currency) == _sum([total["due"][part]])
                for name in PARTS:
                    assert _sum(own[name][part] for own in of_currency) == _sum([total[name][part]])
        return found

    found = holds(shop, [first, second, dollars, parts])
    assert [total["currency"] for total in found["totals"]] == ["EUR", "USD"]
    total = found["totals"][0]
    assert (total["claimed"]["indemnity"], total["waived"]["indemnity"]) == (eur("80.00"), eur("40.00"))
    holds(shop, [first, second, dollars, parts], on="2027-02-01")
    holds(shop, [first], as_of="2026-03-19")
    holds(shop, [first, second, dollars, parts], as_of="2026-04-01")
    holds(office, [other])
    holds(office, [first, second, dollars, parts, other], scope="payer")

    asked = {"limit": "1", "sort": "-due_on"}
    pages = [world.get("invoice", path, **asked)]
    while cursor := pages[-1]["next_cursor"]:
        pages.append(world.get("invoice", path, **asked, cursor=cursor))
    listed = [each for page in pages for each in page["data"]]
    assert listed == sorted(
        found["data"], key=lambda each: (each["due_on"], each["invoice_id"]), reverse=True
    )
    assert all(page["totals"] == found["totals"] for page in pages)
    sheet = world.client("invoice").get(path, headers={"Accept": "text/csv"}, params={"limit": 1})
    head, values = csv.reader(sheet.text.splitlines())
    shown = dict(zip(head, values, strict=True))
    assert (shown["invoice_id"], shown["to_claim_interest"]) == (
        found["data"][0]["invoice_id"],
        found["data"][0]["to_claim"]["interest"]["amount"],
    )
    assert sheet.headers["encours-next-cursor"]

    world.post("invoice", f"/v1/customers/{shop}/merge", {"into": office})
    both = holds(office, [first, second, dollars, parts, other])
    assert holds(shop, [first, second, dollars, parts, other])["totals"] == both["totals"]
    known = str(found["position"])
    assert world.get("invoice", path, known_at=known)["data"] == found["data"]


def _paid_in_parts(world: World, customer: str) -> str:
    """An invoice of which the first half was paid two days late, before the due date of the invoice."""
    terms = {"kind": "NET", "days": 60}
    identifier: str = world.invoice(customer, "1000.00", issued_on=TODAY, terms=terms)["id"]
    halves = [{"due_on": day, "amount": eur("600.00")} for day in ("2026-03-22", "2026-05-19")]
    world.put(f"/v1/invoices/{identifier}/instalments", {"instalments": halves, "reason": "Asked for"})
    world.advance("2026-03-24")
    shares = [{"invoice_id": identifier, "amount": eur("1200.00")}]
    world.payment(customer, "1200.00", "2026-03-24", allocations=shares)
    return identifier


def _in_dollars(world: World, customer: str) -> str:
    lines = [line("500.00") | {"unit_price": {"amount": "500.00", "currency": "USD"}}]
    terms = {"kind": "NET", "days": 0}
    issued = world.invoice(customer, issued_on=TODAY, terms=terms, currency="USD", lines=lines)
    identifier: str = issued["id"]
    return identifier


def _sum(amounts: Iterable[dict[str, str]]) -> Decimal:
    return sum((Decimal(each["amount"]) for each in amounts), Decimal(0))


def _amounts(body: Any) -> list[str]:
    """Return every amount of an answer."""
    if isinstance(body, dict):
        own = [body["amount"]] if "amount" in body and "currency" in body else []
        return own + [found for value in body.values() for found in _amounts(value)]
    return [found for value in body for found in _amounts(value)] if isinstance(body, list) else []

"""Numbers after a takeover, closed periods, and bank texts as people write them, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from encours.testing.system import System
from tests.e2e.takeover import NDJSON, Takeover, ndjson
from tests.e2e.world import ADDRESS, ENTITY, World


@pytest.fixture(scope="module")
def world(system: System) -> World:
    """A creditor in a live ledger."""
    return World.make(system)


def issue(world: World, entity: str, customer: str, **fields: Any) -> dict[str, Any]:
    body = world.draft_body(customer, entity_id=entity, issue=True, **fields)
    answer: dict[str, Any] = world.send("invoice", "/v1/invoices", body).json()
    return answer


def certificate(world: World, entity: str, year: str) -> dict[str, Any]:
    return world.get("invoice", f"/v1/entities/{entity}/series/FAC/certificate", year=year)


def test_a_series_goes_on_where_the_old_system_ended(world: World) -> None:
    """The first invoice was 000001, the second was refused for ever, and the certificate said complete."""
    entity, today = world.post("invoice", "/v1/entities", ENTITY)["id"], world.today
    year = today[:4]
    takeover = Takeover(world.system, world.ledger, world.client("invoice"))
    old = {"kind": "invoice", "customer": "C1", "issued_on": f"{year}-01-01", "amount": "100.00"}
    lines: list[dict[str, Any]] = [
        {"kind": "customer", "external_ref": "C1", "name": "C1", "address": ADDRESS},
        *(old | {"number": f"FAC-{year}-00000{n}"} for n in (2, 3)),
    ]
    assert takeover.take(ndjson(lines), NDJSON, entity_id=entity)["accepted"] == 3
    world.system.wait_caught_up(world.ledger)
    customer = world.get("invoice", "/v1/customers", entity_id=entity)["data"][0]["id"]
    numbers = [issue(world, entity, customer, issued_on=today)["number"] for _ in range(2)]
    assert numbers == [f"FAC-{year}-000004", f"FAC-{year}-000005"]
    found = certificate(world, entity, year)
    assert (found["count"], found["taken_over"], found["begins_at"]) == (4, 2, f"FAC-{year}-000004")
    assert (found["first"], found["last"]) == (f"FAC-{year}-000002", numbers[-1])
    assert (found["elsewhere_count"], found["elsewhere"]) == (1, [f"FAC-{year}-000001"])
    assert (found["missing"], found["verdict"]) == ([], "complete")
    assert {rule["rule"]: (rule["required"], rule["kept"]) for rule in found["rules"]} == {
        "unique": (True, True), "continuous": (True, True), "chronological": (True, True),
        "well_formed": (True, True), "credit_notes_apart": (False, True),
    }  # fmt: skip
    assert (found["gaps"], found["next_number"]) == ("forbidden", f"FAC-{year}-000006")
    assert found["source"].startswith("CGI ann. II 242 nonies A")
    for word, act in zip(("000006", today, "another system gave: 1 "), found["would_break"], strict=True):
        assert word in act
    before = world.get(
        "invoice", f"/v1/entities/{entity}/series/FAC/certificate", year=year, as_of=f"{year}-01-01"
    )
    assert (before["as_of"], before["count"]) == (f"{year}-01-01", 2 if today > f"{year}-01-01" else 4)


def test_the_next_number_is_set_once_before_the_first(world: World) -> None:
    entity, year = world.post("invoice", "/v1/entities", ENTITY)["id"], world.today[:4]
    path = f"/v1/entities/{entity}/series/FAC"
    body = {"prefix": "FAC-{year}-", "next_number": 101}
    shown = world.client("invoice").put(path, json=body).json()
    assert next(s for s in shown["series"] if s["code"] == "FAC")["begins_at"] == {year: 101}
    customer = world.customer(entity_id=entity)
    assert issue(world, entity, customer)["number"] == f"FAC-{year}-000101"
    refused = world.client("invoice").put(path, json=body | {"next_number": 500})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/next-number-fixed")
    found = certificate(world, entity, year)
    assert (found["count"], found["elsewhere_count"], found["verdict"]) == (1, 100, "complete")
    assert found["elsewhere"] == [f"FAC-{year}-{n:06d}" for n in range(1, 101)]


def test_nothing_is_issued_into_a_closed_period(world: World) -> None:
    entity, today = world.post("invoice", "/v1/entities", ENTITY), world.today
    customer = world.customer(entity_id=entity["id"])
    refused = issue(world, entity["id"], customer, issued_on=f"{int(today[:4]) - 2}-12-31")
    assert (refused["type"], refused["errors"][0]["pointer"]) == ("/problems/period-closed", "/issued_on")
    assert entity["closed_until"] in refused["detail"]


@pytest.mark.parametrize(
    ("text", "second_is_paid"),
    [
        ("VIR SEPA FACT {year}-000002", True),
        ("facture n. {year}-000002", True),
        ("F.{year}.000002", True),
        ("FACTURE 000007", False),
    ],
)
def test_a_transfer_pays_the_invoice_that_it_names_in_whatever_words(
    world: World, text: str, second_is_paid: bool
) -> None:
    """The oldest was paid, as if nothing had been said."""
    entity, today = world.post("invoice", "/v1/entities", ENTITY)["id"], world.today
    customer = world.customer(entity_id=entity)
    _, second = (issue(world, entity, customer) for _ in range(2))
    payment = world.post("invoice", "/v1/payments", {
        "entity_id": entity, "customer_id": customer, "received_on": today,
        "amount": {"amount": "100.00", "currency": "EUR"}, "remittance_text": text.format(year=today[:4]),
    })  # fmt: skip
    paid = [(a["invoice_id"], a["rule"]) for a in payment["allocations"]]
    assert paid == ([(second["id"], "debtor_indication")] if second_is_paid else [])
    assert bool(payment["note"]) is not second_is_paid

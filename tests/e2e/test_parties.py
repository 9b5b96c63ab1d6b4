"""Customers as parties, through all services: duplicates, and who is written to."""

from __future__ import annotations

from encours.testing.system import System
from tests.e2e.world import World


def test_a_debtor_that_was_entered_twice_is_proposed_with_the_reasons(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    first = world.customer(name="Garage Dupont SARL", siren="732 829 320", tags=["key account"])
    second = world.customer(name="GARAGE DUPONT", email="direction@dupont.example")
    other = world.customer(name="Boulangerie Martin", email="martin@example.com")

    def reasons(customer: str) -> dict[str, dict[str, str]]:
        found = world.get("invoice", f"/v1/customers/{customer}/duplicates")["data"]
        return {each["customer_id"]: each["reasons"] for each in found}

    alike = {
        "name_and_postcode": "garage dupont 75002",
        "name_and_email_domain": "garage dupont dupont.example",
    }
    assert (reasons(first), reasons(second), reasons(other)) == ({second: alike}, {first: alike}, {})
    tagged = world.get("invoice", "/v1/customers", tag="key account")["data"]
    assert [(each["id"], each["siren"]) for each in tagged] == [(first, "732829320")]

    contact = {"role": "dunning", "name": "Claire Martin", "email": "claire@dupont.example"}
    world.post("invoice", f"/v1/customers/{first}/contacts", contact)
    world.invoice(first, issued_on="2026-01-05")
    (case,) = world.get("dunning", "/v1/cases", customer_id=first)["data"]
    assert case["email"] == "claire@dupont.example"

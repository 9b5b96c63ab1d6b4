"""A write-off and its reversal, seen by every service: none of them knows the event, all of them know the books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from encours.testing.system import System
from tests.e2e.world import World, eur

ISSUED, LATE, TODAY = "2026-01-05", "2026-03-10", "2026-03-20"
REASON = {"reason": "Judicial liquidation", "evidence": "Certificate of irrecoverability"}


@dataclass
class Story:
    """One customer with an invoice of 120.00, due on 4 February, and what the services say of it."""

    world: World
    customer: str
    invoice: str

    def invoice_out(self, **parameters: Any) -> dict[str, Any]:
        return self.world.get("invoice", f"/v1/invoices/{self.invoice}", **parameters)

    def aged(self, **parameters: Any) -> str:
        body = self.world.get("reporting", "/v1/aged-balance", customer_id=self.customer, **parameters)
        assert body["tie_out"]["equal"]
        amounts: list[str] = [money["amount"] for money in body["totals"]["bands"].values()]
        return next((amount for amount in amounts if amount != "0.00"), "0.00")

    def dunned(self) -> list[str]:
        cases = self.world.get("dunning", "/v1/cases", customer_id=self.customer)["data"]
        return [item["open"]["amount"] for case in cases for item in case["items"]]

    def exposure(self) -> str:
        body = self.world.get("risk", f"/v1/customers/{self.customer}/exposure")
        return str(body)


def customer_who_owes(system: System) -> Story:
    """An entity, a customer and an invoice of its own."""
    world = World.make(system, day=ISSUED)
    customer = world.customer(name="Garage Dupont SARL")
    terms = {"kind": "NET", "days": 30}
    invoice = world.invoice(customer, "100.00", issued_on=ISSUED, terms=terms)["id"]
    world.advance(TODAY)
    return Story(world, customer, invoice)


def test_a_write_off_leaves_the_books_of_every_service_and_its_reversal_returns(system: System) -> None:
    story = customer_who_owes(system)
    world, path = story.world, f"/v1/invoices/{story.invoice}/write-off"
    assert (story.aged(), story.dunned()) == ("120.00", ["120.00"])
    owed = story.exposure()
    assert "120.00" in owed

    part = world.post("invoice", path, REASON | {"amount": eur("20.00"), "on": LATE})
    assert (part["written_off"], part["outstanding"]) == (eur("20.00"), eur("100.00"))
    assert (story.aged(), story.dunned()) == ("100.00", ["100.00"])
    assert story.aged(as_of="2026-03-09") == "120.00"

    interest = world.get("invoice", f"/v1/invoices/{story.invoice}/interest")["interest"]
    rest = world.post("invoice", path, REASON)
    known_then = world.position
    assert (rest["status"]["settlement"], rest["labels"]["crm"]) == ("written_off", "Irrécouvrable")
    assert (story.aged(), story.dunned()) == ("0.00", [])
    assert "100.00" not in story.exposure()
    assert world.get("invoice", f"/v1/invoices/{story.invoice}/interest")["interest"] == interest
    for status, found in (("paid", []), ("written_off", [story.invoice])):
        listed = world.get("invoice", "/v1/invoices", customer_id=story.customer, status=status)
        assert [each["id"] for each in listed["data"]] == found

    back = world.post("invoice", f"{path}/reverse", {"reason": "Dividend announced"})
    assert (back["written_off"], back["status"]["settlement"]) == (eur("0.00"), "open")
    assert (story.aged(), story.dunned(), story.exposure().count("120.00")) == (
        "120.00",
        ["120.00"],
        owed.count("120.00"),
    )
    assert story.invoice_out(known_at=known_then)["outstanding"] == eur("0.00")


def test_the_timeline_says_it_in_words(system: System) -> None:
    told = customer_who_owes(system)
    path = f"/v1/invoices/{told.invoice}/write-off"
    told.world.post("invoice", path, REASON | {"amount": eur("20.00"), "on": LATE})
    told.world.post("invoice", f"{path}/reverse", {"reason": "Dividend announced"})
    path = f"/v1/customers/{told.customer}/timeline"
    shown = {
        language: [each["summary"] for each in told.world.get("reporting", path, lang=language)["data"]]
        for language in ("en", "fr")
    }
    assert "20.00\u00a0EUR written off: Judicial liquidation" in shown["en"]
    assert "Write-off of 20.00\u00a0EUR reversed: Dividend announced" in shown["en"]
    assert "20,00\u00a0EUR passés en perte : Judicial liquidation" in shown["fr"]


def test_a_cent_that_a_tolerance_closes_is_paid_for_every_service_and_returns_with_its_payment(
    system: System,
) -> None:
    """0.01 left of 120.00 was a telephone call and a registered letter in other systems."""
    story = customer_who_owes(system)
    world = story.world
    body = {"entity_id": world.entity, "reason": "cent", "cap": eur("0.05"), "valid_from": ISSUED}
    assert world.put("/v1/tolerances/CENT-EUR", body)["in_force"] == 1
    late = world.get("invoice", f"/v1/invoices/{story.invoice}/interest", on=LATE)["interest"]

    paid = world.payment(story.customer, "119.99", LATE)
    found = story.invoice_out()
    assert (found["outstanding"], found["residual"]) == (eur("0.00"), eur("0.01"))
    assert (found["status"]["settlement"], found["residuals"][0]["policy"]["code"]) == ("paid", "CENT-EUR")
    assert (story.aged(), story.dunned()) == ("0.00", [])
    assert story.aged(as_of="2026-03-09") == "120.00"
    assert world.get("invoice", f"/v1/invoices/{story.invoice}/interest")["interest"] == late
    score = str(world.get("risk", f"/v1/customers/{story.customer}/score"))
    assert "119.99" not in story.exposure()
    assert "0.01" not in story.exposure()
    account = world.get(
        "invoice", f"/v1/customers/{story.customer}/statement", **{"from": ISSUED, "to": TODAY}
    )
    assert [each["kind"] for each in account["data"]] == ["invoice", "payment", "residual"]
    assert account["accounts"][0]["equal"]
    assert account["accounts"][0]["closing"] == eur("0.00")

    listed = world.get("invoice", "/v1/residuals", customer_id=story.customer, reason="cent")
    assert [each["invoice_id"] for each in listed["data"]] == [story.invoice]
    assert [(each["code"], each["count"], each["amount"]) for each in listed["sums"]] == [
        ("CENT-EUR", 1, eur("0.01"))
    ]
    assert world.get("invoice", "/v1/tolerances", entity_id=world.entity)["data"][0]["in_force"] == 1

    world.post("invoice", f"/v1/payments/{paid['id']}/reverse", {"reason": "AC04", "on": LATE})
    assert (story.aged(), story.dunned(), story.invoice_out()["residuals"]) == ("120.00", ["120.00"], [])
    assert world.get("invoice", "/v1/residuals", customer_id=story.customer)["sums"] == []
    assert str(world.get("risk", f"/v1/customers/{story.customer}/score")) != score

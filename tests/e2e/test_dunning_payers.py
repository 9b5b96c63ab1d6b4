"""One mail to a payer about three customers, on real servers: decided, sent, found, explained and taken again."""

from __future__ import annotations

from datetime import date, timedelta

from encours.testing.system import System
from tests.e2e.world import World, eur

POLICY = {
    "name": "To the payer",
    "priority": 40,
    "grouping": "payer",
    "minimums": {"EUR": "5.00"},
    "steps": [
        {"code": "J+2", "offset_days": 2, "act": "email", "template": "first"},
        {"code": "J+20", "offset_days": 20, "act": "email", "template": "first"},
    ],
}


def test_one_mail_to_the_payer_is_about_all_its_customers_and_found_for_each(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    names = ("Garage Nord", "Garage Sud", "Garage Ouest")
    shops = [world.customer(name=name, email=f"shop{n}@example.com") for n, name in enumerate(names)]
    payer = world.customer(name="Holding Dupont", email="holding@example.com")
    for shop in shops:
        world.put(f"/v1/customers/{shop}/roles", {"payer": payer})
    policy = world.post("dunning", "/v1/policies", POLICY)["id"]
    reason = {"version": 1, "reason": "One payer", "without_backtest": "New ledger"}
    world.post("dunning", f"/v1/policies/{policy}/activate", reason)
    invoices = [world.invoice(shop, issued_on="2026-01-05")["id"] for shop in shops]
    (planned,) = world.get("dunning", "/v1/cases", customer_id=shops[0])["data"]
    assert planned["payer_id"] == payer
    world.advance(_after(world, invoices[0], 3))
    system.wait_caught_up(world.ledger)

    (reminder,) = world.get("dunning", "/v1/reminders", customer_id=payer)["data"]
    assert (reminder["status"], reminder["amount"]) == ("sent", eur("360.00"))
    assert (set(reminder["debtor_ids"]), set(reminder["invoice_ids"])) == (set(shops), set(invoices))
    for shop in shops:
        assert world.get("dunning", "/v1/reminders", customer_id=shop)["data"] == [reminder]
        said = world.get("reporting", f"/v1/customers/{shop}/timeline")["data"]
        assert {"reminder.requested", "reminder.sent"} <= {each["type"] for each in said}
    message = world.get("dunning", f"/v1/reminders/{reminder['id']}/message")
    assert message["agrees"]
    assert all(name in message["text"] for name in names)
    decision = f"/v1/decisions/{reminder['decision_id']}"
    explained = world.get("dunning", f"{decision}/explain", lang="en")["reasons"]
    assert any(each.startswith("Customer Garage Sud:") for each in explained)
    again = world.send("dunning", f"{decision}/reperform")
    assert again.json()["equal"], again.text
    file = world.client("dunning").get(
        f"/v1/customers/{shops[1]}/litigation-file", params={"on": world.today}
    )
    assert file.status_code == 200
    assert reminder["id"].encode() in file.content


def _after(world: World, invoice_id: str, days: int) -> str:
    due_on = date.fromisoformat(world.get("invoice", f"/v1/invoices/{invoice_id}")["due_on"])
    return (due_on + timedelta(days=days)).isoformat()

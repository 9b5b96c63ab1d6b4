"""One mail to a payer about three customers, on real servers: decided, sent, found, explained and taken again."""

from __future__ import annotations

from datetime import date, timedelta

from encours.testing.system import System
from tests.e2e.world import TO_THE_PAYER, World, eur


def test_one_mail_to_the_payer_is_about_all_its_customers_and_found_for_each(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    names = ("Garage Nord", "Garage Sud", "Garage Ouest")
    shops = [world.customer(name=name, email=f"shop{n}@example.com") for n, name in enumerate(names)]
    payer = world.customer(name="Holding Dupont", email="holding@example.com")
    for shop in shops:
        world.put(f"/v1/customers/{shop}/roles", {"payer": payer})
    policy = world.post("dunning", "/v1/policies", TO_THE_PAYER)["id"]
    reason = {"version": 1, "reason": "One payer", "without_backtest": "New ledger"}
    world.post("dunning", f"/v1/policies/{policy}/activate", reason)
    invoices = [world.invoice(shop, issued_on="2026-01-05")["id"] for shop in shops]
    held = world.customer(name="Garage Est", email="shop3@example.com")
    world.put(f"/v1/customers/{held}/roles", {"payer": payer})
    world.post("dunning", f"/v1/customers/{held}/holds", {"until": "2026-12-31", "reason": "Being sold"})
    world.invoice(held, issued_on="2026-01-05")
    known_then = _settled_early(world, payer)
    (planned,) = world.get("dunning", "/v1/cases", customer_id=shops[0])["data"]
    assert planned["payer_id"] == payer
    world.advance(_after(world, invoices[0], 3))
    system.wait_caught_up(world.ledger)

    (reminder,) = world.get("dunning", "/v1/reminders", customer_id=payer)["data"]
    assert (reminder["status"], reminder["amount"]) == ("sent", eur("360.00"))
    assert (set(reminder["debtor_ids"]), set(reminder["invoice_ids"])) == ({*shops, held}, set(invoices))
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

    assert _expected(world, known_at=str(known_then), as_of="2026-03-01") == eur("120.00")
    assert _expected(world, as_of="2026-03-01") == eur("0.00")
    world.post(
        "invoice", f"/v1/customers/{shops[0]}/merge", {"into": shops[1], "on": world.today, "reason": "twice"}
    )
    said = world.get("reporting", f"/v1/customers/{shops[1]}/timeline", limit=100)["data"]
    assert sum(each["type"] == "reminder.requested" for each in said) == 1


def _settled_early(world: World, customer: str) -> int:
    """Set a target, and settle an invoice long before it is due; return the position before the payment."""
    with_all = {"name": "Marie", "portfolio": [{"priority": 1}]}
    for path, body in (
        ("", with_all),
        ("/targets", {"month": "2026-03", "amount": "900.00", "currency": "EUR"}),
    ):
        answer = world.client("dunning").put(f"/v1/collectors/marie{path}", json=body)
        assert answer.status_code == 200, answer.text
    early = world.invoice(customer, issued_on="2026-01-05", terms={"days": 60})
    known_then = world.position
    world.payment(
        customer, "120.00", "2026-01-05", allocations=[{"invoice_id": early["id"], "amount": eur("120.00")}]
    )
    return known_then


def _expected(world: World, **dates: str) -> dict[str, str]:
    found = world.get("dunning", "/v1/collectors/marie/targets", month="2026-03", **dates)["data"]
    expected: dict[str, str] = found[0]["expected"]
    return expected


def _after(world: World, invoice_id: str, days: int) -> str:
    due_on = date.fromisoformat(world.get("invoice", f"/v1/invoices/{invoice_id}")["due_on"])
    return (due_on + timedelta(days=days)).isoformat()

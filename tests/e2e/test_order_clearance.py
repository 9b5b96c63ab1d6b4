"""Orders in Encours on one limit, over HTTP: none is delivered that was not accepted, and goods count once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.world import World, eur, line

DAY = "2026-03-31"


class Clearing:
    """A customer with a limit of 1,000.00, of a creditor whose orders need a reservation."""

    def __init__(self, system: System) -> None:
        self.world = World.make(system, day=DAY)
        self.customer = self.world.customer()
        limit = {"customer_id": self.customer, "amount": eur("1000.00"), "max_days_past_due": 30}
        made = self.world.post("risk", "/v1/limit-requests", limit | {"evidence": "Balance sheet"})
        self.world.post("risk", f"/v1/limit-requests/{made['id']}/approve", {})
        self.rule(need_reservation=True)

    def rule(self, **rules: Any) -> None:
        """Set the rules of orders."""
        path = f"/v1/entities/{self.world.entity}/credit-policy"
        answer = self.world.client("risk").put(path, json={"orders": rules})
        usual = {"need_reservation": False, "grace_days": None, "direct_invoices": "free"}
        assert answer.json()["orders"] == usual | rules, answer.text

    def order(self) -> str:
        """Order ten pieces of 60.00 with VAT; return the id."""
        lines = [line("50.00") | {"quantity": "10"}]
        body = {"entity_id": self.world.entity, "customer_id": self.customer, "lines": lines}
        identifier: str = self.world.post("invoice", "/v1/orders", body)["id"]
        return identifier

    def decided(self, order: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.world.get("risk", "/v1/reservations", order_ref=order)["data"]
        return found

    def deliver(self, order: str, note: str, pieces: int) -> httpx.Response:
        body = {"note_number": note, "lines": [{"line": 1, "quantity": str(pieces)}]}
        return self.world.send("invoice", f"/v1/orders/{order}/deliveries", body)

    def counts(self, **expected: str) -> None:
        """Wait for components of the exposure."""
        path = f"/v1/customers/{self.customer}/exposure"

        def as_expected() -> bool:
            found = self.world.get("risk", path)["components"]
            return all(found[name] == eur(amount) for name, amount in expected.items())

        wait_until(as_expected, f"the exposure is not {expected}")


def problem(answer: httpx.Response) -> str:
    assert answer.status_code == 409, answer.text
    return str(answer.json()["type"]).rpartition("/")[2]


def test_an_order_in_encours_passes_the_limit_before_its_goods_leave(system: System) -> None:
    desk = Clearing(system)
    world = desk.world
    first = desk.order()
    wait_until(lambda: [each["status"] for each in desk.decided(first)] == ["reserved"], "not decided")
    second = desk.order()
    wait_until(lambda: [each["status"] for each in desk.decided(second)] == ["blocked"], "not decided")
    [waiting] = world.get("risk", "/v1/blocked-orders")["data"]
    [reason] = [each for each in waiting["reasons"] if each["code"] == "limit-exceeded"]
    assert (reason["values"]["order"], "600,00" in reason["fr"]) == (eur("600.00"), True)
    refused = desk.deliver(second, "BL-0", 1)
    assert problem(refused) == "order-not-cleared"
    assert "limit-exceeded" in refused.json()["detail"]

    part = {"customer_id": desk.customer, "order_ref": second, "amount": eur("240.00")}
    assert world.post("risk", "/v1/reservations", part)["status"] == "reserved"
    system.kill(system.processes("worker", "risk")[0])
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda note: desk.deliver(second, note, 4), ("BL-1", "BL-2")))
    assert sorted(each.status_code for each in both) == [201, 409], "one reservation clears one of two"
    assert [problem(each) for each in both if each.status_code == 409] == ["order-not-cleared"]
    desk.counts(reserved="600.00", delivered="240.00", total="840.00")

    hold = world.post("risk", f"/v1/customers/{desk.customer}/holds", {"text": "Cheque returned"})
    assert problem(desk.deliver(first, "BL-3", 10)) == "delivery-on-hold"
    world.post("risk", f"/v1/credit-holds/{hold['id']}/release", {"text": "Paid"})
    assert desk.deliver(first, "BL-3", 10).status_code == 201
    desk.counts(reserved="0.00", delivered="840.00", total="840.00")
    billed = {"entity_id": world.entity, "customer_id": desk.customer, "from": DAY, "to": DAY, "issue": True}
    assert world.post("invoice", "/v1/invoices:group", billed)["total"] == eur("840.00")
    desk.counts(delivered="0.00", not_due="840.00", total="840.00")

    assert world.invoice(desk.customer, "200.00")["outstanding"] == eur("240.00"), "no limit stops an invoice"
    [review] = world.get("risk", "/v1/reviews", until=DAY)["data"]
    assert [each["kind"] for each in review["causes"]] == ["exceeded"]

    desk.rule(need_reservation=True, direct_invoices="cleared")
    direct = world.draft_body(desk.customer, "50.00")
    assert problem(world.send("invoice", "/v1/invoices", direct | {"issue": True})) == "invoice-not-cleared"
    asked = {"customer_id": desk.customer, "order_ref": "CTR-7", "amount": eur("60.00")}
    reserved = f"/v1/reservations/{world.post('risk', '/v1/reservations', asked)['id']}"
    draft = world.post("invoice", "/v1/invoices", direct)["id"]
    assert problem(world.send("invoice", f"/v1/invoices/{draft}/issue")) == "invoice-not-cleared"
    desk.counts(drafts="0.00", total="1080.00")
    world.post("risk", f"{reserved}/override", {"text": "Owner agreed"})
    world.post("risk", f"{reserved}/consume", {"invoice_id": draft})
    desk.counts(reserved="0.00", drafts="60.00", total="1140.00")
    assert world.post("invoice", f"/v1/invoices/{draft}/issue")["total"] == eur("60.00")
    desk.counts(reserved="0.00", not_due="1140.00", total="1140.00")
    assert world.decisions_follow()["order"] == 4


def test_goods_wait_for_a_deposit_and_the_file_for_a_guarantee_that_were_agreed(system: System) -> None:
    desk = Clearing(system)
    world, customer = desk.world, f"/v1/customers/{desk.customer}"
    for terms in ({"kind": "deposit", "share_bps": 10_000}, {"kind": "guarantee", "amount": eur("500.00")}):
        world.post("risk", f"{customer}/terms-proposals", terms | {"text": "Grade E"})
    world.post("risk", f"{customer}/terms-proposals/1/accept", {"text": "Agreed"})
    agreed = {"text": "Agreed", "obtain_by": "2026-04-15"}
    world.post("risk", f"{customer}/terms-proposals/2/accept", agreed)

    def required() -> tuple[str, str, str]:
        [found] = world.get("risk", f"{customer}/credit-file")["required_guarantees"]
        return found["state"], found["obtained"]["amount"], found["obtain_by"]

    assert required() == ("open", "0.00", "2026-04-15")
    guarantee = {"kind": "bank", "amount": eur("500.00"), "reference": "BNP 2026-4711"}
    world.post("risk", f"{customer}/guarantees", guarantee)
    assert required() == ("obtained", "500.00", "2026-04-15")

    def follows() -> bool:
        return bool((world.get("invoice", customer)["terms"] or {}).get("deposit_bps"))

    wait_until(follows, "the deposit is not agreed")
    order = desk.order()
    wait_until(lambda: [each["status"] for each in desk.decided(order)] == ["reserved"], "not decided")
    number = world.get("invoice", f"/v1/orders/{order}")["number"]
    world.invoice(desk.customer, "500.00", purpose="deposit", reference=number)
    assert problem(desk.deliver(order, "BL-1", 10)) == "deposit-outstanding"
    world.payment(desk.customer, "600.00", DAY)
    assert desk.deliver(order, "BL-1", 10).status_code == 201

"""Orders in Encours on one limit, over HTTP: none is delivered that was not accepted, and goods count once.

Risk is asked through the typed client.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.typed import Typed
from tests.e2e.world import World, eur, line

DAY = "2026-03-31"


class Clearing:
    """A customer with a limit of 1,000.00, of a creditor whose orders need a reservation."""

    def __init__(self, system: System, typed: Typed) -> None:
        self.world = World.make(system, day=DAY)
        self.risk = typed(self.world, "risk")
        self.customer = self.world.customer()
        limit = {"customer_id": self.customer, "amount": eur("1000.00"), "max_days_past_due": 30}
        made = self.risk.done("credit_limits.request_limit", body=limit | {"evidence": "Balance sheet"})
        self.risk.done("credit_limits.approve_limit", made.id, body={})
        self.rule(need_reservation=True)

    def rule(self, **rules: Any) -> None:
        """Set the rules of orders."""
        policy = self.risk.done(
            "holds_and_policy.set_credit_policy", self.world.entity, body={"orders": rules}
        )
        usual = {"need_reservation": False, "grace_days": None, "direct_invoices": "free"}
        assert policy.orders.to_dict() == usual | rules

    def order(self) -> str:
        """Order ten pieces of 60.00 with VAT; return the id."""
        lines = [line("50.00") | {"quantity": "10"}]
        body = {"entity_id": self.world.entity, "customer_id": self.customer, "lines": lines}
        identifier: str = self.world.post("invoice", "/v1/orders", body)["id"]
        return identifier

    def decided(self, order: str) -> list[str]:
        """Return the states of the reservations of an order."""
        found = self.risk.read("orders_on_credit.list_reservations", order_ref=order).data
        return [each.status for each in found]

    def reserve(self, order: str, amount: str) -> Any:
        body = {"customer_id": self.customer, "order_ref": order, "amount": eur(amount)}
        return self.risk.done("orders_on_credit.reserve", body=body)

    def deliver(self, order: str, note: str, pieces: int) -> httpx.Response:
        body = {"note_number": note, "lines": [{"line": 1, "quantity": str(pieces)}]}
        return self.world.send("invoice", f"/v1/orders/{order}/deliveries", body)

    def counts(self, **expected: str) -> None:
        """Wait for components of the exposure."""

        def as_expected() -> bool:
            found = self.risk.read("customers.get_exposure", self.customer).components
            return all(getattr(found, name).to_dict() == eur(amount) for name, amount in expected.items())

        wait_until(as_expected, f"the exposure is not {expected}")


def problem(answer: httpx.Response) -> str:
    assert answer.status_code == 409, answer.text
    return str(answer.json()["type"]).rpartition("/")[2]


def test_an_order_in_encours_passes_the_limit_before_its_goods_leave(system: System, typed: Typed) -> None:
    desk = Clearing(system, typed)
    world = desk.world
    first = desk.order()
    wait_until(lambda: desk.decided(first) == ["reserved"], "not decided")
    second = desk.order()
    wait_until(lambda: desk.decided(second) == ["blocked"], "not decided")
    [waiting] = world.get("risk", "/v1/blocked-orders")["data"]
    [reason] = [each for each in waiting["reasons"] if each["code"] == "limit-exceeded"]
    assert (reason["values"]["order"], "600,00" in reason["fr"]) == (eur("600.00"), True)
    refused = desk.deliver(second, "BL-0", 1)
    assert problem(refused) == "order-not-cleared"
    assert "limit-exceeded" in refused.json()["detail"]

    asked = {"customer_id": desk.customer, "amount": eur("240.00")}
    checked = desk.risk.done("credit_checks.check_credit", body=asked)
    assert (checked.decision, checked.left_seen.amount) == ("accept", "400.00")
    assert desk.reserve(second, "240.00").status == "reserved"
    system.kill(system.processes("worker", "risk")[0])
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda note: desk.deliver(second, note, 4), ("BL-1", "BL-2")))
    assert sorted(each.status_code for each in both) == [201, 409], "one reservation clears one of two"
    assert [problem(each) for each in both if each.status_code == 409] == ["order-not-cleared"]
    desk.counts(reserved="600.00", delivered="240.00", total="840.00")

    hold = desk.risk.done(
        "holds_and_policy.place_credit_hold", desk.customer, body={"text": "Cheque returned"}
    )
    assert problem(desk.deliver(first, "BL-3", 10)) == "delivery-on-hold"
    desk.risk.done("holds_and_policy.release_credit_hold", hold.id, body={"text": "Paid"})
    assert desk.deliver(first, "BL-3", 10).status_code == 201
    desk.counts(reserved="0.00", delivered="840.00", total="840.00")
    told = world.get("reporting", f"/v1/orders/{first}/timeline")["data"]
    assert {"order.placed", "reservation.decided", "reservation.consumed"} <= {each["type"] for each in told}
    [counted] = [each for each in told if each["type"] == "order_credit.counted"]
    assert counted["because_of"]["type"] == "order.delivered"
    whole = world.get("reporting", f"/v1/customers/{desk.customer}/timeline", sort="-position", limit=200)[
        "data"
    ]
    assert counted in whole
    billed = {"entity_id": world.entity, "customer_id": desk.customer, "from": DAY, "to": DAY, "issue": True}
    assert world.post("invoice", "/v1/invoices:group", billed)["total"] == eur("840.00")
    desk.counts(delivered="0.00", not_due="840.00", total="840.00")

    assert world.invoice(desk.customer, "200.00")["outstanding"] == eur("240.00"), "no limit stops an invoice"
    [review] = desk.risk.read("credit_limits.list_reviews", until=date.fromisoformat(DAY)).data
    assert [each.kind for each in review.causes] == ["exceeded"]

    desk.rule(need_reservation=True, direct_invoices="cleared")
    direct = world.draft_body(desk.customer, "50.00")
    assert problem(world.send("invoice", "/v1/invoices", direct | {"issue": True})) == "invoice-not-cleared"
    reserved = desk.reserve("CTR-7", "60.00").id
    draft = world.post("invoice", "/v1/invoices", direct)["id"]
    assert problem(world.send("invoice", f"/v1/invoices/{draft}/issue")) == "invoice-not-cleared"
    desk.counts(drafts="0.00", total="1080.00")
    desk.risk.done("orders_on_credit.override_order", reserved, body={"text": "Owner agreed"})
    desk.risk.done("orders_on_credit.consume_reservation", reserved, body={"invoice_id": draft})
    desk.counts(reserved="0.00", drafts="60.00", total="1140.00")
    assert world.post("invoice", f"/v1/invoices/{draft}/issue")["total"] == eur("60.00")
    desk.counts(reserved="0.00", not_due="1140.00", total="1140.00")
    assert world.decisions_follow()["order"] == 4


def test_goods_wait_for_a_deposit_and_the_file_for_a_guarantee_that_were_agreed(
    system: System, typed: Typed
) -> None:
    desk = Clearing(system, typed)
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
    wait_until(lambda: desk.decided(order) == ["reserved"], "not decided")
    number = world.get("invoice", f"/v1/orders/{order}")["number"]
    world.invoice(desk.customer, "500.00", purpose="deposit", reference=number)
    assert problem(desk.deliver(order, "BL-1", 10)) == "deposit-outstanding"

    def named() -> tuple[list[str], list[str]]:
        [listed] = world.get("risk", "/v1/reservations", order_ref=order)["data"]
        asked = {"customer_id": desk.customer, "amount": eur("1.00"), "order_id": order}
        checked = world.post("risk", "/v1/checks", asked)
        return [each["code"] for each in listed["reasons"]], [each["code"] for each in checked["reasons"]]

    assert [each[-1] for each in named()] == ["deposit-outstanding"] * 2
    world.payment(desk.customer, "600.00", DAY)
    assert "deposit-outstanding" not in named()[1]
    assert desk.deliver(order, "BL-1", 10).status_code == 201
    again = world.decisions_follow()
    assert (again["order"], again["check"], again["limit"]) == (1, 2, 1)

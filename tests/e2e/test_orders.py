"""64 orders on one limit at the same time, over HTTP, while the service's API and its worker are killed.

``DEEP=1``: five rounds, in which PostgreSQL is killed too.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.world import World, eur

DAY = "2026-03-31"
LIMIT = Decimal(1000)
COUNT = 64
DEEP = os.environ.get("DEEP") == "1"


class Orders:
    """Orders from 30.01 to 58.01 by a customer with a limit of 1,000.00: they leave a rest of it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.world = World.make(system, day=DAY)
        self.customer = self.world.customer()
        limit = {"customer_id": self.customer, "amount": eur("1000.00"), "max_days_past_due": 5}
        made = self.world.post("risk", "/v1/limit-requests", limit | {"evidence": "Balance sheet"})
        self.world.post("risk", f"/v1/limit-requests/{made['id']}/approve", {})
        self.answers: dict[int, dict[str, Any]] = {}

    def order(self, n: int) -> None:
        """Send the order until it is answered, under the same key; processes are killed in between."""
        for role, service, at in (("api", "risk", 20), ("worker", "risk", 40), ("postgres", None, 30)):
            if n == at and (DEEP or service):
                self.system.kill(self.system.processes(role, service)[0])
        wait_until(lambda: self._answered(n), f"order {n} has no answer")

    def _answered(self, n: int) -> bool:
        amount = eur(f"{30 + n % 8 * 4}.01")
        body = {"customer_id": self.customer, "amount": amount, "order_ref": f"WEB-{n}"}
        headers = {"Idempotency-Key": f"order-{n}"}
        try:
            answer = self.world.client("risk").post("/v1/reservations", json=body, headers=headers)
        except httpx.TransportError:
            return False
        assert answer.status_code in (201, 409, 503), answer.text
        if answer.status_code == 201:
            self.answers[n] = answer.json()
        return answer.status_code == 201

    def listed(self, status: str) -> list[dict[str, Any]]:
        path = "/v1/reservations"
        found = self.world.get("risk", path, customer_id=self.customer, status=status, limit=100)
        rows: list[dict[str, Any]] = found["data"]
        return rows

    def settled(self) -> bool:
        """Return True once what is left of the limit is less than each blocked order."""
        now = self.exposure()
        left = LIMIT - amount_of(now["total"])
        assert left >= 0, "the limit is exceeded"
        return all(amount_of(each["amount"]) > left for each in self.listed("blocked"))

    def exposure(self, **at: Any) -> dict[str, Any]:
        path = f"/v1/customers/{self.customer}/exposure"
        found: dict[str, Any] = self.world.get("risk", path, **at)["components"]
        return found


def amount_of(money: dict[str, str]) -> Decimal:
    return Decimal(money["amount"])


@pytest.mark.parametrize("number", range(5 if DEEP else 1))
def test_concurrent_orders_never_exceed_a_limit_whatever_is_killed(system: System, number: int) -> None:
    orders = Orders(system)
    world = orders.world
    with ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(orders.order, range(COUNT)))
    system.wait_ready()
    answers = list(orders.answers.values())
    assert len(answers) == COUNT
    reserved = [each for each in answers if each["status"] == "reserved"]
    refused = [each for each in answers if each["reasons"][0]["code"] == "limit-exceeded"]
    assert len(reserved) >= 1 <= len(refused)
    for each in answers:
        fits = amount_of(each["amount"]) <= amount_of(each["left_seen"])
        assert fits or each in refused, "a decision says what was left"
        assert not fits or each not in refused
    for late in (each for each in answers if each["reasons"][0]["code"] == "figures-behind"):
        world.post("risk", f"/v1/reservations/{late['id']}/recheck", {})
    wait_until(orders.settled, "an order that fits is blocked")
    taken = orders.listed("reserved")
    total = sum(amount_of(each["reserved"]) for each in taken)
    assert amount_of(orders.exposure()["reserved"]) == total < LIMIT

    seen = reserved[-1]
    then = orders.exposure(known_at=seen["seen_position"], as_of=seen["decided_on"])
    assert then == seen["exposure_seen"], "the figures of a decision can be asked for again"

    delivery = {"delivery_ref": "BL-1", "amount": eur("30.00")}
    world.post("risk", f"/v1/reservations/{seen['id']}/consume", delivery)
    world.payment(orders.customer, "60.00", DAY)
    wait_until(lambda: len(orders.listed("reserved")) > len(taken), "money frees no order")
    wait_until(orders.settled, "money frees too few orders")
    now = orders.exposure()
    assert (now["delivered"], now["unapplied"]) == (eur("30.00"), eur("60.00"))
    if number == 0:
        hold_orders(orders)


def hold_orders(orders: Orders) -> None:
    """Hold orders by hand, then by policy."""
    world = orders.world
    checked = world.post("risk", "/v1/checks", {"customer_id": orders.customer, "amount": eur("0.01")})
    held = world.post("risk", f"/v1/customers/{orders.customer}/holds", {"text": "Cheque returned unpaid"})
    order = {"customer_id": orders.customer, "amount": eur("0.01"), "order_ref": "WEB-99"}
    refused = world.post("risk", "/v1/reservations", order)
    assert [each["code"] for each in refused["reasons"]] == ["on-hold"]
    path = f"/v1/customers/{orders.customer}/credit-file"
    file = world.get("risk", path)
    assert ([each["id"] for each in file["holds"]], file["badge"]) == ([held["id"]], None)
    assert [(each["decision_id"], each["decision"]) for each in file["checks"]] == [
        (checked["decision_id"], checked["decision"])
    ]
    assert "credit.checked" in {each["type"] for each in file["timeline"]}
    before = world.get("risk", path, known_at=checked["seen_position"])
    assert before["checks"] == [], "as known before it"
    world.post("risk", f"/v1/credit-holds/{held['id']}/release", {"text": "Paid"})
    freed = f"/v1/reservations/{refused['id']}"
    wait_until(lambda: world.get("risk", freed)["status"] == "reserved", "the end of a hold frees no order")

    other = world.customer()
    world.payment(other, "10.00", DAY)
    world.post("risk", f"/v1/customers/{other}/holds", {"text": "Until tomorrow", "until": DAY})
    world.post("risk", "/v1/reservations", order | {"customer_id": other})

    def of_other() -> list[str]:
        listed = world.get("risk", "/v1/reservations", customer_id=other)["data"]
        return [each["status"] for each in listed]

    assert of_other() == ["blocked"]
    policy = {"holds": {"days_past_due": 5, "badge_days_past_due": 5}}
    answer = world.client("risk").put(f"/v1/entities/{world.entity}/credit-policy", json=policy)
    assert answer.status_code == 200, answer.text
    world.invoice(orders.customer, "200.00", issued_on="2026-01-31")
    world.advance("2026-04-01")
    wait_until(lambda: world.get("risk", path)["badge"], "the policy gives no badge")
    assert [each["cause"] for each in world.get("risk", path)["holds"]] == ["days_past_due"]
    wait_until(lambda: of_other() == ["reserved"], "the last day of a hold frees no order")
    again = world.decisions_follow()
    assert (again["badge"], again["hold"]) == (1, 1)
    assert again["order"] >= COUNT

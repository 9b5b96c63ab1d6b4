"""Work of opened days with running services: deadlines of disputes, recovery of deductions, scheduled statements."""

from __future__ import annotations

import base64
import hashlib
from datetime import date, timedelta
from typing import Any

import pytest

from encours.testing.system import System
from tests.e2e.world import World, eur

DAY = "2026-03-31"


@pytest.fixture(scope="module")
def world(system: System) -> World:
    """A creditor in a sandbox that stands at the end of March 2026."""
    return World.make(system, day=DAY)


def _get(world: World, path: str, **parameters: Any) -> dict[str, Any]:
    return world.get("invoice", path, **parameters)


def _ids(world: World, **filters: Any) -> list[str]:
    return [each["id"] for each in _get(world, "/v1/disputes", **filters)["data"]]


def test_a_deduction_goes_from_the_debtors_code_to_its_recovery(world: World) -> None:
    of_entity = {"entity_id": world.entity}
    world.put("/v1/deduction-codes/PR-04", of_entity | {"category": "price", "valid_from": DAY})
    rule = {"owner": "Sales", "answer_days": 10, "valid_from": DAY}
    world.put("/v1/dispute-categories/price", of_entity | rule)
    customer = world.customer()
    invoice = world.invoice(customer, issued_on=DAY)
    at = f"/v1/invoices/{invoice['id']}"
    part = [{"invoice_id": invoice["id"], "amount": eur("80.00")}]
    payment = world.payment(customer, "80.00", DAY, allocations=part)
    proof = b"price list of January"
    digest = hashlib.sha256(proof).hexdigest()
    body = {
        "kind": "deduction", "code": "pr-04", "amount": eur("40.00"), "text": "Wrong price",
        "payment_id": payment["id"], "evidence": [{"document": base64.b64encode(proof).decode()}],
    }  # fmt: skip
    opened = world.post("invoice", f"{at}/disputes", body)
    one = f"/v1/disputes/{opened['id']}"
    assert (opened["category"], opened["owner"], opened["answer_by"]) == ("price", "Sales", "2026-04-10")
    document = _get(world, f"{one}/evidence/{digest}")["document"]
    assert base64.b64decode(document) == proof

    # 10 April is the Friday after Easter Monday: three business days before is Tuesday, 7 April.
    world.advance("2026-04-12")
    types = [each["type"] for each in _get(world, f"{one}/history")["data"]]
    assert types == ["dispute.opened", "dispute.deadline_near", "dispute.deadline_missed"]
    assert _ids(world, deadline="missed", owner="Sales") == [opened["id"]]
    assert _ids(world, deadline="near", as_of="2026-04-07") == [opened["id"]]
    assert _ids(world, deadline="near", as_of="2026-04-06") == []
    world.post("invoice", f"{one}/assign", {"owner": "Claire", "answer_by": "2026-04-30"})
    assert _ids(world, owner="Sales", status="open") == _ids(world, deadline="missed") == []
    assert _ids(world, owner="Sales", as_of="2026-04-11") == [opened["id"]]

    split = {
        "outcome": "split", "credit_note": True,
        "credited": {"amount": eur("15.00"), "text": "List price"},
        "rejected": {"amount": eur("25.00"), "text": "Agreed price"},
    }  # fmt: skip
    seen = world.client("invoice").get(one).headers["etag"]
    world.post("invoice", f"{one}/comments", {"text": "The list is of February."})
    late = world.send("invoice", f"{one}/resolve", split, headers={"If-Match": seen})
    assert late.status_code == 412, late.text
    ended = world.post("invoice", f"{one}/resolve", split)
    assert ended["outcome"] == "split"
    assert ended["credit_note_id"] is not None
    assert _get(world, at)["outstanding"] == eur("25.00")

    def deduction(**dates: Any) -> tuple[str, str]:
        (found,) = _get(world, "/v1/deductions", customer_id=customer, **dates)["data"]
        return found["status"], found["recovered"]["amount"]

    assert deduction() == ("split", "0.00")
    world.payment(customer, "25.00", "2026-04-12")
    assert (deduction(), deduction(as_of="2026-04-11")) == (("recovered", "25.00"), ("open", "0.00"))
    (sums,) = _get(world, "/v1/deduction-summary", **of_entity)["data"]
    assert (sums["count"], sums["code"], sums["amount"], sums["valid"]) == (
        1,
        "PR-04",
        eur("40.00"),
        eur("15.00"),
    )
    assert (sums["invalid"], sums["recovered"]) == (eur("25.00"), eur("25.00"))


def test_statements_of_periods_are_decided_once_and_can_be_reproduced(world: World) -> None:
    customer = world.customer()
    at = f"/v1/customers/{customer}"
    today = world.today
    world.put(f"{at}/statement-schedule", {"rule": "FREQ=WEEKLY;BYDAY=MO", "starts_on": today})
    invoice = world.invoice(customer, issued_on=today)
    assert _get(world, f"{at}/statements")["data"] == []
    world.advance((date.fromisoformat(today) + timedelta(days=15)).isoformat())
    decided = _get(world, f"{at}/statements")["data"]
    # 12 April 2026 is a Sunday: the first statement is of that day alone.
    assert [each["first_day"] for each in decided] == ["2026-04-20", "2026-04-13", "2026-04-12"]
    assert {each["outcome"] for each in decided} == {"due"}
    assert {each["balances"][0]["closing"]["amount"] for each in decided} == {invoice["total"]["amount"]}
    world.payment(customer, "20.00", today)
    for each in decided:
        then = world.client("invoice").get(each["statement"])
        assert then.status_code == 200, then.text
        assert then.json()["content_sha256"] == each["content_sha256"]

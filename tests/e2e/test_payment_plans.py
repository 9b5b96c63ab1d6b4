"""Payment plans and instalments through all services: kept, broken, rescheduled, and at any date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from encours.testing.system import System
from tests.e2e.world import World, eur

ISSUED, AGREED = "2026-01-05", "2026-02-10"
TERMS = {"kind": "NET", "days": 30}


@dataclass
class Story:
    """A customer with two invoices of 120.00, due on 4 February, and a plan for both."""

    world: World
    customer: str
    invoices: list[str]
    plan: str = ""

    def agree(self, *instalments: tuple[str, str], **more: Any) -> dict[str, Any]:
        body = {"customer_id": self.customer, "invoice_ids": self.invoices, "instalments": due(*instalments)}
        agreed = self.world.post("invoice", "/v1/payment-plans", body | more)
        self.plan = agreed["id"]
        return agreed

    def shown(self, **dates: Any) -> dict[str, Any]:
        return self.world.get("invoice", f"/v1/payment-plans/{self.plan}", **dates)

    def standing(self, **dates: Any) -> list[tuple[str, str]]:
        found = self.shown(**dates)["standing"]["instalments"]
        return [(each["covered"]["amount"], each["status"]) for each in found]

    def pay(self, invoice: int, amount: str) -> str:
        part = {"invoice_id": self.invoices[invoice], "amount": eur(amount)}
        paid = self.world.payment(self.customer, amount, self.world.today, allocations=[part])
        return str(paid["id"])

    def collection(self, invoice: int, **dates: Any) -> str:
        shown = self.world.get("invoice", f"/v1/invoices/{self.invoices[invoice]}", **dates)
        return str(shown["status"]["collection"])

    def interest(self, invoice: int, **days: str) -> str:
        shown = self.world.get("invoice", f"/v1/invoices/{self.invoices[invoice]}/interest", **days)
        return str(shown["interest"]["amount"])

    def asked(self) -> set[str]:
        found = self.world.get("dunning", "/v1/cases", customer_id=self.customer)["data"]
        return {item["on_plan"]["amount"] for each in found for item in each["items"]}

    def aged(self, figure: str, **dates: Any) -> str:
        shown = self.world.get("reporting", "/v1/aged-balance", customer_id=self.customer, **dates)
        return str(shown["totals"][figure]["amount"])

    def exposed(self, **dates: Any) -> tuple[str, str]:
        """Exposure, and the part of it on plan."""
        found = self.world.get("risk", f"/v1/customers/{self.customer}/exposure", **dates)["components"]
        return str(found["total"]["amount"]), str(found["on_plan"]["amount"])

    def reminders(self) -> int:
        """Reminders that were not suppressed, and tasks."""
        sent = self.world.get("dunning", "/v1/reminders", customer_id=self.customer)["data"]
        tasks = self.world.get("dunning", "/v1/tasks", customer_id=self.customer)["data"]
        return len([each for each in sent if each["status"] != "suppressed"] + tasks)


def due(*instalments: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"due_on": on, "amount": eur(amount)} for on, amount in instalments]


@pytest.fixture
def story(system: System) -> Story:
    world = World.make(system, day=ISSUED)
    customer = world.customer(name="Garage Dupont SARL")
    invoices = [world.invoice(customer, "100.00", issued_on=ISSUED, terms=TERMS)["id"] for _ in range(2)]
    world.advance(AGREED)
    return Story(world, customer, invoices)


def test_a_plan_is_rescheduled_and_kept_and_waives_its_interest(story: Story) -> None:
    world = story.world
    assert story.collection(0) == "overdue"
    before = story.interest(0, on="2026-02-09")
    thirds = [("2026-02-28", "80.00"), ("2026-03-31", "80.00"), ("2026-04-30", "80.00")]
    story.agree(*thirds, interest="waived_if_kept", agreed_by="Claire Martin", evidence_sha256="ab" * 32)
    known_then = world.position
    assert (story.collection(0), story.asked()) == ("on_plan", {"120.00"})
    assert (story.aged("on_plan"), story.aged("overdue")) == ("240.00", "240.00")
    assert (story.exposed(), story.exposed(as_of="2026-02-09")) == (("240.00", "240.00"), ("240.00", "0.00"))
    listed = world.get("invoice", "/v1/invoices", customer_id=story.customer, status="on_plan")
    assert len(listed["data"]) == 2
    reminders = story.reminders()
    story.pay(1, "80.00")
    world.advance("2026-03-20")
    assert story.standing() == [("80.00", "covered"), ("0.00", "not_due"), ("0.00", "not_due")]
    new = {"instalments": due(("2026-05-31", "160.00")), "reason": "Seasonal low"}
    rescheduled = world.post("invoice", f"/v1/payment-plans/{story.plan}/reschedule", new)
    assert [len(each["instalments"]) for each in rescheduled["schedules"]] == [3, 1]
    assert story.shown(as_of="2026-03-19")["instalments"] == due(*thirds)
    assert story.shown(known_at=known_then)["standing"]["received"] == eur("0.00")
    story.pay(0, "120.00")
    story.pay(1, "40.00")
    world.advance("2026-03-22")
    kept = story.shown()
    assert (kept["status"], kept["end"]["on"]) == ("kept", "2026-03-21")
    assert (story.collection(0), story.interest(0)) == ("none", before)
    assert (story.exposed(), story.exposed(as_of="2026-03-19")) == (("0.00", "0.00"), ("160.00", "160.00"))
    assert story.reminders() == reminders
    plans = world.get("invoice", "/v1/payment-plans", invoice_id=story.invoices[0], status="kept")["data"]
    assert [each["id"] for each in plans] == [story.plan]
    there = {"customer_id": story.customer, "status": "in_force", "as_of": "2026-03-20"}
    assert len(world.get("invoice", "/v1/payment-plans", **there)["data"]) == 1


def test_a_returned_debit_breaks_a_plan_after_its_second_instalment(story: Story) -> None:
    world = story.world
    story.agree(("2026-02-28", "80.00"), ("2026-03-31", "80.00"), ("2026-04-30", "80.00"))
    story.pay(0, "80.00")
    world.advance("2026-03-30")
    second = story.pay(0, "40.00"), story.pay(1, "40.00")
    world.advance("2026-04-08")
    assert story.shown()["status"] == "in_force"
    assert story.shown()["standing"]["late"] == eur("0.00")
    reminders = story.reminders()
    path = f"/v1/payments/{second[1]}/reverse"
    world.post("invoice", path, {"reason": "AM04 insufficient funds", "on": world.today})
    assert story.standing()[1] == ("40.00", "missed")
    world.advance("2026-04-12")
    broken = story.shown()
    assert (broken["status"], broken["end"]["cause"], broken["end"]["on"]) == (
        "broken",
        "instalment_missed",
        "2026-04-09",
    )
    assert broken["end"]["missing"] == eur("40.00")
    assert (story.collection(1), story.collection(1, as_of="2026-04-08")) == ("overdue", "on_plan")
    assert story.asked() == {"0.00"}
    assert story.reminders() > reminders
    timeline = world.get("reporting", f"/v1/customers/{story.customer}/timeline", lang="en", limit=200)
    told = [each["summary"] for each in timeline["data"]]
    assert "Payment plan of 240.00\u00a0EUR agreed, 3 instalments" in told
    assert "Payment plan broken, 120.00\u00a0EUR left (instalment missed)" in told


def test_an_invoice_in_instalments_is_due_and_claimed_part_by_part(story: Story) -> None:
    world, invoice = story.world, story.invoices[0]
    halves = due(("2026-02-20", "60.00"), ("2026-03-20", "60.00"))
    split = world.put(f"/v1/invoices/{invoice}/instalments", {"instalments": halves, "reason": "Asked for"})
    assert (split["payable_on"], split["due_on"], split["days_past_due"]) == ("2026-02-20", "2026-02-04", 0)
    before = story.interest(0)
    world.advance("2026-02-24")
    late = {"customer_id": story.customer, "status": "overdue"}
    assert len(world.get("invoice", "/v1/invoices", **late)["data"]) == 2
    assert len(world.get("invoice", "/v1/invoices", as_of="2026-02-15", **late)["data"]) == 1
    assert len(world.get("invoice", "/v1/invoices", as_of="2026-02-09", **late)["data"]) == 2
    (case,) = world.get("dunning", "/v1/cases", customer_id=story.customer)["data"]
    found = {item["invoice_id"]: (item["due_on"], item["later"]["amount"]) for item in case["items"]}
    assert found[invoice] == ("2026-02-20", "60.00")
    assert (story.aged("overdue"), story.aged("overdue", as_of="2026-02-09")) == ("180.00", "240.00")
    listed = world.get("reporting", "/v1/overdue", customer_id=story.customer)
    assert [(row["due_on"], row["instalment"], row["overdue"]["amount"]) for row in listed["data"]] == [
        ("2026-02-04", None, "120.00"),
        ("2026-02-20", 1, "60.00"),
    ]
    assert listed["tie_out"]["equal"]
    exposure = world.get("risk", f"/v1/customers/{story.customer}/exposure")["components"]
    assert (exposure["not_due"], exposure["overdue"]) == (eur("60.00"), eur("180.00"))
    assert float(story.interest(0)) > float(before)
    story.pay(0, "60.00")
    paid = world.get("invoice", f"/v1/invoices/{invoice}")
    assert (paid["payable_on"], paid["status"]["collection"]) == ("2026-03-20", "not_due")
    assert [each["open"]["amount"] for each in paid["instalments"]] == ["0.00", "60.00"]
    world.advance("2026-02-25")
    parts = [{"days": 0, "share": "30"}, {"due_on": "2026-04-01", "amount": eur("40.00")}, {"days": 60}]
    drafted = world.post("invoice", "/v1/invoices", world.draft_body(story.customer, instalments=parts))
    assert [each["share"] for each in drafted["drafted_instalments"]] == ["30.00", None, None]
    issued = world.post("invoice", f"/v1/invoices/{drafted['id']}/issue", {})
    assert [(each["due_on"], each["amount"]["amount"]) for each in issued["instalments"]] == [
        ("2026-02-25", "36.00"),
        ("2026-04-01", "40.00"),
        ("2026-04-26", "44.00"),
    ]
    history = world.get("invoice", f"/v1/invoices/{drafted['id']}/history")["data"]
    assert [each["type"] for each in history][-2:] == ["invoice.issued", "invoice.rescheduled"]

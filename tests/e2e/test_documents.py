"""The documents of a debtor over HTTP: every service agrees, on every date, with what they add up to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from encours.testing.system import System
from tests.e2e.world import World, eur, line

TODAY = "2026-01-15"


class Debtor:
    """One customer, and the requests of the story; each is made on the day that the clock shows."""

    def __init__(self, system: System) -> None:
        self.world = World.make(system, day="2026-01-05")
        self.customer = self.world.customer(name="Garage Dupont SARL")
        self.owner = {"entity_id": self.world.entity, "customer_id": self.customer}

    def invoice(self, price: str, **more: Any) -> dict[str, Any]:
        terms = {"kind": "NET", "days": 30}
        body = self.owner | {"lines": [line(price)], "terms": terms, "issue": True} | more
        return self.world.post("invoice", "/v1/invoices", body)

    def pay(self, amount: str, on: str, **more: Any) -> dict[str, Any]:
        body = self.owner | {"received_on": on, "amount": eur(amount)} | more
        return self.world.post("invoice", "/v1/payments", body)

    def get(self, invoice: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        return self.world.get("invoice", f"/v1/invoices/{invoice['id']}", **parameters)

    def owed(self, **parameters: Any) -> tuple[str, str]:
        """Open items and unapplied cash of the customer in reporting, which holds both against the ledger."""
        body = self.world.get("reporting", "/v1/aged-balance", customer_id=self.customer, **parameters)
        assert body["tie_out"]["equal"]
        items = sum(Decimal(money["amount"]) for money in body["totals"]["bands"].values())
        return f"{items:.2f}", body["totals"]["unapplied"]["amount"]


def test_all_kinds_of_documents_add_up_in_every_service_on_every_date(system: System) -> None:
    debtor = Debtor(system)
    world = debtor.world

    deposit = debtor.invoice("1000.00", purpose="deposit")
    debtor.pay("1200.00", "2026-01-05", remittance_text=deposit["number"])
    world.advance("2026-01-07")
    discount = {"reason": "Volume", "percent": "10", "vat_rate": "20"}
    final = debtor.invoice("5000.00", deposits=[deposit["id"]], allowances=[discount], nature="goods")
    assert (final["totals"]["total"], final["totals"]["prepaid"]) == (eur("5400.00"), eur("1200.00"))
    assert (final["total"], final["vat_breakdown"][0]["vat"]) == (eur("4200.00"), eur("700.00"))
    assert debtor.owed() == ("4200.00", "0.00")

    paid = debtor.pay(
        "4200.00", "2026-01-07", allocations=[{"invoice_id": final["id"], "amount": eur("4200.00")}]
    )
    world.advance("2026-01-09")
    note = world.post(
        "invoice", f"/v1/invoices/{final['id']}/credit-notes", {"amount": eur("600.00"), "reason": "Late"}
    )
    assert debtor.owed() == ("0.00", "600.00")
    other = debtor.invoice("300.00")
    use = {"allocations": [{"invoice_id": other["id"], "amount": eur("360.00")}]}
    used = world.post("invoice", f"/v1/credits/{note['id']}/apply", use)
    assert (used["unapplied"], used["payments"][0]["payment_id"]) == (eur("240.00"), paid["id"])
    refunded = world.post("invoice", f"/v1/credits/{note['id']}/refund", {"reason": "Asked for"})
    sent = f"/v1/payments/{paid['id']}/refunds/{refunded['refunds'][0]}/sent"
    assert world.post("invoice", sent, {"reference": "E2E-1"})["refunds"][0]["status"] == "sent"
    assert debtor.owed() == ("0.00", "0.00")

    world.advance("2026-01-12")
    rebate = debtor.owner | {
        "lines": [line("50.00")], "reason": "Rebate of the week",
        "period_from": "2026-01-01", "period_until": "2026-01-11",
    }  # fmt: skip
    own = world.post("invoice", "/v1/credit-notes", rebate)
    assert (own["number"], own["unapplied"]) == ("AVO-2026-000002", eur("60.00"))
    notes = world.get("invoice", "/v1/credit-notes", customer_id=debtor.customer)["data"]
    assert sorted(each["number"] for each in notes) == ["AVO-2026-000001", "AVO-2026-000002"]
    early = world.get("invoice", "/v1/credit-notes", customer_id=debtor.customer, as_of="2026-01-11")["data"]
    assert [each["invoice_id"] for each in early] == [final["id"]]

    wrong = debtor.invoice("100.00")
    correct = {"reason": "Wrong price", "lines": [line("80.00")]}
    right = world.post("invoice", f"/v1/invoices/{wrong['id']}/correct", correct)
    assert (right["total"], right["corrects"]["number"]) == (eur("96.00"), wrong["number"])
    claim = {"category": "quality", "amount": eur("24.00"), "text": "One tyre was damaged"}
    dispute = world.post("invoice", f"/v1/invoices/{right['id']}/disputes", claim)
    accepted = {"outcome": "credited", "credit_note": True}
    assert world.post("invoice", f"/v1/disputes/{dispute['id']}/resolve", accepted)["credit_note_id"]
    assert debtor.get(right)["outstanding"] == eur("72.00")
    assert debtor.owed() == ("72.00", "60.00")

    world.advance(TODAY)
    path = f"/v1/invoices/{right['id']}"
    assert world.post("invoice", f"{path}/provision", {"reason": "Safeguard"})["provisioned"] == eur("60.00")
    lost = world.post(
        "invoice", f"{path}/unrecoverable", {"reason": "Liquidation", "evidence": "Certificate"}
    )
    assert (lost["outstanding"], lost["vat_relief"][0]["vat"]) == (eur("0.00"), eur("12.00"))
    before = world.position
    debtor.pay("30.00", TODAY, remittance_text=f"FACTURE {right['number']}")
    after = debtor.get(right)
    assert (after["paid"], after["written_off"], after["vat_relief"][0]["vat"]) == (
        eur("30.00"), eur("42.00"), eur("7.00"),
    )  # fmt: skip
    assert debtor.get(right, known_at=before)["paid"] == eur("0.00")
    assert debtor.owed() == ("0.00", "60.00")
    on_days = {
        day: debtor.owed(as_of=day) for day in ("2026-01-04", "2026-01-06", "2026-01-08", "2026-01-11", TODAY)
    }
    assert on_days == {
        "2026-01-04": ("0.00", "0.00"),
        "2026-01-06": ("0.00", "0.00"),
        "2026-01-08": ("0.00", "0.00"),
        "2026-01-11": ("0.00", "0.00"),
        TODAY: ("0.00", "60.00"),
    }
    history = [event["type"] for event in world.get("invoice", f"{path}/history")["data"]]
    assert history[:2] == ["invoice.drafted", "invoice.issued"]
    assert history[-3:] == ["invoice.unrecoverable", "invoice.write_off_recovered", "invoice.payment_applied"]
    timeline = str(world.get("reporting", f"/v1/customers/{debtor.customer}/timeline", lang="en"))
    for words in ("Deposit deducted", "Refund of 240.00 EUR paid", "72.00 EUR unrecoverable: Liquidation"):
        assert words in timeline

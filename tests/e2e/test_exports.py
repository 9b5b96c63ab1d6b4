"""Rarer entries of a FEC: cash that goes back, a final invoice of no amount in another currency, other years."""

from __future__ import annotations

from typing import Any

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e import fec
from tests.e2e.typed import Typed, TypedClient
from tests.e2e.world import World, eur

DAY, BEFORE = "2026-03-31", "2026-03-30"
WORKS = {"description": "Works", "quantity": "1", "unit_price": "100.00", "vat_rate": "20"}
USD: dict[str, Any] = {"currency": "USD", "lines": [WORKS]}


def exported(client: TypedClient, first: str, last: str) -> tuple[Any, list[fec.Row]]:
    """Manifest and rows of the FEC of a financial year."""
    body = {"kind": "fec", "entity_id": client.world.entity, "from": first, "to": last}
    asked = client.call("exports.create_export", body=client.models.ExportBody.from_dict(body))

    def shown() -> Any:
        return client.read("exports.get_export", asked.id)

    wait_until(lambda: shown().state in ("completed", "failed"), "the export never ended")
    found = shown()
    assert found.state == "completed", found
    content = client.read("exports.get_export_file", asked.id).payload.read()
    return found.manifest, fec.read(found.manifest.file_name, content)


def test_cash_goes_back_vat_waits_for_payments_and_a_year_may_begin_in_july(
    system: System, typed: Typed
) -> None:
    world = World.make(system, day=DAY)
    client = typed(world, "reporting")
    customer = world.customer()
    doubtful = world.invoice(customer, "100.00", issued_on=BEFORE)
    for share in ("40.00", "25.00"):
        provision = {"amount": eur(share), "reason": "Six months late"}
        world.post("invoice", f"/v1/invoices/{doubtful['id']}/provision", provision)
    for amount in ("30.00", "50.00"):
        paid = world.payment(customer, amount, BEFORE, method="cash")
    world.post("invoice", f"/v1/payments/{paid['id']}/reverse", {"reason": "Given back", "on": DAY})
    rates = {"entity_id": world.entity, "base": "USD", "quote": "EUR", "source": "ECB"}
    world.put("/v1/exchange-rates", rates | {"rates": [{"on": "2026-03-01", "rate": "0.50"}]})
    deposit = world.invoice(customer, "100.00", issued_on=BEFORE, purpose="deposit", **USD)
    dollars = {"amount": {"amount": "120.00", "currency": "USD"}}
    receipt = {"entity_id": world.entity, "customer_id": customer, "received_on": BEFORE, **dollars}
    world.post(
        "invoice", "/v1/payments", receipt | {"allocations": [{"invoice_id": deposit["id"], **dollars}]}
    )
    service = world.invoice(customer, "100.00", issued_on=BEFORE, nature="services")
    half = [{"invoice_id": service["id"], "amount": eur("60.00")}]
    world.payment(customer, "60.00", BEFORE, allocations=half)
    bounced = world.payment(customer, "60.00", BEFORE, allocations=half)
    world.post("invoice", f"/v1/payments/{bounced['id']}/reverse", {"reason": "Returned", "on": DAY})
    final = world.invoice(customer, "100.00", issued_on=DAY, deposits=[deposit["id"]], **USD)
    assert final["outstanding"] == {"amount": "0.00", "currency": "USD"}

    manifest, rows = exported(client, "2025-07-01", "2026-06-30")
    assert manifest.file_name.endswith("FEC20260630.txt")
    assert [fec.balance(rows, account) for account in ("530", "4191", "512")] == [30, 0, 120]
    assert [fec.balance(rows, account) for account in ("4458", "4457")] == [-10, -40]
    assert [fec.balance(rows, account) for account in ("491", "6817", "7817")] == [-25, 40, -15]
    assert {row["JournalCode"] for row in rows if row["CompteNum"] == "530000"} == {"CA"}
    totals = client.read("receivables.aged_balance", currency="EUR").totals
    assert totals.outstanding.amount == "150.00"
    assert fec.balance(rows, "411") == 150

    manifest, rows = exported(client, "2024-07-01", "2025-06-30")
    assert rows == []
    assert any("no entries" in warning for warning in manifest.warnings)
    late = {"figure": "dso", "title": "Too early", "entity_id": world.entity, "as_of": "2026-04-01"}
    refused = world.send("reporting", "/v1/figures", late)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/as_of")

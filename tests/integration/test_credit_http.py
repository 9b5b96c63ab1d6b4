"""risk-svc over HTTP, its read model built by hand: what it answers where the model stands, and how far behind it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any
from uuid import uuid4

import httpx
import pytest

from encours.testing.forks import run_fork
from encours.testing.http import client_of, grant, settings_of
from encours.testing.servers import Installation

AMOUNT = {"amount": "100.00", "currency": "EUR"}
ADDRESS = {"lines": ["1 rue de la Paix"], "postal_code": "75002", "city": "Paris"}

SELLER = {
    "name": "Banc SAS", "legal_form": "SAS, capital 10 000 EUR, RCS Paris", "siren": "552100554",
    "vat_id": "FR96552100554", "address": ADDRESS,
}  # fmt: skip


@pytest.fixture
async def services(installation: Installation) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """invoice-svc and risk-svc; no worker runs."""
    key = await grant(installation)
    async with AsyncExitStack() as stack:
        invoice, risk = [
            await stack.enter_async_context(
                client_of(import_module(f"{name}_svc.app").create_app(settings_of(installation, name)), key)
            )
            for name in ("invoice", "risk")
        ]
        yield invoice, risk


async def created(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def firm(invoice: httpx.AsyncClient) -> tuple[str, str]:
    """Register a seller and a customer; return their ids."""
    entity = (await created(invoice, "/v1/entities", SELLER))["id"]
    buyer = {"entity_id": entity, "name": "Garage Dupont", "address": ADDRESS}
    return entity, (await created(invoice, "/v1/customers", buyer))["id"]


async def rebuild(installation: Installation, service: str = "risk", module: str = "risk_svc") -> None:
    environment = os.environ | installation.environment(service)
    done = await asyncio.to_thread(run_fork, module, "rebuild", env=environment)
    done.check_returncode()


async def test_a_limit_and_a_check_need_no_read_model_that_knows_the_customer(
    installation: Installation, services: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    invoice, risk = services
    entity = (await created(invoice, "/v1/entities", {"name": "Banc SAS"}))["id"]

    async def register() -> str:
        new = {"entity_id": entity, "name": "Garage Dupont"}
        identifier: str = (await created(invoice, "/v1/customers", new))["id"]
        return identifier

    asked = {"amount": AMOUNT, "max_days_past_due": 30, "evidence": "Balance sheet 2025"}
    limit = await created(risk, "/v1/limit-requests", {"customer_id": await register()} | asked)
    assert (limit["state"], limit["entity_id"]) == ("requested", entity)

    await rebuild(installation)
    # No worker applies the checks, which change no figures: those that follow see the figures of the ledger's head.
    known = {"customer_id": limit["customer_id"], "amount": AMOUNT}
    checks = [await created(risk, "/v1/checks", known) for _ in range(3)]
    assert [check["lag"] for check in checks] == [0, 0, 0]
    assert [check["seen_position"] - checks[0]["seen_position"] for check in checks] == [0, 1, 2]
    late = await created(risk, "/v1/checks", {"customer_id": await register(), "amount": AMOUNT})
    assert late["lag"] >= 1
    assert (late["decision"], [reason["code"] for reason in late["reasons"]]) == ("refer", ["no-limit"])

    stranger = {"customer_id": f"cus_{uuid4().hex}", "amount": AMOUNT}
    for path, body in (("/v1/limit-requests", stranger | asked), ("/v1/checks", stranger)):
        answer = await risk.post(path, json=body)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/customer-not-found")


async def test_exposure_has_drafts_open_invoices_and_cash_at_both_dates(
    installation: Installation, services: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    invoice, risk = services
    entity, customer = await firm(invoice)
    line = {"description": "Maintenance", "quantity": "1", "unit_price": AMOUNT, "vat_rate": "20"}
    document = {"entity_id": entity, "customer_id": customer, "series": "FAC", "lines": [line]}
    await created(invoice, "/v1/invoices", document)
    issued = await created(invoice, "/v1/invoices", document | {"issue": True})
    cash = {"entity_id": entity, "customer_id": customer, "received_on": issued["issued_on"]}
    share = {"invoice_id": issued["id"], "amount": {"amount": "30.00", "currency": "EUR"}}
    paid = await invoice.post("/v1/payments", json=cash | {"amount": AMOUNT, "allocations": [share]})
    before = int(paid.headers["encours-position"]) - 3

    await rebuild(installation)

    async def components(**dates: object) -> dict[str, str]:
        answer = await risk.get(f"/v1/customers/{customer}/exposure", params=dates)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        found = answer.json()["components"]
        return {name: found[name]["amount"] for name in ("open", "drafts", "unapplied", "total")}

    now = {"open": "90.00", "drafts": "120.00", "unapplied": "70.00", "total": "140.00"}
    assert await components() == now
    unpaid = {"open": "120.00", "drafts": "120.00", "unapplied": "0.00", "total": "240.00"}
    assert await components(known_at=before) == unpaid
    assert (await components(as_of="2020-01-01"))["total"] == "0.00"
    ranked = (await risk.get("/v1/customers")).json()["data"]
    assert [row["components"]["total"]["amount"] for row in ranked] == ["140.00"]


async def test_a_return_after_payment_in_time_costs_nothing_and_leaves_the_score(
    installation: Installation, services: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    """As recorded over HTTP: paid in time, one piece credited months later in one step, one claim accepted."""
    invoice, risk = services
    entity, customer = await firm(invoice)
    line = {"description": "Part", "quantity": "1", "unit_price": "100", "vat_rate": "20"}
    document = {
        "entity_id": entity, "customer_id": customer, "issue": True, "issued_on": "2026-01-05",
        "lines": [line | {"quantity": "10"}],
    }  # fmt: skip
    issued = await created(invoice, "/v1/invoices", document)
    url = f"/v1/invoices/{issued['id']}"
    claim = {"category": "quality", "text": "broken", "amount": {"amount": "120.00", "currency": "EUR"}}
    dispute = await created(invoice, f"{url}/disputes", claim | {"opened_on": "2026-01-20"})
    cash = {
        "entity_id": entity, "customer_id": customer, "received_on": "2026-02-03",
        "amount": {"amount": "1080.00", "currency": "EUR"},
    }  # fmt: skip
    share = {"invoice_id": issued["id"], "amount": cash["amount"]}
    await created(invoice, "/v1/payments", cash | {"allocations": [share]})
    await invoice.post(f"/v1/disputes/{dispute['id']}/resolve", json={"outcome": "credited"})
    conceded = (await invoice.get(url)).json()
    assert [conceded[name]["amount"] for name in ("outstanding", "disputed", "conceded")] == ["120.00"] * 3
    await created(invoice, f"{url}/credit-notes", {"lines": [line]})
    note = await created(invoice, f"{url}/credit-notes", {"lines": [line]})
    assert [note["invoice"][name]["amount"] for name in ("paid", "credited", "conceded")] == [
        "960.00", "240.00", "0.00",
    ]  # fmt: skip

    for service, name in (("invoice", "invoice_svc"), ("risk", "risk_svc")):
        await rebuild(installation, service, name)
    statement = (await invoice.get(f"{url}/interest")).json()
    assert (statement["interest"]["amount"], statement["indemnity"]["amount"]) == ("0.00", "0.00")
    shown = (await risk.get(f"/v1/customers/{customer}/score")).json()
    behaviour, forecast = shown["behaviour"], shown["forecast"]
    assert (behaviour["score"], behaviour["open_late_invoices"]) == (79, 0)
    assert (forecast["model"], forecast["settled_invoices"], forecast["settled_late"]) == ("default-1", 1, 0)
    assert [reason["code"] for reason in forecast["reasons"]] == ["settled-in-time"]
    refused = (await risk.post("/v1/score-models")).json()
    assert (refused["status"], refused["type"]) == (409, "/problems/history-too-short")
    kept = await risk.post("/v1/score-models/default-1/activate", json={"text": "The history is too short"})
    assert (kept.status_code, kept.json()["active"]) == (200, "default-1")
    assert (await risk.get("/v1/score-models")).json()["data"][0]["active"]
    exposure = (await risk.get(f"/v1/customers/{customer}/exposure")).json()["components"]
    assert (exposure["unapplied"]["amount"], exposure["total"]["amount"]) == ("120.00", "-120.00")


async def test_two_rebates_at_once_credit_an_invoice_once(
    services: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    invoice, _ = services
    entity, customer = await firm(invoice)
    line = {"description": "Part", "quantity": "1", "unit_price": "100.00", "vat_rate": "20"}
    document = {"entity_id": entity, "customer_id": customer, "issue": True, "lines": [line]}
    issued = [await created(invoice, "/v1/invoices", document) for _ in range(2)]
    note = {
        "entity_id": entity, "customer_id": customer, "reason": "rebate", "invoice_ids": [issued[0]["id"]],
        "lines": [line | {"unit_price": "70.00"}],
    }  # fmt: skip
    answers = await asyncio.gather(*(invoice.post("/v1/credit-notes", json=note) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    url = f"/v1/invoices/{issued[0]['id']}"
    shown = (await invoice.get(url)).json()
    assert [each["total"]["amount"] for each in shown["rebates"]] == ["84.00"]
    above = await invoice.post(f"{url}/credit-notes", json={"amount": {"amount": "36.01", "currency": "EUR"}})
    assert (above.status_code, above.json()["type"]) == (409, "/problems/amount-exceeds-outstanding")
    corrected = {"reason": "wrong price", "issue": False, "lines": [line | {"unit_price": "60.00"}]}
    draft = await created(invoice, f"/v1/invoices/{issued[1]['id']}/correct", corrected)
    assert (draft["status"]["document"], draft["credit_note_id"]) == ("draft", None)
    made = (await invoice.post(f"/v1/invoices/{draft['id']}/issue")).json()
    assert (made["total"]["amount"], made["corrects"]["number"]) == ("72.00", issued[1]["number"])
    assert (await invoice.get(f"/v1/invoices/{issued[1]['id']}")).json()["credited"]["amount"] == "120.00"


async def test_customers_are_ranked_in_one_currency(
    installation: Installation, services: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    invoice, risk = services
    entity, customer = await firm(invoice)
    other = await created(
        invoice, "/v1/customers", {"entity_id": entity, "name": "Martin", "address": ADDRESS}
    )
    for buyer, price, day in (
        (other["id"], "50.00", "2026-01-05"),
        (customer, "100.00", "2026-02-01"),
        (other["id"], "300.00", "2026-03-02"),
    ):
        line = {"description": "Maintenance", "quantity": "1", "unit_price": price, "vat_rate": "20"}
        document = {"entity_id": entity, "customer_id": buyer, "currency": "USD", "lines": [line]}
        last = await created(invoice, "/v1/invoices", document | {"issue": True, "issued_on": day})
    for currency, price in (("EUR", "100.00"), ("JPY", "1000000")):
        line = {"description": "Maintenance", "quantity": "1", "unit_price": price, "vat_rate": "20"}
        document = {"entity_id": entity, "customer_id": customer, "currency": currency, "lines": [line]}
        await created(invoice, "/v1/invoices", document | {"issue": True})
    await rebuild(installation)

    async def ranked(**dates: Any) -> list[tuple[str, str]]:
        answer = await risk.get("/v1/customers", params={"currency": "USD"} | dates)
        assert answer.status_code == 200, answer.text
        rows = answer.json()["data"]
        return [(row["customer_id"], row["components"]["total"]["amount"]) for row in rows]

    small, large = (customer, "120.00"), (other["id"], "420.00")
    assert last["total"]["amount"] == "360.00"
    assert await ranked() == [large, small]
    assert await ranked(sort="exposure") == [small, large]
    assert await ranked(as_of="2026-02-28") == [small, (other["id"], "60.00")]
    assert await ranked(as_of="2026-01-31") == [(other["id"], "60.00")]
    assert await ranked(as_of="2026-01-01") == []
    refused = (await risk.get("/v1/customers")).json()
    assert (refused["type"], refused["currencies"]) == ("/problems/currency-required", ["EUR", "JPY", "USD"])
    for currency, total in (("EUR", "120.00"), ("JPY", "1200000")):
        (row,) = (await risk.get("/v1/customers", params={"currency": currency})).json()["data"]
        assert row["components"]["total"] == {"amount": total, "currency": currency}
    by_name = (await risk.get("/v1/customers", params={"sort": "name"})).json()
    assert (by_name["currency"], len(by_name["data"])) == (None, 2)

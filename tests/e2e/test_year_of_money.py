"""One debtor's year of money over HTTP: every service agrees, on every date, with what it adds up to."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from encours.testing.bank_files import IBAN
from encours.testing.system import System
from tests.e2e.exporting import journals_are_exported
from tests.e2e.world import eur
from tests.e2e.year import Year

START = "2025-01-06"
RATES = {"2025-01": "13.15", "2025-07": "12.15"}
"""ECB main refinancing rate on 1 January and 1 July 2025, 3.15 and 2.15, and 10 points (C. com. L441-10)."""
INSTALMENTS = ("2025-04-30", "2025-05-31", "2025-06-30", "2025-07-31")


def test_a_debtors_year_of_money_adds_up_in_every_service_on_every_date(system: System) -> None:
    year = Year(system, START, {"days": 30})
    year.world.put(f"/v1/entities/{year.world.entity}/bank-accounts", {"iban": IBAN, "valid_from": START})
    debt = year.invoice("10000.00")
    year.books.bill(debt, "12000.00")
    tolerance_is_set(year)
    paid_in_part(year, debt)
    claim_is_credited(year, debt)
    debit_is_returned(year, debt)
    plan_is_kept_then_broken(year, debt)
    interest_across_the_half_year(year, debt)
    penalties_are_claimed(year, debt)
    bank_charge_is_a_residual(year, debt)
    promises_are_kept_and_broken(year)
    overpayment_is_refunded(year)
    stayed = judgment_stays_the_claim(year)
    agency_collects(year, cheque_bounces(year))
    stayed_claim_is_paid(year, stayed)
    journals_are_exported(year)
    year.seen_again()


def tolerance_is_set(year: Year) -> None:
    """Charges of the debtor's bank up to 20.00 are no reason to leave an invoice open."""
    body = {"reason": "bank_charge", "cap": eur("20.00"), "valid_from": START}
    year.world.put("/v1/tolerances/CHARGES", {"entity_id": year.world.entity} | body)


def paid_in_part(year: Year, debt: dict[str, Any]) -> None:
    """A transfer names the invoice and pays a part of it."""
    year.advance("2025-01-20")
    pay(year, debt, "2000.00")
    shown = year.get(at(debt))
    assert (shown["outstanding"], shown["status"]["settlement"]) == (eur("10000.00"), "part_paid")
    year.check()


def claim_is_credited(year: Year, debt: dict[str, Any]) -> None:
    """A part is disputed, the rest is asked for; the claim is justified, so nothing was late of it."""
    year.advance("2025-01-28")
    claim = {"category": "quality", "amount": eur("1200.00"), "text": "One machine does not start"}
    dispute = year.post(f"{at(debt)}/disputes", claim)
    year.advance("2025-02-10")
    assert {each["amount"]["amount"] for each in reminders(year)} == {"8800.00"}
    year.advance("2025-02-12")
    accepted = {"outcome": "credited", "credit_note": True}
    assert year.post(f"/v1/disputes/{dispute['id']}/resolve", accepted)["credit_note_id"]
    year.books.owe(debt, "-1200.00")
    year.check()
    assert interest(year, debt, "2025-02-12") == owed([("8800", "2025-02-06", "2025-02-12")])


def debit_is_returned(year: Year, debt: dict[str, Any]) -> None:
    """A direct debit pays the rest after the reminder, and comes back: the debt is open from its own due date."""
    year.advance("2025-02-17")
    body = {"received_on": year.day, "amount": eur("8800.00"), "method": "direct_debit"}
    debited = year.post("/v1/payments", year.owner | body | {"external_ref": "DD-1"})
    year.books.receive("8800.00")
    year.books.settle(debt, "8800.00")
    year.check()
    sent, before = len(reminders(year)), year.world.position
    year.advance("2025-03-03")
    back = {"reason": "Returned by the bank", "on": year.day, "kind": "returned_debit", "code": "AM04"}
    returned = year.post(f"/v1/payments/{debited['id']}/reverse", back | {"reference": "R-1"})
    assert returned["reversals"][0]["consequence"] == "insufficient_funds"
    year.books.receive("-8800.00")
    year.books.settle(debt, "-8800.00")
    year.check()
    assert year.get(at(debt))["days_past_due"] == 26
    assert year.get(at(debt), known_at=before)["outstanding"] == eur("0.00")
    assert len(reminders(year)) == sent
    assert interest(year, debt, "2025-03-03") == owed([("8800", "2025-02-06", "2025-03-03")])
    year.advance("2025-03-31")
    assert "J+60" not in {each["step"] for each in reminders(year)}, "the ladder goes on from its level"


def plan_is_kept_then_broken(year: Year, debt: dict[str, Any]) -> None:
    """Four instalments are agreed; the first is paid, the second is not. Nobody asks for the debt in between."""
    year.advance("2025-04-01")
    instalments = [{"due_on": day, "amount": eur("2200.00")} for day in INSTALMENTS]
    agreed = {"customer_id": year.customer, "invoice_ids": [debt["id"]], "instalments": instalments}
    plan = year.post("/v1/payment-plans", agreed | {"agreed_by": "Claire Martin", "grace_days": 5})
    assert year.get(at(debt))["status"]["collection"] == "on_plan"
    sent = len(reminders(year))
    year.advance("2025-05-02")
    pay(year, debt, "2200.00")
    year.check()
    year.advance("2025-06-05")
    assert year.get(f"/v1/payment-plans/{plan['id']}")["status"] == "in_force"
    assert len(reminders(year)) == sent
    year.advance("2025-06-20")
    assert year.get(f"/v1/payment-plans/{plan['id']}")["status"] == "broken"
    assert year.get(at(debt))["status"]["collection"] == "overdue"
    assert len(reminders(year)) > sent
    year.check()


def interest_across_the_half_year(year: Year, debt: dict[str, Any]) -> None:
    """Interest ran during the plan; the rate changes on 1 July."""
    year.advance("2025-07-15")
    days = [
        ("8800", "2025-02-06", "2025-05-02"),
        ("6600", "2025-05-03", "2025-06-30"),
        ("6600", "2025-07-01", year.day),
    ]
    assert interest(year, debt, year.day) == owed(days)
    assert interest(year, debt, "2025-06-30") == owed(days[:2])


def penalties_are_claimed(year: Year, debt: dict[str, Any]) -> None:
    """Interest and fee are claimed by a document in a series of its own, without VAT, and are no turnover."""
    series = {"document": "penalty_document", "prefix": "PEN-{year}-"}
    year.world.put(f"/v1/entities/{year.world.entity}/series/PEN", series)
    due, sold = interest(year, debt, year.day), turnover(year)
    claimed = year.post("/v1/penalty-documents", year.owner | {"until": year.day, "series": "PEN"})
    total = str(Decimal(due) + 40)
    assert (claimed["total"], claimed["vat"]) == (eur(total), eur("0.00"))
    year.books.bill(claimed, total)
    year.check()
    assert turnover(year) == sold
    year.advance("2025-07-18")
    pay(year, claimed, total)
    year.check()


def bank_charge_is_a_residual(year: Year, debt: dict[str, Any]) -> None:
    """The last transfer is 15.00 short: the charges that the caller names as the reason."""
    year.advance("2025-07-22")
    share = {"invoice_id": debt["id"], "amount": eur("6585.00"), "residual": {"reason": "bank_charge"}}
    body = {"received_on": year.day, "amount": eur("6585.00"), "allocations": [share]}
    paid = year.post("/v1/payments", year.owner | body)
    year.books.receive("6585.00")
    year.books.settle(debt, "6585.00")
    year.books.owe(debt, "-15.00")
    year.check()
    shown = year.get(at(debt))
    assert (shown["status"]["settlement"], shown["residual"]) == ("paid", eur("15.00"))
    allocation = paid["allocations"][0]["id"]
    year.post(f"/v1/payments/{paid['id']}/release", {"allocation_ids": [allocation]})
    year.books.settle(debt, "-6585.00")
    year.books.owe(debt, "15.00")
    year.check()
    year.post(f"/v1/payments/{paid['id']}/allocations", {"allocations": [share]})
    year.books.settle(debt, "6585.00")
    year.books.owe(debt, "-15.00")
    year.check()


def promises_are_kept_and_broken(year: Year) -> None:
    """Half of an invoice is paid by the promised day, the other half after the day of grace of a second promise."""
    bill = year.invoice("100.00")
    year.books.bill(bill, "120.00")
    promise = {"invoice_ids": [bill["id"]], "amount": eur("60.00")}
    copy = year.world.client("invoice").get(at(bill))
    year.world.post("dunning", "/v1/promises", promise | {"promised_on": "2025-07-24"})
    again = year.world.client("invoice").get(at(bill), headers={"If-None-Match": copy.headers["etag"]})
    assert again.json()["status"]["collection"] == "promised", "same version, another answer"
    asked = {"customer_id": year.customer, "status": "promised"}
    assert [each["id"] for each in year.get("/v1/invoices", **asked)["data"]] == [bill["id"]]
    year.advance("2025-07-23")
    pay(year, bill, "60.00")
    assert year.get(at(bill))["status"]["collection"] == "promised"
    year.advance("2025-07-26")
    assert year.get(at(bill))["status"]["collection"] == "not_due"
    year.world.post("dunning", "/v1/promises", promise | {"promised_on": "2025-07-28"})
    year.advance("2025-07-30")
    (case,) = year.world.get("dunning", "/v1/cases", customer_id=year.customer)["data"]
    assert case["broken_promises"] == 1
    pay(year, bill, "60.00")
    year.check()
    year.advance("2025-08-01")
    path, days = f"/v1/customers/{year.customer}/statement", {"from": "2025-07-20", "to": "2025-08-01"}
    assert promised(year.get(path, **days)) == [
        ("2025-07-24", "kept", eur("60.00")),
        ("2025-07-28", "broken", eur("0.00")),
    ]
    assert promised(year.get(path, **(days | {"to": "2025-07-26"}))) == [
        ("2025-07-24", "kept", eur("60.00")),
        ("2025-07-28", "open", None),
    ]
    (listed,) = year.get("/v1/invoices", **asked, as_of="2025-07-24")["data"]
    assert listed["status"]["collection"] == "promised"
    assert year.get("/v1/invoices", **asked)["data"] == []


def promised(statement: dict[str, Any]) -> list[tuple[str, str, dict[str, str] | None]]:
    """Promises of a statement: day, status, amount received."""
    return [(each["promised_on"], each["status"], each["received"]) for each in statement["promises"]]


def overpayment_is_refunded(year: Year) -> None:
    """Money of a payment above its invoice is the customer's, and paid back."""
    year.advance("2025-08-04")
    other = year.invoice("100.00")
    year.books.bill(other, "120.00")
    paid = pay(year, other, "150.00", takes="120.00")
    assert paid["unapplied"] == eur("30.00")
    year.check()
    year.advance("2025-08-11")
    (refund,) = year.post(f"/v1/payments/{paid['id']}/refund", {"reason": "Paid too much"})["refunds"]
    year.post(f"/v1/payments/{paid['id']}/refunds/{refund['id']}/sent", {"reference": "E2E-2"})
    year.books.receive("-30.00")
    year.check()


def judgment_stays_the_claim(year: Year) -> dict[str, Any]:
    """The debtor's receivership is known a day late: interest ends on the eve of the judgment, and nobody asks."""
    debt = year.invoice("500.00")
    year.books.bill(debt, "600.00")
    year.advance("2025-10-02")
    assert interest(year, debt, year.day) == owed([("600", "2025-09-11", "2025-10-02")])
    sent = len(reminders(year))
    judgment = {"kind": "receivership", "opened_on": "2025-10-01"}
    known = year.post(f"/v1/customers/{year.customer}/insolvency", judgment)
    assert known["insolvency"]["opened_on"] == "2025-10-01"
    for insolvent, listed in (("true", {year.customer}), ("false", set())):
        found = year.get("/v1/customers", entity_id=year.world.entity, insolvent=insolvent)["data"]
        assert {each["id"] for each in found} == listed
    year.advance("2025-10-20")
    year.post(f"/v1/customers/{year.customer}/insolvency", judgment | {"published_on": year.day})
    year.advance("2025-12-31")
    assert interest(year, debt, year.day) == owed([("600", "2025-09-11", "2025-09-30")])
    tasks = year.world.get("dunning", "/v1/tasks", customer_id=year.customer)["data"]
    declared = [(each["day"], each["status"]) for each in tasks if each["kind"] == "insolvency_claim"]
    days = ["2025-12-20", "2025-12-12", "2025-11-22", "2025-10-20", "2025-10-02"]
    assert declared == list(zip(days, ["open", *["completed"] * 4], strict=True))
    assert "by 2025-12-22" in tasks[0]["cause"], "20 December is a Saturday (CPC 642)"
    assert len(reminders(year)) == sent + len(days)
    suppressed = year.world.get("dunning", "/v1/reminders", customer_id=year.customer, status="suppressed")
    assert {each["cause"] for each in suppressed["data"] if each["day"] > "2025-10-02"} == {"insolvency"}
    path = f"/v1/customers/{year.customer}/insolvency-claim"
    claims = year.get(path)
    paid, claim = claims["claims"]
    assert (paid["principal"], paid["indemnity"]) == (eur("0.00"), eur("0.00")), "interest after the document"
    assert (claim["principal"], claim["vat"]) == (eur("600.00"), eur("100.00"))
    amount = 640 + Decimal(interest(year, debt, "2025-09-30"))
    assert (claim["part"], claim["total"]) == ("before", eur(str(amount)))
    assert claims["totals"][0]["total"] == eur(str(amount + Decimal(paid["interest"]["amount"])))
    sheet = year.world.client("invoice").get(path, headers={"Accept": "text/csv"})
    assert len(sheet.text.splitlines()) == 3
    order = {"customer_id": year.customer, "amount": eur("100.00")}
    checked = year.world.post("risk", "/v1/checks", order)
    assert (checked["decision"], checked["reasons"][0]["code"]) == ("refuse", "insolvency")
    year.check()
    return debt


def stayed_claim_is_paid(year: Year, debt: dict[str, Any]) -> None:
    """The administrator pays the claim in the next year: one item in the books of both."""
    pay(year, debt, "600.00")
    assert year.get(at(debt))["status"]["settlement"] == "paid"
    year.check()


def cheque_bounces(year: Year) -> dict[str, Any]:
    """A post-dated cheque is no payment: nobody asks before its day, it counts as paid, and bounces."""
    year.advance("2026-01-02")
    debt = year.invoice("500.00", terms={"days": 5})
    year.books.bill(debt, "600.00")
    body = {"customer_id": year.customer, "kind": "cheque", "number": "0004711", "amount": eur("600.00")}
    meant = [{"invoice_id": debt["id"], "amount": eur("600.00")}]
    terms = {"matures_on": "2026-01-12", "clearing_days": 1, "presumed_paid": True, "invoices": meant}
    cheque = year.post("/v1/instruments", body | terms)
    sent = len(reminders(year))
    year.advance("2026-01-12")
    shown = year.get(at(debt))
    assert (shown["in_hand"], shown["in_hand_until"]) == (eur("600.00"), "2026-01-12")
    assert (shown["status"]["collection"], len(reminders(year))) == ("in_hand", sent)
    days = {"from": "2026-01-01", "to": year.day}
    (own,) = year.get(f"/v1/customers/{year.customer}/statement", **days)["accounts"]
    assert own["in_hand"] == eur("600.00")
    year.check()
    year.post(f"/v1/instruments/{cheque['id']}/remit", {})
    year.advance("2026-01-13")
    (listed,) = year.get("/v1/instruments", customer_id=year.customer, matures_until="2026-01-31")["data"]
    assert (listed["id"], listed["status"]) == (cheque["id"], "cleared")
    year.books.receive("600.00")
    year.books.settle(debt, "600.00")
    year.check()
    year.advance("2026-01-15")
    year.post(f"/v1/instruments/{cheque['id']}/return", {"reason": "No funds", "code": "AM04"})
    year.books.receive("-600.00")
    year.books.settle(debt, "-600.00")
    year.check()
    assert year.get(f"/v1/instruments/{cheque['id']}", as_of="2026-01-14")["status"] == "cleared"
    assert year.get(at(debt))["days_past_due"] == 8
    year.advance("2026-01-23")
    assert len(reminders(year)) > sent
    return debt


def agency_collects(year: Year, debt: dict[str, Any]) -> None:
    """Nobody else asks while an agency collects; a payment costs its fee, and a dispute has to be told."""
    body = {
        "customer_id": year.customer,
        "invoice_ids": [debt["id"]],
        "partner": {"kind": "agency", "name": "Recouvreur", "reference": "R-7"},
        "fee": {"percent": "12.5"},
    }
    reason = {"without_notice": "The cheque was returned twice"}
    placed = year.world.post("dunning", "/v1/placements", body | reason)
    assert (placed["amount"], placed["invoices"][0]["notice_on"]) == (eur("600.00"), None)
    client = year.world.client("dunning")
    again = client.post("/v1/placements", json=body | reason)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/invoices-not-placeable")
    sent, day = len(reminders(year)), year.day
    pay(year, debt, "200.00")
    claim = {"category": "quality", "amount": eur("100.00"), "text": "Scratched"}
    dispute = year.post(f"{at(debt)}/disputes", claim)
    year.advance("2026-02-20")
    path = f"/v1/placements/{placed['id']}"
    (case,) = year.world.get("dunning", "/v1/cases", customer_id=year.customer)["data"]
    assert [each["placement_id"] for each in case["items"] if each["invoice_id"] == debt["id"]] == [
        placed["id"]
    ]
    seen = year.world.get("dunning", path)
    assert (seen["paid"], seen["fee_due"]) == (eur("200.00"), eur("25.00"))
    assert [(each["kind"], each["amount"]) for each in seen["changes"]] == [("disputed", eur("100.00"))]
    assert seen["balances"][0]["open"] == eur("400.00")
    asked = reminders(year)[: len(reminders(year)) - sent]
    told = [each for each in reminders(year) if each.get("kind") == "placement"]
    assert (len(asked), len(told)) == (len(told), 1)
    assert "disputed" in told[0]["cause"]
    year.post(f"/v1/disputes/{dispute['id']}/resolve", {"outcome": "rejected"})
    back = year.world.post("dunning", f"{path}/recall", {"reason": "End of the mandate"})
    assert back["status"] == "recalled"
    listed = year.world.get("dunning", "/v1/placements", customer_id=year.customer, as_of=day)["data"]
    assert [each["status"] for each in listed] == ["placed"]
    file = client.get(f"/v1/customers/{year.customer}/litigation-file")
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        contents = json.loads(archive.read("index.json"))
        messages = [
            name for name in archive.namelist() if name.startswith("reminders/") and name.endswith(".txt")
        ]
        stated = {each["invoice_id"]: each for each in json.loads(archive.read("interest.json"))}
    for each in contents["invoices"]:
        if (own := stated[each["invoice_id"]])["interest"] is not None:
            assert own["interest"] == interest(year, {"id": each["invoice_id"]}, year.day)
        assert each["open"] == year.get(f"/v1/invoices/{each['invoice_id']}")["outstanding"]["amount"]
    assert debt["id"] in {each["invoice_id"] for each in contents["invoices"]}
    assert messages
    for day_of_demand, obstacle in ((year.day, "no_procedure"), ("2026-06-30", "formal_notice_missing")):
        path = f"/v1/customers/{year.customer}/title-eligibility"
        found = year.world.get("dunning", path, on=day_of_demand)["data"]
        assert [each["reasons"] for each in found if each["invoice_id"] == debt["id"]] == [[obstacle]]
    year.check()


def at(invoice: dict[str, Any]) -> str:
    return f"/v1/invoices/{invoice['id']}"


def pay(year: Year, invoice: dict[str, Any], amount: str, takes: str | None = None) -> dict[str, Any]:
    """Receive a transfer that names the invoice."""
    paid = year.pay(amount, f"FACTURE {invoice['number']}")
    year.books.receive(amount)
    year.books.settle(invoice, takes or amount)
    return paid


def reminders(year: Year) -> list[dict[str, Any]]:
    """Reminders and tasks of the customer."""
    mine = {"customer_id": year.customer, "limit": 200}
    return [
        each
        for path in ("/v1/reminders", "/v1/tasks")
        for each in year.world.get("dunning", path, **mine)["data"]
        if each["status"] != "suppressed"
    ]


def turnover(year: Year) -> tuple[dict[str, str], dict[str, str]]:
    """Turnover of the customer, with VAT and without."""
    totals = year.answers()["turnover"]["totals"]
    return totals["turnover"], totals["turnover_net"]


def interest(year: Year, invoice: dict[str, Any], on: str) -> str:
    """Interest of an invoice up to a day, as the statement gives it."""
    found: str = year.get(f"{at(invoice)}/interest", on=on)["interest"]["amount"]
    return found


def owed(segments: list[tuple[str, str, str]]) -> str:
    """Interest by hand: actual days over 365, each segment rounded to the cent, half up."""
    return str(sum((_segment(*each) for each in segments), Decimal(0)))


def _segment(principal: str, first: str, last: str) -> Decimal:
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    rate = Decimal(RATES[max(since for since in RATES if since <= last)])
    return (Decimal(principal) * rate / 100 * days / 365).quantize(Decimal("0.01"), ROUND_HALF_UP)

"""One debtor's year of documents over HTTP: every service agrees, on every date, with what they add up to."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from encours.testing.system import System
from tests.e2e.world import eur, line
from tests.e2e.year import START, Year

DAYS = (
    "2026-01-04", "2026-01-12", "2026-01-20", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
)  # fmt: skip
STATUSES = ("draft", "sent", "accepted", "refused", "expired")
MONTHLY = {"rule": "FREQ=MONTHLY", "starts_on": "2026-02-01", "nature": "services", "lines": [line()]}
BY_INDEX = {"indexation": {"index": "SYNTEC", "base_period": "2025-12-01", "revision": "each_period"}}
INDEX = {"name": "Syntec", "frequency": "monthly", "source": "Syntec"}

SIGNED = base64.b64encode(b"%PDF-1.7 signed").decode()
MACHINES = line("1000.00") | {"description": "Machine", "quantity": "10"}
VOLUME = {"reason": "Volume", "percent": "10", "vat_rate": "20"}
OWN_TERMS = {"terms": {"days": 30}}


def test_a_debtors_year_adds_up_in_every_service_on_every_date_and_is_told_in_words(system: System) -> None:
    year = Year(system)
    year.advance("2026-01-12")
    plain, indexed = recurring(year)
    quotes = [quote(year, until) for until in ("2026-01-31", "2026-02-10", "2026-03-31")]
    order = quote_to_order(year)
    year.post(f"/v1/quotes/{quotes[2]}/refuse", {"reason": "Too dear"})
    deposit = deposit_paid(year)
    final = two_deliveries_billed_once(year, order, deposit)
    year.post(f"/v1/quotes/{quotes[1]}/extend", {"valid_until": "2026-05-31"})
    again = whole_invoice_credited(year)
    note = credit_on_the_paid_invoice(year, final)
    credit_used_and_refunded(year, note)
    right = corrected(year)
    lost_and_paid_late(year, right)
    year.advance("2026-12-31")
    year.check()
    credit_notes_are_listed_from_their_day(year, final)
    each_period_billed_once(year, plain, indexed)
    quotes_are_listed_as_shown(year, quotes)
    deliveries_are_listed_as_shown(year, {order: {final["id"]: "2026-05-04"}, again[0]: again[1]})
    assert list(year.seen)[::11] == ["2026-01-31", "2026-12-31"]
    year.seen_again()


def recurring(year: Year) -> list[str]:
    """Two recurring invoices are agreed, one of them indexed by an index without a value yet."""
    base = {"period": "2025-12-01", "value": "300"}
    year.world.put("/v1/indices/SYNTEC", INDEX | {"entity_id": year.world.entity, "values": [base]})
    bodies = ({"title": "Standby"}, {"title": "Maintenance"} | BY_INDEX)
    return [year.post("/v1/recurring", year.owner | MONTHLY | body)["id"] for body in bodies]


def quote(year: Year, valid_until: str, **more: Any) -> str:
    """A quote is drafted and sent."""
    body = year.owner | {"lines": [line("400.00")], "valid_until": valid_until, "reference": "PO 8"}
    identifier: str = year.post("/v1/quotes", body | more)["id"]
    year.post(f"/v1/quotes/{identifier}/send", {"sent_to": "Claire Martin"})
    return identifier


def quote_to_order(year: Year) -> str:
    """A quote is accepted on evidence, once, and becomes the order."""
    body = {"lines": [MACHINES], "allowances": [VOLUME], "nature": "goods", "reference": "PO 7"}
    path = f"/v1/quotes/{quote(year, '2026-01-31', number='D-1', **body)}"
    year.advance("2026-01-20")
    evidence = {"document": SIGNED, "name": "devis.pdf"}
    signed = {"accepted_by": "Claire Martin", "evidence": evidence, "into": "order"}
    accepted, problems = year.raced(16, f"{path}/accept", signed)
    assert problems == {"/problems/quote-closed"}
    kept = year.get(f"{path}/evidence")
    assert (kept["document"], kept["sha256"]) == (SIGNED, hashlib.sha256(b"%PDF-1.7 signed").hexdigest())
    order: str = accepted["acceptance"]["order_id"]
    assert year.get(f"/v1/orders/{order}")["total"] == eur("10800.00")
    assert year.told(path) == [
        "Quote D-1 of 10,800.00\u00a0EUR drafted", "Quote sent to Claire Martin",
        "Quote of 10,800.00\u00a0EUR accepted by Claire Martin",
    ]  # fmt: skip
    year.check()
    return order


def deposit_paid(year: Year) -> dict[str, Any]:
    """A deposit is invoiced and paid by a bank text."""
    year.advance("2026-02-02")
    deposit = year.invoice("3000.00", purpose="deposit", reference="PO 7", terms={"days": 8})
    year.books.bill(deposit, "3600.00")
    year.check()
    year.advance("2026-02-09")
    paid = year.pay("3600.00", f"ACOMPTE {deposit['number']}")
    year.books.receive("3600.00")
    year.books.settle(deposit, "3600.00")
    assert year.told(f"/v1/invoices/{deposit['id']}") == [
        "Draft of 3,600.00\u00a0EUR", "Deposit invoice FAC-2026-000001 of 3,600.00\u00a0EUR issued, due 2026-02-10",
        "3,600.00\u00a0EUR of a payment applied",
    ]  # fmt: skip
    assert year.told(f"/v1/payments/{paid['id']}") == [
        "3,600.00\u00a0EUR received by transfer", "Payment allocated: 1 part",
    ]  # fmt: skip
    year.check()
    return deposit


def two_deliveries_billed_once(year: Year, order: str, deposit: dict[str, Any]) -> dict[str, Any]:
    """Two deliveries are billed by one invoice, which deducts the deposit; it is paid early, less the discount."""
    delivered = f"/v1/orders/{order}/deliveries"
    year.advance("2026-03-10")
    year.post(delivered, {"note_number": "BL-1", "lines": [{"line": 1, "quantity": "4"}]})
    index = {"entity_id": year.world.entity, "values": index_of_the_year()}
    year.world.put("/v1/indices/SYNTEC", INDEX | index)
    year.advance("2026-04-15")
    year.post(delivered, {"note_number": "BL-2"})
    period = year.owner | {"from": "2026-01-01", "to": "2026-04-30"}
    draft, problems = year.raced(64, "/v1/invoices:group", period)
    assert problems == {"/problems/nothing-to-bill"}
    year.check()
    year.advance("2026-05-04")
    year.post(f"/v1/invoices/{draft['id']}/cancel")
    final = year.post("/v1/invoices:group", period | {"deposits": [deposit["id"]], "issue": True})
    assert (final["totals"]["total"], final["totals"]["prepaid"]) == (eur("10800.00"), eur("3600.00"))
    assert (final["total"], final["vat_breakdown"][0]["vat"]) == (eur("7200.00"), eur("1200.00"))
    assert [cited["note_number"] for cited in final["deliveries"]] == ["BL-1", "BL-2"]
    year.books.bill(final, "7200.00")
    year.check()
    billed = "2 delivery(ies) of 10,000.00\u00a0EUR put on an invoice"
    assert year.told(f"/v1/orders/{order}")[1:] == [
        "Delivered with note BL-1: 4,000.00\u00a0EUR without VAT",
        "Delivered with note BL-2: 6,000.00\u00a0EUR without VAT",
        billed, "2 delivery(ies) of 10,000.00\u00a0EUR to bill again: invoice cancelled", billed,
    ]  # fmt: skip
    assert year.told(f"/v1/invoices/{deposit['id']}")[-1] == "Deposit deducted by the final invoice"
    year.advance("2026-05-12")
    year.pay("7056.00", final["number"])
    year.books.receive("7056.00")
    year.books.settle(final, "7056.00")
    year.books.owe(final, "-144.00")
    year.check()
    assert year.told(f"/v1/invoices/{final['id']}") == [
        "Draft of 10,800.00\u00a0EUR",
        "Invoice FAC-2026-000002 issued, due 2026-06-03: 7,200.00\u00a0EUR after 1 deposit",
        "7,056.00\u00a0EUR of a payment applied", "Early-payment discount of 144.00\u00a0EUR taken",
    ]  # fmt: skip
    return final


def index_of_the_year() -> list[dict[str, str]]:
    """The base value, and one for each month."""
    months = [{"period": f"2026-{month:02d}-01", "value": "303"} for month in range(1, 13)]
    return [{"period": "2025-12-01", "value": "300"}, *months]


def whole_invoice_credited(year: Year) -> tuple[str, dict[str, str]]:
    """A delivery whose invoice is credited as a whole waits for another one."""
    order: str = year.post("/v1/orders", year.owner | {"lines": [line("70.00")], "number": "C-2"})["id"]
    year.post(f"/v1/orders/{order}/deliveries", {"note_number": "BL-3"})
    period = year.owner | {"from": "2026-05-01", "to": "2026-05-31", "order_ids": [order]}
    billed = year.post("/v1/invoices:group", period | {"issue": True})
    year.books.bill(billed, "84.00")
    year.check()
    year.advance("2026-06-02")
    year.post(f"/v1/invoices/{billed['id']}/credit-notes", {"reason": "Wrong address"})
    year.books.owe(billed, "-84.00")
    year.check()
    assert year.told(f"/v1/orders/{order}")[2:] == [
        "1 delivery(ies) of 70.00\u00a0EUR put on an invoice",
        "1 delivery(ies) of 70.00\u00a0EUR to bill again: invoice credited",
    ]
    return order, {billed["id"]: "2026-05-12"}


def credit_on_the_paid_invoice(year: Year, final: dict[str, Any]) -> dict[str, Any]:
    """A credit note on the paid invoice leaves the customer in credit; the discount is then one on the rest."""
    year.advance("2026-06-15")
    body = {"amount": eur("600.00"), "reason": "Late"}
    note = year.post(f"/v1/invoices/{final['id']}/credit-notes", body)
    year.books.owe(final, "-600.00")
    year.books.owe(final, "12.00")
    year.books.settle(final, "-588.00")
    year.check()
    assert year.told(f"/v1/invoices/{final['id']}")[4:] == [
        "Early-payment discount of 144.00\u00a0EUR withdrawn (credited)",
        "7,056.00\u00a0EUR open again: payment released",
        "6,600.00\u00a0EUR of a payment applied", "Credit note AVO-2026-000002 of 600.00\u00a0EUR: Late",
        "6,600.00\u00a0EUR open again: payment released", "6,468.00\u00a0EUR of a payment applied",
        "Early-payment discount of 132.00\u00a0EUR taken",
    ]  # fmt: skip
    return note


def credit_used_and_refunded(year: Year, note: dict[str, Any]) -> None:
    """The credit settles another invoice; the rest is paid back. A rebate is credited without an invoice."""
    year.advance("2026-07-01")
    spare = quote(year, "2026-07-31", **OWN_TERMS)
    accepted = year.post(f"/v1/quotes/{spare}/accept", {"accepted_by": "Claire Martin"})
    draft = year.get(f"/v1/invoices/{accepted['acceptance']['invoice_id']}")
    assert (draft["total"], draft["reference"], draft["number"]) == (eur("480.00"), "PO 8", None)
    other = year.post(f"/v1/invoices/{draft['id']}/issue")
    year.books.bill(other, "480.00")
    use = {"allocations": [{"invoice_id": other["id"], "amount": eur("480.00")}]}
    used = year.post(f"/v1/credits/{note['id']}/apply", use)
    assert used["unapplied"] == eur("108.00")
    year.books.settle(other, "480.00")
    year.check()
    assert year.told(f"/v1/invoices/{other['id']}")[-1] == "480.00\u00a0EUR of a payment applied"
    year.advance("2026-07-06")
    (refund,) = year.post(f"/v1/credits/{note['id']}/refund", {"reason": "Asked for"})["refunds"]
    paid = used["payments"][0]["payment_id"]
    sent = year.post(f"/v1/payments/{paid}/refunds/{refund}/sent", {"reference": "E2E-1"})
    assert sent["refunds"][0]["status"] == "sent"
    year.books.receive("-108.00")
    year.check()
    assert year.told(f"/v1/payments/{paid}")[-2:] == [
        "Refund of 108.00\u00a0EUR ordered: Asked for", "Refund of 108.00\u00a0EUR paid",
    ]  # fmt: skip
    year.advance("2026-07-15")
    rebate = {"lines": [line("50.00")], "reason": "Rebate of the half-year"}
    own = year.post(
        "/v1/credit-notes", year.owner | rebate | {"period_from": START, "period_until": "2026-06-30"}
    )
    assert (own["number"], own["unapplied"]) == ("AVO-2026-000003", eur("60.00"))
    year.books.receive("60.00")
    year.check()
    assert year.told(f"/v1/payments/{own['payment_id']}") == [
        "Credit note AVO-2026-000003 of 60.00\u00a0EUR: Rebate of the half-year"
    ]


def corrected(year: Year) -> dict[str, Any]:
    """A wrong invoice is corrected; a claim on the right one is accepted and credited."""
    year.advance("2026-08-03")
    wrong = year.invoice("100.00")
    year.books.bill(wrong, "120.00")
    year.check()
    year.advance("2026-08-10")
    correct = {"reason": "Wrong price", "lines": [line("80.00")]}
    right = year.post(f"/v1/invoices/{wrong['id']}/correct", correct)
    assert (right["total"], right["corrects"]["number"]) == (eur("96.00"), wrong["number"])
    year.books.owe(wrong, "-120.00")
    year.books.bill(right, "96.00")
    year.check()
    assert year.told(f"/v1/invoices/{wrong['id']}")[-1] == (
        "Credit note AVO-2026-000004 of 120.00\u00a0EUR: Wrong price"
    )
    year.advance("2026-08-17")
    claim = {"category": "quality", "amount": eur("24.00"), "text": "One tyre was damaged"}
    dispute = year.post(f"/v1/invoices/{right['id']}/disputes", claim)
    accepted = {"outcome": "credited", "credit_note": True}
    assert year.post(f"/v1/disputes/{dispute['id']}/resolve", accepted)["credit_note_id"]
    year.books.owe(right, "-24.00")
    year.check()
    return right


def lost_and_paid_late(year: Year, right: dict[str, Any]) -> None:
    """A debt is provisioned, written off, declared lost with the relief of its VAT, and paid in part after all."""
    path = f"/v1/invoices/{right['id']}"
    year.advance("2026-10-05")
    assert year.post(f"{path}/provision", {"reason": "Safeguard"})["provisioned"] == eur("60.00")
    year.check()
    year.advance("2026-10-20")
    assert year.post(f"{path}/write-off", {"reason": "Liquidation"})["outstanding"] == eur("0.00")
    year.books.owe(right, "-72.00")
    year.check()
    year.advance("2026-11-02")
    lost = year.post(f"{path}/unrecoverable", {"reason": "No assets", "evidence": "Certificate"})
    assert lost["vat_relief"][0]["vat"] == eur("12.00")
    year.check()
    before = year.world.position
    year.advance("2026-12-10")
    year.pay("30.00", f"FACTURE {right['number']}")
    year.books.owe(right, "30.00")
    year.books.receive("30.00")
    year.books.settle(right, "30.00")
    year.check()
    after = year.get(path)
    assert (after["paid"], after["written_off"], after["vat_relief"][0]["vat"]) == (
        eur("30.00"), eur("42.00"), eur("7.00"),
    )  # fmt: skip
    assert year.get(path, known_at=before)["paid"] == eur("0.00")
    assert year.told(path)[2:] == [
        "24.00\u00a0EUR of the invoice in dispute", "24.00\u00a0EUR no longer in dispute (credited)",
        "Credit note AVO-2026-000005 of 24.00\u00a0EUR: Accepted claim", "Provision of 60.00\u00a0EUR: Safeguard",
        "72.00\u00a0EUR written off: Liquidation", "72.00\u00a0EUR unrecoverable: No assets",
        "30.00\u00a0EUR of what was written off are paid", "30.00\u00a0EUR of a payment applied",
    ]  # fmt: skip


def credit_notes_are_listed_from_their_day(year: Year, final: dict[str, Any]) -> None:
    """Credit notes on invoices and without stand in one list; the timeline names what happened to the customer."""
    path, numbers = "/v1/credit-notes", [f"AVO-2026-00000{number}" for number in range(1, 6)]
    notes = year.get(path, customer_id=year.customer)["data"]
    assert sorted(each["number"] for each in notes) == numbers
    early = year.get(path, customer_id=year.customer, as_of="2026-06-30")["data"]
    assert [each["number"] for each in early if each["invoice_id"] == final["id"]] == numbers[1:2]
    told = year.world.get("reporting", f"/v1/customers/{year.customer}/timeline", limit=200)["data"]
    timeline = "\n".join(each["summary"] for each in told)
    for words in (
        "Deposit deducted",
        "Refund of 108.00\u00a0EUR paid",
        "72.00\u00a0EUR unrecoverable: No assets",
    ):
        assert words in timeline


def each_period_billed_once(year: Year, *names: str) -> None:
    """Each period has one draft, at the price of its index; those that were blocked were billed later."""
    for name, price in zip(names, ("100", "101"), strict=True):
        found = year.get(f"/v1/recurring/{name}")
        assert (found["billed_count"], found["latest"]["period"], found["blocked"]) == (
            11,
            "2026-12-01",
            None,
        )
        assert found["next_dates"][::9] == ["2027-01-01", "2027-10-01"]
        made = year.get(f"/v1/invoices/{found['latest']['invoice_id']}")
        assert (made["lines"][0]["unit_price"], made["supply_on"]) == (price, "2026-12-01")
    blocked = year.get(f"/v1/recurring/{names[1]}", as_of="2026-02-28")["blocked"]
    assert (blocked["code"], blocked["period"]) == ("index-value-missing", "2026-02-01")
    drafts = year.get("/v1/invoices", customer_id=year.customer, status="draft", limit=50)["data"]
    assert sorted(each["supply_on"] for each in drafts) == sorted(
        f"2026-{month:02d}-01" for month in range(2, 13) for _ in names
    )


def quotes_are_listed_as_shown(year: Year, quotes: list[str]) -> None:
    """On each day the lists by status have the quotes that show it."""
    for day in DAYS:
        shown = {name: year.on_day(f"/v1/quotes/{name}", day) for name in quotes}
        for status in STATUSES:
            wanted = {name for name, body in shown.items() if body and body["status"] == status}
            assert year.listed("/v1/quotes", status=status, as_of=day) & set(quotes) == wanted, (day, status)


def deliveries_are_listed_as_shown(year: Year, orders: dict[str, dict[str, str]]) -> None:
    """On each day the lists by billing have the deliveries of the orders; an invoice counts from its issue."""
    for day in DAYS:
        billed, drafted, known = set(), set(), set()
        for order, issued_on in orders.items():
            for each in (year.on_day(f"/v1/orders/{order}", day) or {"deliveries": []})["deliveries"]:
                known.add(each["id"])
                if issued_on.get(each["invoice_id"], "9999") <= day:
                    billed.add(each["id"])
                elif each["invoice_id"]:
                    drafted.add(each["id"])
        assert year.listed("/v1/deliveries", billed="true", as_of=day) == billed, day
        assert year.listed("/v1/deliveries", billed="false", as_of=day) == known - billed, day
        assert year.listed("/v1/deliveries", billing="drafted", as_of=day) == drafted, day

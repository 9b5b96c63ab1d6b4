"""From invoice to cash over HTTP: numbers, dates, money found by bank texts, money undone, contested money."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from encours.testing.system import System
from tests.e2e.typed import Typed
from tests.e2e.world import World, eur

DAY = "2026-03-31"


@pytest.fixture(scope="module")
def world(system: System) -> World:
    """A creditor in a sandbox that stands at the end of March 2026."""
    return World.make(system, day=DAY)


def _get(world: World, path: str, **parameters: Any) -> dict[str, Any]:
    return world.get("invoice", path, **parameters)


def _state(invoice: dict[str, Any]) -> tuple[str, str, str]:
    return invoice["outstanding"]["amount"], invoice["status"]["settlement"], invoice["labels"]["crm"]


def _key(system: System, world: World, *options: str) -> dict[str, str]:
    made = system.json("keys", "create", "--label", "test", "--ledger", world.ledger, *options)
    return {"Authorization": f"Bearer {made['token'] if 'token' in made else made['key']}"}


def test_concurrent_issues_take_gapless_numbers_in_date_order_and_the_certificate_says_so(
    world: World,
) -> None:
    entity = world.post("invoice", "/v1/entities", {"name": "Gapless Ltd", "country": "GB"})["id"]
    customer = world.post("invoice", "/v1/customers", {"entity_id": entity, "name": "Dupont"})["id"]
    dates = ["2026-03-30", "2026-03-31", "2026-03-31", "2026-03-30"] * 6

    def issue(issued_on: str) -> int:
        body = world.draft_body(customer, entity_id=entity, issue=True, issued_on=issued_on)
        return world.send("invoice", "/v1/invoices", body).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(issue, dates))
    assert set(answers) <= {201, 409}
    certificate = _get(world, f"/v1/entities/{entity}/series/FAC/certificate", year=2026)
    assert (certificate["count"], certificate["missing"], certificate["verdict"]) == (
        answers.count(201),
        [],
        "complete",
    )
    assert certificate["last"] == f"FAC-2026-{answers.count(201):06d}"


def test_a_batch_judges_each_item_alone_and_is_repeated_without_a_second_effect(world: World) -> None:
    customer = world.customer()
    good = world.draft_body(customer)
    items = [good, good | {"customer_id": "cus_" + "0" * 32}, good | {"lines": []}, good]
    options = {"headers": {"Idempotency-Key": f"batch-{customer}"}}
    first = world.send("invoice", "/v1/invoices:batch", {"issue": True, "items": items}, **options).json()
    assert [result["status"] for result in first["results"]] == [201, 404, 422, 201]
    again = world.send("invoice", "/v1/invoices:batch", {"issue": True, "items": items}, **options).json()
    assert [r.get("id") for r in again["results"]] == [r.get("id") for r in first["results"]]
    listed = _get(world, "/v1/invoices", customer_id=customer)
    assert len(listed["data"]) == 2


def test_a_bank_text_puts_the_money_where_it_says_and_the_words_are_kept(world: World, typed: Typed) -> None:
    client = typed(world, "invoice")
    customer = world.customer()
    older, named = (
        client.done("invoices.create_invoice", body=world.draft_body(customer, issue=True, issued_on=DAY))
        for _ in range(2)
    )
    received = {
        "entity_id": world.entity,
        "customer_id": customer,
        "received_on": DAY,
        "amount": eur("150.00"),
    }
    text = f"VIR DUPONT {named.number.replace('-', ' ')}"
    payment = client.done("payments.receive_payment", body=received | {"remittance_text": text})
    rules = [(each.invoice_id, each.amount.amount, each.rule) for each in payment.allocations]
    assert rules == [(named.id, "120.00", "debtor_indication"), (older.id, "30.00", "oldest_due")]
    assert payment.allocations[0].evidence == named.number.replace("-", " ")


def test_however_many_invoices_a_text_names_the_first_of_them_is_paid_first(world: World) -> None:
    customer = world.customer()
    numbers = [world.invoice(customer, issued_on=DAY)["number"] for _ in range(12)]
    payment = world.payment(customer, "120.00", DAY, remittance_text=" ".join(reversed(numbers)))
    assert [a["evidence"] for a in payment["allocations"]] == [numbers[-1]]


def test_a_payment_that_comes_undone_reopens_the_debt_and_yesterday_stays_true(
    world: World, typed: Typed
) -> None:
    client = typed(world, "invoice")
    customer = world.customer()
    draft = client.done("invoices.create_invoice", body=world.draft_body(customer))
    invoice = client.call("invoices.issue_invoice", draft.id).id
    received = {
        "entity_id": world.entity,
        "customer_id": customer,
        "received_on": DAY,
        "amount": eur("120.00"),
    }
    paid = client.done("payments.receive_payment", body=received)
    known_then = world.position
    client.done("payments.reverse_payment", paid.id, body={"reason": "AC04", "on": DAY})
    shown = client.read("invoices.get_invoice", invoice)
    assert _state(shown.to_dict()) == ("120.00", "open", "En attente non envoyée")
    then = client.read("invoices.get_invoice", invoice, known_at=str(known_then))
    assert (_state(then.to_dict()), then.known_at, then.position) == (
        ("0.00", "paid", "Payée"),
        str(known_then),
        known_then,
    )
    settled = {"customer_id": customer, "status": client.models.ListInvoicesStatusType0.PAID}
    listed = client.read("invoices.list_invoices", **settled, known_at=str(known_then))
    assert [each.id for each in listed.data] == [invoice]
    assert client.read("invoices.list_invoices", **settled).data == []


def test_lists_and_single_answers_agree_for_any_date(world: World) -> None:
    customer = world.customer()
    invoice = world.invoice(customer, issued_on=DAY)
    world.payment(customer, "20.00", DAY)
    for as_of in ("2026-03-30", DAY, "2026-05-15"):
        listed = _get(world, "/v1/invoices", customer_id=customer, as_of=as_of)["data"]
        alone = world.client("invoice").get(f"/v1/invoices/{invoice['id']}", params={"as_of": as_of})
        assert [_state(each) for each in listed] == (
            [_state(alone.json())] if alone.status_code == 200 else []
        )
    assert listed[0]["labels"] == {"business": "impayée", "crm": "Retard 15 jours"}


def test_a_contested_share_is_shown_apart_and_a_credit_note_cites_its_own_series(
    world: World, typed: Typed
) -> None:
    client = typed(world, "invoice")
    invoice = world.invoice(world.customer(), issued_on=DAY)["id"]
    contested = {"category": "price", "text": "x", "amount": eur("50.00")}
    dispute = client.done("disputes.open_dispute", invoice, body=contested)
    assert client.read("invoices.get_invoice", invoice).disputed.to_dict() == eur("50.00")
    client.done("disputes.resolve_dispute", dispute.id, body={"outcome": "credited"})
    credit = {"amount": eur("50.00"), "reason": "price"}
    note = client.done("invoices.credit_invoice", invoice, body=credit)
    assert note.number.startswith("AVO-2026-")
    assert (note.net.amount, note.vat.amount) == ("41.67", "8.33")
    assert note.invoice.status.document == "credited_in_part"


def test_a_fee_in_another_currency_and_a_credit_over_two_sums_are_refused_where_they_were_written(
    world: World,
) -> None:
    customer = world.customer()
    invoice = world.invoice(customer, issued_on=DAY, terms={"days": 90})
    yen = {"days": 30, "indemnity": {"amount": "5000", "currency": "JPY"}}
    lines = [{"description": "Works", "quantity": "1", "unit_price": "50.00", "vat_rate": "20"}]
    client = world.client("invoice")
    for answer, pointer in (
        (client.put(f"/v1/customers/{customer}/terms", json=yen), "/indemnity/currency"),
        (
            client.put(f"/v1/customers/{customer}/terms", json={"days": 30, "penalty_rate": "150"}),
            "/penalty_rate",
        ),
        (
            client.post("/v1/invoices", json=world.draft_body(customer, terms=yen)),
            "/terms/indemnity/currency",
        ),
        (
            client.post(
                f"/v1/invoices/{invoice['id']}/credit-notes", json={"amount": eur("10.00"), "lines": lines}
            ),
            "/amount",
        ),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    history = client.get(f"/v1/invoices/{invoice['id']}/history").json()["data"]
    assert [event["type"] for event in history] == [
        "invoice.drafted", "invoice.issued", "invoice.terms_beyond_ceiling",
    ]  # fmt: skip


def test_the_history_of_terms_has_one_agreement_for_each_day_and_is_known_as_it_was(world: World) -> None:
    customer = world.customer(terms={"days": 30, "valid_from": "2026-01-01"})
    client, path = world.client("invoice"), f"/v1/customers/{customer}/terms"

    def agree(**terms: Any) -> int:
        answer = client.put(path, json=terms)
        assert answer.status_code == 200, answer.text
        return int(answer.headers["encours-position"])

    def spans(**parameters: Any) -> list[tuple[str, str | None, int]]:
        found = _get(world, path, **parameters)
        return [(each["valid_from"], each["valid_until"], each["terms"]["days"]) for each in found["data"]]

    then = agree(days=60, valid_from="2026-06-01")
    agree(days=45, valid_from="2026-03-01", day_of_month=10, discount={"rate": "2", "days": 8})
    world.position = agree(days=50, valid_from="2026-06-01", penalty_rate="1")
    assert spans() == [
        ("2026-01-01", "2026-03-01", 30), ("2026-03-01", "2026-06-01", 45), ("2026-06-01", None, 50),
    ]  # fmt: skip
    assert spans(known_at=then) == [("2026-01-01", "2026-06-01", 30), ("2026-06-01", None, 60)]
    found = _get(world, path)
    assert found["in_force"]["terms"]["discount"]["rate"] == "2.00"
    assert _get(world, path, as_of="2025-12-31")["in_force"] is None
    invoice = world.invoice(customer, issued_on=DAY)
    assert (invoice["due_on"], invoice["discount_until"]) == ("2026-06-10", "2026-04-08")


def test_a_rate_is_shown_as_it_was_known_and_realises_a_difference(world: World) -> None:
    client, pair = world.client("invoice"), {"entity_id": world.entity, "base": "USD", "quote": "EUR"}

    def publish(on: str, rate: str) -> int:
        body = pair | {"source": "ECB", "rates": [{"on": on, "rate": rate}]}
        answer = client.put("/v1/exchange-rates", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.headers["encours-position"])

    first = publish("2026-03-01", "0.90")
    publish("2026-03-01", "0.92")
    world.position = publish(DAY, "0.95")
    assert _get(world, "/v1/exchange-rates", known_at=first, **pair)["in_force"]["rate"] == "0.90"
    assert _get(world, "/v1/exchange-rates", as_of="2026-03-30", **pair)["in_force"]["rate"] == "0.92"
    customer = world.customer()
    line = {"description": "Works", "quantity": "1", "unit_price": "100.00", "vat_rate": "20"}
    invoice = world.invoice(customer, issued_on="2026-03-31", currency="USD", lines=[line])
    dollars = {"amount": "120.00", "currency": "USD"}
    receipt = {"entity_id": world.entity, "customer_id": customer, "amount": dollars, "received_on": DAY}
    world.post("invoice", "/v1/payments", receipt)
    shown = _get(world, f"/v1/invoices/{invoice['id']}")
    assert (shown["status"]["settlement"], shown["exchange_differences"]) == ("paid", [])


def test_euros_settle_an_invoice_in_dollars_under_a_limit_in_euros(world: World) -> None:
    def publish(rate: str) -> int:
        body = {"entity_id": world.entity, "base": "USD", "quote": "EUR", "source": "ECB"}
        answer = world.client("invoice").put(
            "/v1/exchange-rates", json=body | {"rates": [{"on": DAY, "rate": rate}]}
        )
        assert answer.status_code == 200, answer.text
        return int(answer.headers["encours-position"])

    publish("0.94")
    line = {"description": "Works", "quantity": "1", "unit_price": "100.00", "vat_rate": "20"}
    customer = world.customer()
    invoice = world.invoice(customer, issued_on=DAY, currency="USD", lines=[line])["id"]
    limit = {
        "customer_id": customer,
        "amount": eur("200.00"),
        "max_days_past_due": 5,
        "evidence": "Balance sheet",
    }
    request = world.post("risk", "/v1/limit-requests", limit)["id"]
    world.post("risk", f"/v1/limit-requests/{request}/approve", {})
    known, exposure = publish("0.95"), f"/v1/customers/{customer}/exposure"
    world.position = publish("0.96")
    found = world.get("risk", exposure)
    assert (found["headroom"], found["whole"]["shares"][1]["rate"]["rate"]) == (eur("84.80"), "0.96")
    assert world.get("risk", exposure, known_at=known)["headroom"] == eur("86.00")
    report = {"customer_id": customer, "report_currency": "EUR"}
    aged = world.get("reporting", "/v1/aged-balance", **report)
    assert (aged["totals"]["outstanding"], aged["data"][0]["outstanding"]) == (eur("115.20"), eur("115.20"))
    (part,) = aged["conversion"]["parts"]
    assert (part["outstanding"]["currency"], part["rate"]["rate"], part["rate"]["on"]) == ("USD", "0.96", DAY)
    assert (aged["conversion"]["unrealised_difference"], aged["tie_out"]["equal"]) == (eur("0.00"), True)
    then = world.get("reporting", "/v1/aged-balance", known_at=known, **report)
    assert then["totals"]["outstanding"] == eur("114.00")
    for path in ("/v1/dso", "/v1/dashboard"):
        found = world.get("reporting", path, **report)
        assert (found["currency"], found["conversion"]["currency"]) == ("EUR", "EUR")
    assert found["last_30_days"]["billed"] == eur("115.20")
    unknown = world.client("reporting").get(
        "/v1/dso", params={"customer_id": customer, "report_currency": "GBP"}
    )
    assert (unknown.status_code, unknown.json()["type"]) == (422, "/problems/exchange-rate-missing")
    checked = world.post("risk", "/v1/checks", {"customer_id": customer, "amount": eur("84.81")})
    assert (checked["decision"], checked["shares_seen"][0]["converted"]) == ("refuse", eur("115.20"))
    asked = {"invoice_id": invoice, "amount": {"amount": "120.00", "currency": "USD"}}
    agreed = {"base": "USD", "quote": "EUR", "rate": "0.93", "source": "Bank advice 4711"}
    wrong = agreed | {"base": "EUR", "quote": "USD"}
    body = {"entity_id": world.entity, "customer_id": customer, "amount": eur("112.10"), "received_on": DAY}
    refused = world.client("invoice").post(
        "/v1/payments", json=body | {"allocations": [asked | {"exchange": wrong}]}
    )
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/exchange-rate-deviates")
    asked |= {"exchange": agreed}
    payment = world.post("invoice", "/v1/payments", body | {"allocations": [asked]})
    (part,) = payment["allocations"]
    assert (part["amount"], part["settled"], part["exchange"]["agreed"]) == (
        eur("111.60"),
        asked["amount"],
        True,
    )
    shown = _get(world, f"/v1/invoices/{invoice}")
    assert (shown["status"]["settlement"], shown["payments"][0]["paid"]) == ("paid", eur("111.60"))
    assert [each["amount"] for each in shown["exchange_differences"]] == [eur("-3.60")]
    aged = world.get("reporting", "/v1/aged-balance", customer_id=customer, currency="EUR")
    assert (aged["totals"]["outstanding"], aged["tie_out"]["equal"]) == (eur("-0.50"), True)
    timeline = world.get("reporting", f"/v1/customers/{customer}/timeline", lang="en")
    told = [each["summary"] for each in timeline["data"]]
    assert "120.00\u00a0USD settled by 111.60\u00a0EUR of a payment" in told
    world.post("invoice", f"/v1/payments/{payment['id']}/reverse", {"reason": "AC04"})
    assert _get(world, f"/v1/invoices/{invoice}")["outstanding"]["amount"] == "120.00"


def test_a_key_of_one_entity_neither_sees_nor_touches_another(system: System, world: World) -> None:
    other = world.post("invoice", "/v1/entities", {"name": "Other Ltd", "country": "GB"})["id"]
    invoice = world.invoice(world.customer(), issued_on=DAY)
    headers = _key(system, world, "--scope", "invoices:read", "--scope", "invoices:write", "--entity", other)
    client = world.client("invoice")
    assert client.get(f"/v1/invoices/{invoice['id']}", headers=headers).status_code == 404
    assert client.post(f"/v1/invoices/{invoice['id']}/credit-notes", headers=headers).status_code == 404
    assert client.get("/v1/invoices", headers=headers).json()["data"] == []
    assert [e["id"] for e in client.get("/v1/entities", headers=headers).json()["data"]] == [other]
    assert client.post("/v1/payments", headers=headers, json={}).status_code in {403, 422}


def test_a_write_without_effect_tells_nothing_of_another_entity(system: System, world: World) -> None:
    other = world.post("invoice", "/v1/entities", {"name": "Other Ltd", "country": "GB"})["id"]
    customer = world.customer()
    draft = world.post("invoice", "/v1/invoices", world.draft_body(customer))["id"]
    given_up = world.post("invoice", "/v1/invoices", world.draft_body(customer))["id"]
    world.post("invoice", f"/v1/invoices/{given_up}/cancel")
    issued = world.invoice(customer, issued_on=DAY)["id"]
    unapplied = world.payment(customer, "10.00", DAY, allocations=[])["id"]
    theirs = world.post(
        "invoice", "/v1/payments",
        {"entity_id": other, "amount": eur("10.00"), "received_on": DAY, "allocations": []},
    )["id"]  # fmt: skip
    limit = world.post(
        "risk",
        "/v1/limit-requests",
        {"customer_id": customer, "amount": eur("1.00"), "max_days_past_due": 5, "evidence": "Balance sheet"},
    )["id"]
    hold = {"until": "2026-05-31", "reason": "agreed"}
    world.post("dunning", f"/v1/customers/{customer}/holds", hold)
    template = {"document": "invoice", "prefix": "FAC-{year}-", "width": 6}
    writes: list[tuple[str, str, str, Any]] = [
        ("invoice", "PATCH", f"/v1/entities/{world.entity}", {}),
        ("invoice", "PUT", f"/v1/entities/{world.entity}/series/FAC", template),
        ("invoice", "PATCH", f"/v1/customers/{customer}", {}),
        ("invoice", "PATCH", f"/v1/invoices/{draft}", {}),
        ("invoice", "PATCH", f"/v1/invoices/{issued}", {}),
        ("invoice", "POST", f"/v1/invoices/{given_up}/cancel", None),
        ("invoice", "POST", f"/v1/invoices/{issued}/cancel", None),
        ("invoice", "POST", f"/v1/payments/{unapplied}/release", None),
        ("invoice", "POST", "/v1/invoices", world.draft_body(customer)),
        ("risk", "POST", f"/v1/limit-requests/{limit}/approve", {"amount": {"amount": "1", "currency": "USD"}}),
        ("risk", "POST", "/v1/limit-requests", {
            "customer_id": customer, "amount": eur("1.00"), "max_days_past_due": 5, "evidence": "Balance sheet",
            "valid_until": "2020-01-01",
        }),
        ("risk", "POST", "/v1/checks", {"customer_id": customer, "amount": eur("1.00")}),
        ("dunning", "POST", f"/v1/customers/{customer}/holds", hold),
    ]  # fmt: skip
    headers = _key(system, world, "--scope", "*", "--entity", other)
    for service, method, path, body in writes:
        for more in ({}, {"If-Match": '"99"'}):
            for dry_run in ("false", "true"):
                answer = world.client(service).request(
                    method, path, json=body, headers=headers | more, params={"dry_run": dry_run}
                )
                named = world.entity in path or "entity_id" in (body or {})
                assert answer.status_code == 404, (path, answer.text)
                assert not named or answer.json()["type"] == "/problems/entity-not-found"
                assert named or world.entity not in answer.text
    onto_ours = f"/v1/payments/{theirs}/allocations"
    share = {"allocations": [{"invoice_id": issued, "amount": eur("999.00")}]}
    assert world.client("invoice").post(onto_ours, json=share, headers=headers).status_code == 404
    batch = {"items": [world.draft_body(customer)]}
    judged = world.client("invoice").post("/v1/invoices:batch", json=batch, headers=headers).json()
    assert [result["status"] for result in judged["results"]] == [404]


@pytest.mark.parametrize("forged", ["x", 7, True])
def test_a_cursor_with_a_value_of_another_type_is_refused(world: World, forged: Any) -> None:
    customer = world.customer()
    for _ in range(2):
        world.invoice(customer, issued_on=DAY)
    client, asked = world.client("invoice"), {"customer_id": customer, "sort": "due_on", "limit": "1"}
    cursor = _get(world, "/v1/invoices", **asked)["next_cursor"]
    check, _, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    made = base64.urlsafe_b64encode(json.dumps([check, forged, key]).encode()).decode().rstrip("=")
    refused = client.get("/v1/invoices", params=asked | {"cursor": made})
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/malformed-cursor")


def test_customers_and_entities_are_shown_on_days_before_they_were_registered(world: World) -> None:
    """What was issued before a takeover is answered with the customer that it is of."""
    customer = world.customer(terms={"days": 30})
    world.send("invoice", f"/v1/customers/{customer}/notes", {"text": "called"})
    before = "2026-03-01"
    for kind, identifier, unmatched in (
        ("customers", customer, {"matched": None}),
        ("entities", world.entity, {}),
    ):
        alone = _get(world, f"/v1/{kind}/{identifier}", as_of=before)
        listed = _get(world, f"/v1/{kind}", as_of=before, limit=500)["data"]
        assert alone | unmatched in listed
        now = _get(world, f"/v1/{kind}/{identifier}")
        assert {name: alone[name] for name in ("name", "address", "version")} == {
            name: now[name] for name in ("name", "address", "version")
        }
        unknown = world.client("invoice").get(f"/v1/{kind}/{identifier}", params={"known_at": "0"})
        assert unknown.status_code == 404
    then = _get(world, f"/v1/customers/{customer}", as_of=before)
    assert (then["notes"], then["terms"], then["agreements"]) == ([], None, [])


def test_if_match_guards_a_change_and_a_dry_run_changes_nothing(world: World) -> None:
    client = world.client("invoice")
    draft = world.post("invoice", "/v1/invoices", world.draft_body(world.customer()))
    path = f"/v1/invoices/{draft['id']}"
    dry = client.post(f"{path}/issue", params={"dry_run": "true"}).json()
    assert [event["type"] for event in dry["events"]] == ["invoice.issued"]
    assert client.patch(path, json={"reference": "PO 1"}, headers={"If-Match": '"9"'}).status_code == 412
    amended = client.patch(path, json={"reference": "PO 1"}, headers={"If-Match": '"1"'})
    assert (amended.status_code, amended.headers["etag"], amended.json()["reference"]) == (200, '"2"', "PO 1")
    assert client.get(path, headers={"If-None-Match": '"2"'}).status_code == 304


def test_interest_of_the_worked_example_is_answered_by_segments(world: World) -> None:
    customer = world.customer(terms={"kind": "NET", "days": 30, "valid_from": "2025-01-01"})
    opened = world.client("invoice").patch(
        f"/v1/entities/{world.entity}", json={"closed_until": "2024-12-31"}
    )
    assert opened.json()["closed_until"] == "2024-12-31"
    series = f"/v1/entities/{world.entity}/series/HIS"
    assert world.client("invoice").put(series, json={"prefix": "HIS-{year}-"}).status_code == 200
    lines = [{"description": "Works", "quantity": "1", "unit_price": "10000.00", "vat_rate": "20"}]
    invoice = world.invoice(customer, series="HIS", issued_on="2025-03-01", lines=lines)
    assert invoice["due_on"] == "2025-03-31"
    found = _get(world, f"/v1/invoices/{invoice['id']}/interest", on="2025-07-15")
    segments = [(s["days"], s["rate"], s["interest"]["amount"]) for s in found["segments"]]
    assert segments == [(91, "13.15", "393.42"), (15, "12.15", "59.92")]
    assert (found["indemnity"], found["total"]) == (eur("40.00"), eur("493.34"))

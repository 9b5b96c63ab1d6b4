"""A file becomes events at their own dates, line by line, once: small files for every rule of the importer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from encours.testing.system import System
from tests.e2e.takeover import NDJSON, Takeover, ndjson

HEADER = "invoice_number,issued_on,due_on,amount,customer,disputed,settled_on\n"
YEAR: list[dict[str, Any]] = [
    {"kind": "entity", "name": "Maison Testu SARL", "country": "FR", "currency": "EUR"},
    {
        "kind": "customer", "external_ref": "C1", "name": "Garage Dupont", "registered_on": "2026-01-02",
        "terms": {"due_kind": "EOM_THEN_DAYS", "days": 15},
    },
    {"kind": "customer_roles", "customer": "C1", "payer": "C2", "valid_from": "2026-01-03"},
    {"kind": "invoice", "number": "F-1001", "customer": "C1", "issued_on": "2026-01-05", "amount": "100.00"},
    {
        "kind": "invoice", "number": "F-1002", "customer": "C1", "issued_on": "2026-01-06", "amount": "240.00",
        "net": "200.00", "due_on": "2026-01-31",
    },
    {
        "kind": "dispute", "reference": "D1", "invoice": "F-1002", "opened_on": "2026-01-08", "category": "quality",
        "amount": "60.00", "text": "Broken",
    },
    {"kind": "dispute_resolved", "reference": "D1", "on": "2026-01-10", "outcome": "credited"},
    {"kind": "credit_note", "number": "A-1", "invoice": "F-1002", "issued_on": "2026-01-10", "amount": "60.00"},
    {
        "kind": "payment", "reference": "P1", "customer": "C1", "received_on": "2026-01-12", "amount": "180.00",
        "remittance_text": "FACTURE F-1002",
    },
    {"kind": "payment", "reference": "P2", "customer": "C1", "received_on": "2026-01-13", "amount": "130.00"},
    {"kind": "payment_reversed", "reference": "P2", "on": "2026-01-15", "cause": "returned debit"},
    {"kind": "payment", "reference": "P3", "received_on": "2026-01-16", "amount": "7.00"},
]  # fmt: skip


def effective(takeover: Takeover, *families: str) -> list[tuple[str, str]]:
    """Type and business date of the events of some families."""
    return [(e["type"], e["effective_on"]) for e in takeover.events() if e["type"].split(".")[0] in families]


def test_events_of_a_sandbox_come_at_their_own_dates_each_day_opened_before_them(system: System) -> None:
    takeover = Takeover.into(system, "sandbox")
    taken = takeover.take(ndjson(YEAR), NDJSON)
    assert (taken["accepted"], taken["pending"], taken["rejected"]) == (12, 12, 0)
    assert takeover.clock()["today"] is None
    clock = takeover.advance("2026-01-31")
    assert (clock["today"], clock["events_waiting"]) == ("2026-01-31", 0)

    events = takeover.events()
    days = [e["effective_on"] for e in events if e["type"] == "calendar.day_opened"]
    first = date(2026, 1, 2)
    assert days == [(first + timedelta(n)).isoformat() for n in range(30)]
    opened = ""
    for event in events:
        opened = event["effective_on"] if event["type"] == "calendar.day_opened" else opened
        if event["type"].startswith(("invoice.", "payment.", "dispute.", "customer.")):
            assert event["effective_on"] == opened == event["recorded_at"][:10], event

    assert effective(takeover, "invoice", "payment", "dispute") == [
        ("invoice.issued", "2026-01-05"),
        ("invoice.issued", "2026-01-06"),
        ("dispute.opened", "2026-01-08"),
        ("invoice.share_disputed", "2026-01-08"),
        ("dispute.resolved", "2026-01-10"),
        ("invoice.share_undisputed", "2026-01-10"),
        ("invoice.credited", "2026-01-10"),
        ("payment.received", "2026-01-12"),
        ("payment.allocated", "2026-01-12"),
        ("invoice.payment_applied", "2026-01-12"),
        ("payment.received", "2026-01-13"),
        ("payment.allocated", "2026-01-13"),
        ("invoice.payment_applied", "2026-01-13"),
        ("payment.released", "2026-01-15"),
        ("payment.reversed", "2026-01-15"),
        ("invoice.payment_unapplied", "2026-01-15"),
        ("payment.received", "2026-01-16"),
    ]

    system.wait_caught_up(takeover.ledger)
    first_, second = sorted(takeover.invoices(), key=lambda invoice: str(invoice["number"]))
    assert (first_["due_on"], first_["outstanding"]["amount"]) == ("2026-02-15", "100.00")
    assert (second["due_on"], second["outstanding"]["amount"], second["vat"]["amount"]) == (
        "2026-01-31",
        "0.00",
        "40.00",
    )
    assert takeover.get("/v1/entities")["data"][0]["name"] == "Maison Testu SARL"
    owing, paying = (takeover.get("/v1/customers", external_ref=ref)["data"][0] for ref in ("C1", "C2"))
    assert (owing["roles"]["payer"], owing["roles"]["valid_from"]) == (paying["id"], "2026-01-03")
    assert owing["roles"]["billed"] == owing["id"]


def test_the_same_file_sent_twice_changes_nothing(system: System) -> None:
    takeover = Takeover.into(system, "sandbox")
    takeover.take(ndjson(YEAR), NDJSON)
    waiting = takeover.take(ndjson(YEAR), NDJSON)
    assert (waiting["duplicates"], waiting["accepted"], waiting["pending"]) == (12, 0, 0)
    takeover.advance("2026-01-31")
    before = takeover.events()[-1]["position"]
    again = takeover.take(ndjson(YEAR), NDJSON)
    assert (again["duplicates"], again["accepted"], again["rejected"]) == (12, 0, 0)
    takeover.advance("2026-01-31")
    assert takeover.events()[-1]["position"] == before


def test_a_repeated_request_is_one_import_and_another_body_under_its_key_is_refused(system: System) -> None:
    takeover, key = Takeover.into(system, "sandbox"), uuid4().hex
    body = (HEADER + "F1,2026-01-05,,10.00,C1,no,\n").encode()
    first, again = takeover.send(body, key=key), takeover.send(body, key=key)
    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = takeover.send(body + b"F2,2026-01-05,,10.00,C1,no,\n", key=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


@pytest.mark.parametrize("missing", ["payments:write", "invoices:write"])
def test_a_file_needs_the_scopes_of_all_that_it_may_hold(system: System, missing: str) -> None:
    takeover = Takeover.into(system, "sandbox")
    (held,) = {"invoices:write", "payments:write"} - {missing}
    made = system.json("keys", "create", "--scope", held, "--label", "test", "--ledger", takeover.ledger)
    takeover.http.headers["Authorization"] = f"Bearer {made['key']}"
    refused = takeover.send(ndjson(YEAR), NDJSON)
    assert (refused.status_code, refused.json().get("required")) == (403, missing)
    (needed,) = takeover.get("/openapi.json")["paths"]["/v1/imports"]["post"]["security"]
    assert needed == {"ApiKey": ["invoices:write", "payments:write"]}


def test_each_bad_line_has_its_own_verdict_and_costs_no_other(system: System) -> None:
    takeover = Takeover.into(system, "sandbox")
    body = HEADER.encode() + b"\n".join(
        [
            b"F1,2026-01-05,2026-02-04,10.00,C1,no,",
            b"F2,2026-01-05,,-10.00,C1,no,",
            b"F3,2026-01-05,,12345678901234567890.00,C1,no,",
            b"F4,05/01/2026,,10.00,C1,no,",
            b"F5,2026-01-05,,10.00",
            b'F6,2026-01-05,,10.00,"C1,no,',
            b"F7,2026-01-05,,10.00,C\xff,no,",
            b"F8,2026-01-05,,10.00,C\x00,no,",
            b"F1,2026-01-05,2026-02-04,10.00,C1,no,",
            b"F1,2026-01-05,2026-02-04,11.00,C1,no,",
            b"F9,2026-01-06,2026-02-05,22.200000000000003,C1,no,2026-01-20",
            b'F10,2026-01-05,,10.00,"C1,no,',
            b"F1,2026-01-05,2026-02-04,10.00,C1,no,",
            b'F11,2026-01-05,,10.00,C1,no,"',
        ]
    )
    taken = takeover.take(body, encoding="utf-8", group="none")
    assert takeover.verdicts(taken["id"]) == [
        (2, "accepted", None, None),
        (3, "rejected", "amount-not-positive", "amount"),
        (4, "rejected", "amount-too-large", "amount"),
        (5, "rejected", "invalid-date", "issued_on"),
        (6, "rejected", "wrong-column-count", None),
        (7, "rejected", "unclosed-quote", None),
        (8, "rejected", "bad-encoding", None),
        (9, "rejected", "nul-byte", None),
        (10, "duplicate", None, None),
        (11, "rejected", "known-differently", None),
        (12, "accepted", "rounded-noise", None),
        (13, "rejected", "unclosed-quote", None),
        (14, "duplicate", None, None),
        (15, "rejected", "unclosed-quote", None),
    ]
    rejected = takeover.get(f"/v1/imports/{taken['id']}/lines", verdict="rejected")
    assert all(line["detail"] for line in rejected["data"])
    takeover.advance("2026-01-31")
    system.wait_caught_up(takeover.ledger)
    assert sorted((i["number"], i["outstanding"]["amount"]) for i in takeover.invoices()) == [
        ("F1", "10.00"),
        ("F9", "0.00"),
    ]


def test_what_a_rule_refuses_becomes_a_rejected_line_and_can_be_sent_again(system: System) -> None:
    takeover = Takeover.into(system, "sandbox")
    credit = {
        "kind": "credit_note",
        "number": "A1",
        "invoice": "F1",
        "issued_on": "2026-01-06",
        "amount": "5.00",
    }
    taken = takeover.take(ndjson([credit]), NDJSON)
    takeover.advance("2026-01-06")
    assert takeover.verdicts(taken["id"]) == [(1, "rejected", "invoice-not-found", None)]
    invoice = {
        "kind": "invoice",
        "number": "F1",
        "customer": "C1",
        "issued_on": "2026-01-05",
        "amount": "50.00",
    }
    both = takeover.take(ndjson([invoice, credit]), NDJSON)
    assert (both["accepted"], both["rejected"], both["pending"]) == (2, 0, 0)
    system.wait_caught_up(takeover.ledger)
    assert [i["outstanding"]["amount"] for i in takeover.invoices()] == ["45.00"]


def test_into_a_live_ledger_events_are_recorded_now_with_their_business_dates(system: System) -> None:
    takeover = Takeover.into(system, "live")
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    lines = [
        "F1,2020-01-05,2020-02-04,10.00,C1,no,2020-02-10",
        "F2,2020-01-05,2020-02-04,30.00,C1,yes,",
        f"F3,{tomorrow},,30.00,C1,no,",
    ]
    taken = takeover.take((HEADER + "\n".join(lines)).encode())
    assert (taken["accepted"], taken["pending"]) == (2, 0)
    assert takeover.verdicts(taken["id"])[-1] == (4, "rejected", "date-in-future", None)
    facts = [e for e in takeover.events() if e["type"].startswith(("invoice.", "payment.", "dispute."))]
    assert {e["effective_on"] for e in facts} == {"2020-01-05", "2020-02-10"}
    assert all(e["recorded_at"][:4] == str(datetime.now(UTC).year) for e in facts)
    assert not [e for e in takeover.events() if e["type"].startswith("reminder.requested")]
    system.wait_caught_up(takeover.ledger)
    assert [i["number"] for i in takeover.invoices(as_of="2020-02-11", status="paid")] == ["F1"]
    (owed,) = (i for i in takeover.invoices() if i["number"] == "F2")
    amount = {"amount": "30.00", "currency": "EUR"}
    advice = {
        "customer_id": owed["customer_id"], "total": amount, "items": [{"number": "F2", "amount": amount}],
        "entity_id": owed["entity_id"],
    }  # fmt: skip
    keyed = {"Idempotency-Key": uuid4().hex}
    announced = takeover.http.post("/v1/remittance-advices", json=advice, headers=keyed).json()["id"]
    paid = {
        "kind": "payment",
        "reference": "P9",
        "customer": "C1",
        "received_on": "2020-03-01",
        "amount": "30.00",
    }
    assert takeover.take(ndjson([paid]), NDJSON)["accepted"] == 1
    assert takeover.get(f"/v1/remittance-advices/{announced}")["status"] == "joined"
    columns = (
        "invoice_number,issued_on,amount,customer,instalment_1_due_on,instalment_1_amount,customer_payer"
    )
    file = f"{columns}\nF4,2020-01-05,12.00,C1,2020-02-05,12.00,C9\n".encode()
    assert takeover.take(file)["accepted"] == 1


GOOD = (HEADER + "F1,2026-01-05,,10.00,C1,no,\n").encode()


@pytest.mark.parametrize(
    ("body", "media_type", "query", "status", "problem"),
    [
        (b"", "text/csv", {}, 422, "empty-file"),
        (b"a,b\n1,2\n", "text/csv", {}, 422, "invalid-column-map"),
        (b'"a,b\n', "text/csv", {}, 422, "invalid-header"),
        (b"\xff\xfe\x00", "text/csv", {}, 422, "unclear-format"),
        (GOOD.replace(b"10.00", b"1.000"), "text/csv", {}, 422, "unclear-format"),
        (GOOD, "text/csv", {"delimiter": "semicolon"}, 422, "unclear-format"),
        (GOOD, "text/csv", {"date_format": "%d%d/%m/%Y"}, 422, "invalid-request"),
        (b"{}", NDJSON, {"encoding": "utf-8"}, 422, "invalid-request"),
        (GOOD, "text/csv", {"map": "colour=amount"}, 422, "invalid-column-map"),
        (GOOD, "text/csv", {"map": "amount=Betrag"}, 422, "invalid-column-map"),
        (GOOD, "text/csv", {"currency": "XYZ"}, 422, "unknown-currency"),
        (GOOD, "text/csv", {"date_format": "%d.%m"}, 422, "invalid-request"),
        (GOOD, "text/csv", {"date_format": "%"}, 422, "invalid-request"),
        (GOOD, "text/csv", {"entity_id": "ent_" + "0" * 32}, 404, "entity-not-found"),
        (GOOD, "text/csv", {"entity_id": "nobody"}, 422, "invalid-request"),
        (GOOD, "text/csv", {"file_name": "a\x07b"}, 422, "invalid-request"),
        (GOOD, "text/csv", {"colour": "red"}, 400, "unknown-parameter"),
        (GOOD, "application/pdf", {}, 415, "unsupported-media-type"),
        (GOOD, "application/json", {}, 415, "unsupported-media-type"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_taken_at_all_is_a_problem_that_says_why(
    system: System,
    shared: Takeover,
    body: bytes,
    media_type: str,
    query: dict[str, str],
    status: int,
    problem: str,
) -> None:
    answer = shared.send(body, media_type, **query)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}"), answer.text
    assert answer.json()["detail"]


@pytest.fixture(scope="module")
def shared(system: System) -> Takeover:
    return Takeover.into(system, "sandbox")


def test_an_import_of_another_ledger_is_not_found(system: System, shared: Takeover) -> None:
    assert shared.http.get(f"/v1/imports/imp_{'0' * 32}").status_code == 404
    assert shared.http.get("/v1/imports/nonsense").status_code in {404, 422}


def test_imports_are_listed_the_newest_first_to_who_may_see_their_entity(system: System) -> None:
    takeover = Takeover.into(system, "live")
    first = takeover.take(ndjson(YEAR[:1]), NDJSON, file_name="creditor.ndjson")
    second = takeover.take((HEADER + "F1,2026-01-05,,100.00,C1,no,\n").encode(), file_name="invoices.csv")
    other = takeover.http.post("/v1/entities", json={"name": "Other Ltd", "country": "GB"}).json()["id"]
    third = takeover.take(ndjson(YEAR[1:2]), NDJSON, entity_id=other)

    listed = takeover.get("/v1/imports")
    assert [found["id"] for found in listed["data"]] == [third["id"], second["id"], first["id"]]
    assert listed["data"][1] == {name: second[name] for name in listed["data"][1]}
    assert listed["next_cursor"] is None
    page = takeover.get("/v1/imports", limit=2)
    rest = takeover.get("/v1/imports", limit=2, cursor=page["next_cursor"])
    assert page["data"] + rest["data"] == listed["data"]
    assert rest["next_cursor"] is None
    assert takeover.get("/v1/imports", sort="received_at")["data"] == listed["data"][::-1]
    assert takeover.get("/v1/imports", entity_id=other)["data"] == listed["data"][:1]
    assert takeover.get("/v1/imports", state="failed")["data"] == []
    assert Takeover.into(system, "sandbox").get("/v1/imports")["data"] == []

    scope = ("--label", "one", "--ledger", takeover.ledger, "--scope", "invoices:read", "--entity", other)
    key = system.json("keys", "create", *scope)["key"]
    seen = takeover.http.get("/v1/imports", headers={"Authorization": f"Bearer {key}"})
    assert [found["id"] for found in seen.json()["data"]] == [third["id"]]


def test_a_clock_never_goes_back_and_a_live_one_is_not_set(system: System) -> None:
    takeover = Takeover.into(system, "sandbox")
    takeover.advance("2026-02-01")
    path = f"/v1/ledgers/{takeover.ledger}/clock"
    back = takeover.http.post(path, json={"to": "2026-01-31"})
    assert (back.status_code, back.json()["type"]) == (422, "/problems/clock-going-back")
    assert takeover.advance("2026-02-01")["today"] == "2026-02-01"
    live = takeover.http.post("/v1/ledgers/main/clock", json={"to": "2026-02-01"})
    assert (live.status_code, live.json()["type"]) == (409, "/problems/not-a-sandbox")
    assert takeover.http.post("/v1/ledgers/nowhere/clock", json={"to": "2026-02-01"}).status_code == 404
    assert takeover.http.post(path, json={"to": "2026-02-30"}).status_code == 422

"""Bank statements over HTTP: imported once whoever sends them and how often, listed as of any date."""

from __future__ import annotations

import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx

from encours.testing.bank_files import IBAN, Booked, camt, cfonb120, damaged, mt940, ofx
from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.world import World, eur

DAY, NEXT, THIRD = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)
A, B = Booked(12_000, DAY, "VIR DUPONT", "R1", "Dupont"), Booked(-500, NEXT, "Frais", "R2")
CSV = "Date;Libellé;Montant\n03/06/2026;VIR SANS REFERENCE;1 250,00\n".encode()
VIRTUAL = "FR7630006000019000000000187"
COLUMNS = {"booked_on": "Date", "amount": "Montant", "text": ["Libellé"]}


def upload(world: World, data: bytes, media_type: str = "application/xml", **headers: str) -> httpx.Response:
    return world.send(
        "invoice", "/v1/bank-statements", data, headers={"Content-Type": media_type, **headers},
        params={"entity_id": world.entity, "file_name": "june.xml"},
    )  # fmt: skip


def import_of(world: World, line: dict[str, Any], end: str) -> httpx.Response:
    """Send a file of one line; ``end`` makes each file one of its own."""
    return world.send(
        "invoice", "/v1/imports", (json.dumps(line) + end).encode(),
        headers={"Content-Type": "application/x-ndjson"}, params={"entity_id": world.entity},
    )  # fmt: skip


def ended(world: World, import_id: str) -> str:
    return str(world.get("invoice", f"/v1/imports/{import_id}")["state"])


def listed(world: World, path: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get(
        "dunning" if path == "/v1/reminders" else "invoice", path, **parameters
    )["data"]
    return found


def test_a_bank_file_is_imported_once_and_listed_as_of_any_day(system: System) -> None:
    world = World.make(system, day="2026-06-10")
    assert upload(world, camt([A, B])).json()["type"] == "/problems/bank-account-unknown"
    world.client("invoice").patch(f"/v1/entities/{world.entity}", json={"iban": IBAN})

    with ThreadPoolExecutor(8) as racers:
        answers = list(racers.map(lambda _: upload(world, camt([A, B])), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["new_lines"] for answer in answers) == [0] * 7 + [2]
    (statement,) = {answer.json()["statements"][0]["id"] for answer in answers}
    shown = world.get("invoice", f"/v1/bank-statements/{statement}")
    assert (shown["closing"]["amount"]["amount"], shown["file"]["name"]) == ("115.00", "june.xml")
    assert [x["id"] for x in listed(world, "/v1/bank-statements", iban=IBAN)] == [statement]

    lines = listed(world, "/v1/bank-lines", status="unmatched", sort="-booked_on")
    assert [(x["amount"]["amount"], x["text"]) for x in lines] == [
        ("-5.00", "Frais"),
        ("120.00", "VIR DUPONT"),
    ]
    assert [x["direction"] for x in listed(world, "/v1/bank-lines", direction="in")] == ["in"]
    assert len(listed(world, "/v1/bank-lines", as_of="2026-06-01", statement_id=statement)) == 1
    assert listed(world, "/v1/bank-lines", as_of="2026-05-31") == []
    assert world.get("invoice", f"/v1/bank-lines/{lines[1]['id']}")["party"]["name"] == "Dupont"

    keyed = {"Idempotency-Key": f"{world.ledger}-1"}
    first, again = (
        upload(world, camt([A, B, Booked(1, NEXT, "C", "R3")], sequence=2), **keyed) for _ in "12"
    )
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    assert (first.json()["new_lines"], first.json()["known_lines"]) == (1, 2)
    assert upload(world, camt([A]), **keyed).status_code == 422

    refused = upload(world, mt940([A], 0, closing_minor=1), "text/plain")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bank-statement-unbalanced")
    assert upload(world, camt([A], prolog="<!DOCTYPE a>")).json()["type"] == "/problems/xml-with-declarations"
    assert upload(world, CSV, "text/csv").json()["type"] == "/problems/csv-map-missing"
    world.put(f"/v1/entities/{world.entity}/bank-accounts/{IBAN}/csv-map", COLUMNS)
    assert [upload(world, CSV, "text/csv").json()["new_lines"] for _ in "12"] == [1, 0]
    assert len(listed(world, "/v1/bank-lines", known_at=str(world.position))) == 4


def status_of(world: World, text: str) -> str:
    """Status of the line with the text; one that a file of the folder brought may not be listed yet."""
    found = (str(x["status"]) for x in listed(world, "/v1/bank-lines") if x["text"] == text)
    return next(found, "not listed")


def twins_of(world: World) -> list[str]:
    return sorted(status_of(world, f"twin {n}") for n in range(3))


def test_a_line_becomes_one_payment_whoever_brings_it_and_a_dropped_file_is_imported(system: System) -> None:
    world = World.make(system, day="2026-06-01")
    world.client("invoice").patch(f"/v1/entities/{world.entity}", json={"iban": IBAN})
    customer = world.customer(name="Dupont SARL", external_ref="C1")
    number, other = (world.invoice(customer, "100.00", issued_on="2026-06-01")["number"] for _ in "12")
    world.advance("2026-06-10")

    received = {
        "entity_id": world.entity, "received_on": str(DAY), "amount": {"amount": "120.00", "currency": "EUR"},
        "external_ref": "R1", "remittance_text": number,
    }  # fmt: skip
    advice = {
        "entity_id": world.entity, "customer_id": customer, "reference": "R1", "total": received["amount"],
        "items": [{"number": number, "amount": received["amount"]}],
    }  # fmt: skip
    line = {
        "kind": "payment",
        "reference": "R1",
        "customer": "C1",
        "received_on": str(DAY),
        "amount": "120.00",
    }
    file = camt([Booked(12_000, DAY, number, "R1", "Dupont")])
    with ThreadPoolExecutor(32) as racers:
        sent = [racers.submit(upload, world, file) for _ in range(8)]
        sent += [racers.submit(world.send, "invoice", "/v1/payments", received) for _ in range(40)]
        sent += [racers.submit(world.send, "invoice", "/v1/remittance-advices", advice) for _ in range(8)]
        taken = [racers.submit(import_of, world, line, f"{' ' * n}\n") for n in range(8)]
        assert {each.result().status_code for each in sent} == {201}
        assert {each.result().status_code for each in taken} == {202}
    imports = [each.result().json()["id"] for each in taken]
    wait_until(lambda: {ended(world, each) for each in imports} == {"completed"}, "an import does not end")
    verdicts = [v for each in imports for v in world.get("invoice", f"/v1/imports/{each}/lines")["data"]]
    assert {v["code"] for v in verdicts} <= {None, "payment-exists"}, "a line that came too late says so"
    wait_until(lambda: status_of(world, number) == "booked", "the line is not booked")
    (payment,) = listed(world, "/v1/payments")
    assert (payment["unapplied"]["amount"], payment["external_ref"]) == ("0.00", "R1")
    (announced,) = listed(world, "/v1/remittance-advices", customer_id=customer)
    assert (announced["status"], announced["payment_id"]) == ("joined", payment["id"])
    assert listed(world, "/v1/remittance-advices", as_of="2026-05-31") == []
    assert listed(world, "/v1/remittance-advices", status="announced") == []

    paid = {"amount": {"amount": "3.00", "currency": "EUR"}, "external_ref": "E9", "remittance_text": None}
    world.post("invoice", "/v1/payments", received | paid)
    twins = [Booked(300, DAY, f"twin {n}", f"T{n}", "Martin", end_to_end="E9") for n in range(3)]
    upload(world, camt(twins, 12_000, sequence=2))

    inbox = system.layout.root / "bank-inbox" / world.ledger / world.entity
    inbox.mkdir(parents=True)
    two = mt940([Booked(12_000, NEXT, other, "R2"), Booked(700, NEXT, "VIR", "R3")], 12_900)
    for name, data in (("two.txt", two), ("bad.txt", mt940([A], closing_minor=1))):
        (inbox / f".{name}").write_bytes(data)
        os.utime(inbox / f".{name}", (0, 0))  # it lies there unchanged for long
        (inbox / f".{name}").rename(inbox / name)
    wait_until(lambda: (inbox / "imported/two.txt").exists(), "the file is not taken")
    wait_until(lambda: (inbox / "refused/bad.txt").exists(), "the file is not refused")
    assert b"bank-statement-unbalanced" in (inbox / "refused/bad.txt.problem.json").read_bytes()
    wait_until(lambda: status_of(world, other) == "proposed", "the line without a payer is not proposed")

    wait_until(lambda: "booked" in twins_of(world), "no twin is booked as the payment")
    assert twins_of(world) == ["booked", "unmatched", "unmatched"]
    (line,) = listed(world, "/v1/bank-lines", status="proposed")
    path = f"/v1/bank-lines/{line['id']}"
    (proposal,) = world.get("invoice", f"{path}/proposals")["proposals"]
    assert ([x["invoice_number"] for x in proposal["shares"]], proposal["score"]) == ([other], 75)
    told = world.get("reporting", f"/v1/customers/{customer}/timeline", sort="-position", limit=100)["data"]
    assert "bank_line.proposed" in {each["type"] for each in told}
    booked = world.post("invoice", f"{path}/match", {"proposal": 1})
    assert (booked["status"], booked["note"]) == ("booked", None)
    assert world.get("invoice", f"/v1/payments/{booked['payment_id']}")["unapplied"]["amount"] == "0.00"
    assert world.post("invoice", f"{path}/undo", {"reason": "of another"})["status"] == "unmatched"
    assert world.get("invoice", f"/v1/payments/{booked['payment_id']}")["status"] == "reversed"
    assert world.post("invoice", f"{path}/ignore", {"reason": "own transfer"})["ignored"] == "own transfer"
    assert listed(world, "/v1/bank-lines", status="ignored", as_of=str(NEXT))[0]["id"] == line["id"]
    assert "VIR" in {x["text"] for x in listed(world, "/v1/bank-lines", status="unmatched")}

    first, second = (world.invoice(customer, "100.00", issued_on="2026-06-10")["number"] for _ in "12")
    to_come = f"{second[:-6]}{int(second[-6:]) + 1:06d}"
    both, early = f"FACTURES {first} ET {int(second[-6:])}", f"VIR {to_come}"
    day = date(2026, 6, 10)
    upload(
        world,
        camt(
            [Booked(24_000, day, both, "R5", "DUPONT"), Booked(12_000, day, early, "R6", "DUPONT")],
            25_600,
            sequence=4,
        ),
    )
    wait_until(lambda: status_of(world, both) == "booked", "the line of two invoices is not booked")
    assert status_of(world, early) in ("unmatched", "proposed")
    assert world.invoice(customer, "100.00", issued_on="2026-06-10")["number"] == to_come
    wait_until(lambda: status_of(world, early) == "booked", "the line is not judged again")
    (line,) = (x for x in listed(world, "/v1/bank-lines", status="booked") if x["text"] == both)
    wrong = {"reason": "on account", "customer_id": customer, "allocations": []}
    corrected = world.post("invoice", f"/v1/bank-lines/{line['id']}/correct", wrong)
    payment = world.get("invoice", f"/v1/payments/{corrected['payment_id']}")
    assert (corrected["status"], payment["unapplied"]["amount"]) == ("booked", "240.00")

    a_virtual_iban_names_the_payer(world, customer)
    a_credit_that_the_payer_takes_off_is_used(world, customer, corrected["payment_id"])
    a_refused_booking_leaves_the_invoice_to_the_next_line(world, customer)


def a_virtual_iban_names_the_payer(world: World, customer: str) -> None:
    """A line of an unknown payer waits until the account that it was sent to is assigned to a customer."""
    world.invoice(customer, "50.00", issued_on="2026-06-10")
    sent = Booked(6_000, THIRD, "ABC", "V1", "Mandataire", credited=VIRTUAL)
    assert upload(world, camt([sent], 13_600, sequence=5)).status_code == 201
    path = f"/v1/customers/{customer}/virtual-ibans"
    held = world.put(f"{path}/{VIRTUAL}", {"valid_from": "2026-06-01"})
    assert (held["customer_id"], len(held["assignments"])) == (customer, 1)
    wait_until(lambda: status_of(world, "ABC") == "booked", "the line of the virtual IBAN is not booked")
    (line,) = (x for x in listed(world, "/v1/bank-lines", status="booked") if x["text"] == "ABC")
    assert "virtual_iban" in {reason["rule"] for reason in line["reasons"]}
    assert [x["iban"] for x in world.get("invoice", path)["data"]] == [VIRTUAL]


def a_credit_that_the_payer_takes_off_is_used(world: World, customer: str, credit: str) -> None:
    number = world.invoice(customer, "400.00", issued_on="2026-06-10")["number"]
    file = camt([Booked(24_000, date(2026, 6, 10), f"VIR {number}", "N1", "Dupont")], 19_600, sequence=7)
    assert upload(world, file).status_code == 201
    wait_until(lambda: statuses(world, number) == ["booked"], "the line with a credit is not booked")
    assert world.get("invoice", f"/v1/payments/{credit}")["unapplied"]["amount"] == "0.00"


def a_refused_booking_leaves_the_invoice_to_the_next_line(world: World, customer: str) -> None:
    """The tolerance is larger than the share of the invoice that it may close, which the invoice alone tells."""
    number = world.invoice(customer, "200.00", issued_on="2026-06-10")["number"]
    tolerance = {"reason": "cent", "cap": eur("3.00"), "share_bps": 10, "valid_from": "2026-06-01"}
    world.put("/v1/tolerances/CENT", {"entity_id": world.entity} | tolerance)
    short, whole = (
        Booked(minor, THIRD, f"VIR {number}", reference, "Dupont")
        for minor, reference in ((23_750, "S1"), (24_000, "S2"))
    )
    assert upload(world, camt([short, whole], 19_600, sequence=6)).status_code == 201
    wait_until(lambda: "booked" in statuses(world, number), "the whole payment is not booked")
    assert sorted(statuses(world, number)) == ["booked", "proposed"]


def statuses(world: World, text: str) -> list[str]:
    return [x["status"] for x in listed(world, "/v1/bank-lines") if text in (x["text"] or "")]


def test_damaged_files_are_taken_whole_or_refused(system: System) -> None:
    """No fault of the server, and nothing recorded of a file that is refused. DEEP=1 sends 2,000 bank files."""
    world = World.make(system)
    world.client("invoice").patch(f"/v1/entities/{world.entity}", json={"iban": IBAN})
    chance, rounds = random.Random(20260601), 500 if os.environ.get("DEEP") else 20
    lines = [A, B, Booked(5, NEXT, "x", "R3")]
    files = [
        damaged(make(lines, 5_000), chance) for make in (camt, mt940, cfonb120, ofx) for _ in range(rounds)
    ]
    answers = [upload(world, data) for data in files]
    assert {each.status_code for each in answers} <= {201, 409, 422}
    new = sum(each.json()["new_lines"] for each in answers if each.status_code == 201)
    assert len({each["id"] for each in paged(world, "/v1/bank-lines")}) == new > 0

    owner = {"entity_id": world.entity, "customer_id": world.customer()}
    item = {"number": "FAC-1", "amount": {"amount": "1.00", "currency": "EUR"}}
    body = json.dumps(owner | {"total": item["amount"], "items": [item], "reference": "T-1"}).encode()
    paid = "<RfrdDocAmt><RmtdAmt Ccy='EUR'>1.00</RmtdAmt></RfrdDocAmt>"
    strd = f"<Strd><RfrdDocInf><Nb>FAC-1</Nb></RfrdDocInf>{paid}</Strd>"
    whole = {
        "application/json": body,
        "text/csv": b"number,amount,deduction\nFAC-1,1.00,0.50\nFAC-2,2.00,\n",
        "text/plain": b"Facture 1  1,00 EUR\nFacture 2  2,00\nTotal 3,00\n",
        "message/rfc822": b"Subject: x\nContent-Type: text/plain\n\nFacture 1  1,00 EUR\nTotal 1,00\n",
        "application/xml": f"<Document><TxDtls><RmtInf>{strd}</RmtInf></TxDtls></Document>".encode(),
    }
    taken = set()
    for media, data in whole.items():
        sent = [
            advise(world, media, each, owner)
            for each in (data, *(damaged(data, chance) for _ in range(rounds // 3)))
        ]
        assert sent[0].status_code == 201, sent[0].text
        assert {each.status_code for each in sent} <= {201, 400, 404, 409, 415, 422}, media
        taken |= {each.json()["id"] for each in sent if each.status_code == 201}
    assert {each["id"] for each in paged(world, "/v1/remittance-advices")} == taken


def advise(world: World, media: str, data: bytes, owner: dict[str, str]) -> httpx.Response:
    parameters = {} if media == "application/json" else owner
    headers = {"Content-Type": media}
    return world.send("invoice", "/v1/remittance-advices", data, headers=headers, params=parameters)


def paged(world: World, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = world.get("invoice", path, limit=200)
    while True:
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        page = world.get("invoice", path, limit=200, cursor=page["next_cursor"])


def test_a_debit_that_is_returned_after_the_reminder_owes_again_from_its_due_date(system: System) -> None:
    world = World.make(system, day="2026-06-03")
    world.client("invoice").patch(f"/v1/entities/{world.entity}", json={"iban": IBAN})
    customer = world.customer()
    invoice = world.invoice(customer, issued_on="2026-05-01")
    assert invoice["due_on"] == "2026-05-31"
    world.advance("2026-06-05")
    wait_until(lambda: steps_of(world, customer) == ["J+3"], "the first step is not sent")
    paid = Booked(12_000, date(2026, 6, 5), invoice["number"], "R1", "Garage Dupont", end_to_end="E1")
    upload(world, camt([paid]))
    wait_until(lambda: status_of(world, invoice["number"]) == "booked", "the debit is not booked")
    world.advance("2026-06-08")
    back = Booked(-12_000, date(2026, 6, 8), "REJET", "R2", end_to_end="E1", returned="MD06")
    with ThreadPoolExecutor(4) as racers:
        list(racers.map(lambda _: upload(world, camt([back], 12_000, sequence=2)), range(4)))
    before = world.position
    wait_until(lambda: status_of(world, "REJET") == "booked", "the return is not booked")

    (payment,) = listed(world, "/v1/payments", consequence="debtor_claim", reversal_kind="returned_debit")
    assert listed(world, "/v1/payments", return_code="AM04") == []
    (reversal,) = payment["reversals"]
    assert (payment["status"], reversal["on"], reversal["in_time"]) == ("reversed", "2026-06-08", True)
    interest = world.get("invoice", f"/v1/invoices/{invoice['id']}/interest", on="2026-06-08")
    assert (interest["segments"][0]["days"], interest["total"]["amount"]) == (8, "40.32")

    def aged(**dates: str) -> str:
        found: str = world.get("reporting", "/v1/aged-balance", **dates)["totals"]["bands"]["1-30"]["amount"]
        return found

    assert [aged(as_of=f"2026-06-{n}") for n in ("04", "07", "08")] == ["120.00", "0.00", "120.00"]
    assert aged(as_of="2026-06-08", known_at=str(before)) == "0.00"
    dates = {"from": "2026-06-05", "to": "2026-06-08"}
    statement = world.get("invoice", f"/v1/customers/{customer}/statement", **dates)
    assert [entry["kind"] for entry in statement["data"]] == ["payment", "payment_reversed"]
    (account,) = statement["accounts"]
    assert (account["opening"], account["closing"], account["equal"]) == (
        {"amount": "120.00", "currency": "EUR"},
        {"amount": "120.00", "currency": "EUR"},
        True,
    )
    world.advance("2026-06-16")
    (task,) = world.get("dunning", "/v1/tasks")["data"]
    assert (task["step"], task["kind"], task["amount"]["amount"]) == ("J+15", "call", "120.00")
    assert steps_of(world, customer) == ["J+3"]


def steps_of(world: World, customer: str) -> list[str]:
    """Steps of the reminders of a customer that were sent, the first first."""
    found = world.get("dunning", "/v1/reminders", customer_id=customer)["data"]
    return sorted((x["step"] for x in found if x["status"] == "sent"), key=lambda step: int(step[2:]))

"""Two records of one debtor, merged at a date: no earlier answer changes, and later ones are those of the survivor."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from encours.contracts import decode
from encours.contracts.books import movements
from encours.contracts.parties import Merging, Survivors, merge_of
from encours.contracts.recorded import Recorded
from encours.testing.system import System
from tests.e2e.world import LIMIT_FORMULA, World, eur

FIRST, MERGED_ON, LAST = date(2026, 1, 5), date(2026, 2, 2), date(2026, 2, 16)
SERVICES = ("invoice", "dunning", "risk", "reporting")
Asked = tuple[str, str, tuple[tuple[str, str], ...]]
"""Service, path and parameters."""


def history(world: World, seed: int) -> dict[str, list[str]]:
    """A month of random business with five customers; ids by prefix."""
    r = random.Random(seed)
    ids: dict[str, list[str]] = {"cus": [], "inv": [], "pay": []}
    for name in ("Garage Dupont", "GARAGE DUPONT", "Boulangerie Martin", "Holding Dupont", "Menuiserie Roux"):
        ids["cus"].append(world.customer(name=name, segment="garages"))
    double, survivor, _, head, payer = ids["cus"]
    formula = world.client("risk").put(f"/v1/entities/{world.entity}/limit-formula", json=LIMIT_FORMULA)
    assert formula.status_code == 200, formula.text
    world.put(f"/v1/customers/{survivor}/roles", {"group": head, "payer": payer})
    world.put(f"/v1/customers/{double}/roles", {"payer": head})
    for customer, limit in ((survivor, "900.00"), (head, "5000.00")):
        request = world.post(
            "risk", "/v1/limit-requests",
            {"customer_id": customer, "amount": eur(limit), "max_days_past_due": 30, "evidence": "file"},
        )  # fmt: skip
        world.post("risk", f"/v1/limit-requests/{request['id']}/approve", {})
    for week in range(4):
        today = FIRST + timedelta(days=7 * week)
        world.advance(today.isoformat())
        for customer in ids["cus"]:
            terms = {"days": r.choice((7, 14, 30))}
            invoice = world.invoice(customer, f"{r.randint(40, 900)}.50", issued_on=str(today), terms=terms)
            ids["inv"].append(invoice["id"])
            act = r.random()
            if act < 0.4:
                paid = world.payment(customer, f"{r.randint(20, 600)}.10", str(today), remittance_text="A")
                ids["pay"].append(paid["id"])
            elif act < 0.6:
                body = {"category": "quality", "amount": eur("12.00"), "text": "scratched"}
                world.post("invoice", f"/v1/invoices/{invoice['id']}/disputes", body)
            elif act < 0.8:
                world.post("invoice", "/v1/invoices", world.draft_body(customer, "33.00"))
    world.post("dunning", f"/v1/customers/{double}/holds", {"until": "2026-02-06", "reason": "promised"})
    world.advance(LAST.isoformat())
    return ids


def questions(world: World, ids: dict[str, list[str]]) -> Iterator[Asked]:
    """Every GET of business data that the services' documents list: with ids in the path, and by each customer."""
    reminders = world.get("dunning", "/v1/reminders")["data"]
    known = {"cus": ids["cus"][:2], "inv": ids["inv"][:1], "pay": ids["pay"][:1], "ent": [world.entity]}
    known |= {"rem": [reminders[0]["id"]], "dec": [reminders[0]["decision_id"]]}
    for service in SERVICES:
        document = world.client(service).get("/openapi.json").json()
        for path, methods in document["paths"].items():
            names = {each["name"]: each for each in methods.get("get", {}).get("parameters", ())}
            if "as_of" not in names:
                continue
            inside = [each for each in names.values() if each["in"] == "path"]
            paths = [path]
            for each in inside:
                prefix = each["schema"].get("pattern", "^???").removeprefix("^")[:3]
                paths = [p.replace(f"{{{each['name']}}}", i) for p in paths for i in known.get(prefix, ())]
            for found in paths:
                yield service, found, ()
                if "customer_id" in names and not inside:
                    for customer in known["cus"]:
                        yield service, found, (("customer_id", customer),)
            if path == "/v1/invoices":
                yield service, path, (("payer_id", known["cus"][0]),)
                yield service, path, (("q", "dupont"),)


def digests(world: World, asked: list[Asked], times: list[dict[str, str]]) -> dict[tuple[Any, ...], str]:
    """The hash of each answer at each pair of dates, without the position that it was read at."""

    def ask(question: tuple[Asked, dict[str, str]]) -> tuple[tuple[Any, ...], str]:
        (service, path, parameters), at = question
        answer = world.client(service).get(path, params=dict(parameters) | at)
        assert answer.status_code in (200, 404, 422), (path, answer.text)
        digest = hashlib.sha256(_comparable(answer)).hexdigest()
        return (service, path, parameters, *at.items()), f"{answer.status_code} {digest}"

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(ask, [(question, at) for at in times for question in asked]))


def _comparable(answer: httpx.Response) -> bytes:
    """Content of an answer without what depends on the moment of the question; of a ZIP all but its index as HTML."""
    if "zip" in answer.headers["content-type"]:
        packed = zipfile.ZipFile(io.BytesIO(answer.content))
        files = {name: packed.read(name) for name in packed.namelist() if name != "index.html"}
        documents = {name: json.loads(files.pop(name)) for name in list(files) if name.endswith(".json")}
        content = documents | {name: text.decode() for name, text in files.items()}
    else:
        content = answer.json()
    return json.dumps(
        _without(content, {"position", "seen_position", "version", "request_id", "instance"}), sort_keys=True
    ).encode()


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(each, names) for name, each in value.items() if name not in names}
    return [_without(each, names) for each in value] if isinstance(value, list) else value


def test_a_merge_changes_no_earlier_answer_and_every_later_one(system: System) -> None:
    world = World.make(system, day=FIRST.isoformat())
    ids = history(world, seed=15)
    double, survivor, other, *_ = ids["cus"]
    before, eve, middle = world.position, str(MERGED_ON - timedelta(days=1)), world.position // 2
    asked = list(questions(world, ids))
    assert len(asked) > 60
    earlier = [
        {"as_of": eve},
        {"as_of": str(LAST), "known_at": str(before)},
        {"as_of": str(MERGED_ON), "known_at": str(middle)},
    ]
    seen = digests(world, asked, earlier)
    assert sum(digest.startswith("200") for digest in seen.values()) > 200
    with_it = digests(world, asked, [{"as_of": str(LAST)}])
    files: list[Asked] = [
        ("dunning", f"/v1/customers/{each}/{what}", (("on", eve),))
        for each in ids["cus"]
        for what in ("litigation-file", "title-eligibility")
    ]
    on_eve = digests(world, files, [{"as_of": str(LAST)}])

    key = {"Idempotency-Key": uuid4().hex}
    body = {"into": survivor, "on": str(MERGED_ON), "reason": "entered twice"}
    merged = world.send("invoice", f"/v1/customers/{double}/merge", body, headers=key)
    assert (merged.status_code, merged.json()["merged_into"]) == (200, survivor), merged.text
    again = world.send("invoice", f"/v1/customers/{double}/merge", body, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == merged.json()
    world.system.wait_caught_up(world.ledger)

    assert _changed(seen, digests(world, asked, earlier)) == []
    assert _changed(on_eve, digests(world, files, [{"as_of": str(LAST)}])) == []
    changed = {path for _, path, *_ in _changed(with_it, digests(world, asked, [{"as_of": str(LAST)}]))}
    assert changed >= {
        "/v1/invoices", "/v1/payments", "/v1/customers", "/v1/cases", "/v1/reminders", "/v1/aged-balance",
        "/v1/overdue", "/v1/dso",
        f"/v1/customers/{survivor}/exposure", f"/v1/customers/{survivor}/score", f"/v1/customers/{double}/timeline",
    }  # fmt: skip
    recount(world, ids["cus"][:3])
    refused: list[tuple[str, str, dict[str, Any]]] = [
        ("dunning", f"/v1/customers/{double}/holds", {"until": "2026-03-01", "reason": "promised"}),
        ("risk", "/v1/checks", {"customer_id": double, "amount": eur("10.00")}),
        ("invoice", f"/v1/customers/{double}/notes", {"text": "called"}),
    ]
    for service, path, body in refused:
        answer = world.send(service, path, body)
        assert (answer.status_code, answer.json()["survivor"]) == (409, survivor), answer.text
    twins = world.get("invoice", f"/v1/customers/{survivor}/duplicates")["data"]
    assert double not in {twin["customer_id"] for twin in twins}

    chained = {"into": other, "on": str(LAST)}
    world.post("invoice", f"/v1/customers/{survivor}/merge", chained)
    recount(world, ids["cus"][:3])
    world.post("invoice", f"/v1/customers/{survivor}/merge/reverse", {"on": str(LAST)})
    recount(world, ids["cus"][:3])
    last = digests(world, asked, earlier[-1:])
    assert _changed({question: seen[question] for question in last}, last) == []
    remind(world, double, survivor)
    words = world.get("reporting", f"/v1/customers/{survivor}/timeline", sort="-position")["data"]
    assert any(each["summary"] == f"Record merged into {survivor}: entered twice" for each in words)


def remind(world: World, double: str, survivor: str) -> None:
    """Let the ladder go on for a month: one message for both records, each decision of which the ledger proves."""
    world.advance(str(LAST + timedelta(days=14)))
    later = [
        each
        for each in world.get("dunning", "/v1/reminders", customer_id=double, sort="-position")["data"]
        if each["day"] > str(LAST)
    ]
    assert {each["customer_id"] for each in later} == {survivor}
    owners = {
        world.get("invoice", f"/v1/invoices/{item}")["customer_id"]
        for each in later
        for item in each["invoice_ids"]
    }
    assert owners == {double, survivor}
    for each in later:
        proof = world.post("dunning", f"/v1/decisions/{each['decision_id']}/reperform")
        assert proof["equal"], proof


def _changed(before: dict[tuple[Any, ...], str], after: dict[tuple[Any, ...], str]) -> list[tuple[Any, ...]]:
    assert before.keys() == after.keys()
    return [question for question in before if before[question] != after[question]]


def recount(world: World, customers: list[str]) -> None:
    """Compare balances, exposure and lists with sums over the ledger's events, on each day around the merge."""
    for day in (MERGED_ON - timedelta(days=1), MERGED_ON, LAST):
        events = ledger_events(world)
        merges = [merge_of(e, e.data) for e in events if isinstance(e.data, Merging)]
        standing = Survivors(merges, day)
        owed, cash, invoices = sums(events, standing, day)
        at = {"as_of": str(day)}
        rows = world.get("reporting", "/v1/aged-balance", limit=500, **at)["data"]
        shown = {row["customer_id"]: minor(row["outstanding"]) for row in rows}
        assert shown == {each: owed[each] - cash.get(each, 0) for each in owed}
        for customer in customers:
            debtor = standing.of(customer)
            for name in {customer, debtor}:
                total = world.get("reporting", "/v1/aged-balance", customer_id=name, **at)
                assert minor(total["totals"]["outstanding"]) == owed.get(debtor, 0) - cash.get(debtor, 0)
                assert total["tie_out"]["equal"]
                listed = world.get("invoice", "/v1/invoices", customer_id=name, limit=500, **at)["data"]
                issued = {each["id"] for each in listed if each["issued_on"] is not None}
                assert issued == invoices.get(debtor, set())
            file = world.get("risk", f"/v1/customers/{customer}/credit-file", **at)
            assert file["customer_id"] == debtor
            open_minor = sum(minor(each["outstanding"]) for each in file["open_invoices"])
            assert open_minor == owed.get(debtor, 0)
        cases = world.get("dunning", "/v1/cases", limit=500, **at)["data"]
        chased = {case["customer_id"]: sum(minor(i["open"]) for i in case["items"]) for case in cases}
        assert chased == {customer: amount for customer, amount in owed.items() if amount}


def ledger_events(world: World) -> list[Recorded]:
    """All events of the ledger, decoded."""
    found: list[Recorded] = []
    while True:
        after = found[-1].position if found else 0
        page = world.get("reporting", "/v1/events", after=after, limit=1000)["data"]
        found += [_recorded(row) for row in page]
        if len(page) < 1000:
            return found


def _recorded(row: dict[str, Any]) -> Recorded:
    data = decode(row["type"], row["schema_version"], json.dumps(row["data"]).encode())
    return Recorded(
        ledger="", position=row["position"], stream=row["stream"], version=row["version"], type=row["type"],
        schema_version=row["schema_version"], entity=row["entity"] or "", event_id=UUID(row["event_id"]),
        effective_on=date.fromisoformat(row["effective_on"]), recorded_at=datetime.fromisoformat(row["recorded_at"]),
        actor=row["actor"], command_id=UUID(row["command_id"]), data=data,
    )  # fmt: skip


def sums(
    events: list[Recorded], standing: Survivors, day: date
) -> tuple[dict[str, int], dict[str, int], dict[str, set[str]]]:
    """Open amounts, unapplied cash and issued invoices by debtor: every movement up to the day, added up."""
    owed: dict[str, int] = {}
    cash: dict[str, int] = {}
    invoices: dict[str, set[str]] = {}
    for e in events:
        for entry in movements(e):
            if entry.effective_on > day:
                continue
            debtor = standing.of(entry.customer_id)
            owed[debtor] = owed.get(debtor, 0) + entry.item_minor
            cash[debtor] = cash.get(debtor, 0) + entry.cash_minor
            if entry.kind == "issued":
                invoices.setdefault(debtor, set()).add(entry.invoice_id or "")
    return owed, cash, invoices


def minor(money: dict[str, str]) -> int:
    """Cents of an amount."""
    return round(float(money["amount"]) * 100)


def test_merges_and_issues_at_once_leave_one_answer(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            one, two = world.customer(name="one"), world.customer(name="two")
            crossed = pool.map(
                lambda pair: world.send("invoice", f"/v1/customers/{pair[0]}/merge", {"into": pair[1]}),
                [(one, two), (two, one)],
            )
            answers = {answer.status_code: answer.json() for answer in crossed}
            assert sorted(answers) == [200, 409]
            merged, survivor = answers[200]["id"], answers[200]["merged_into"]
            assert {merged, survivor} == {one, two}
            assert (answers[409]["type"], answers[409]["survivor"]) == ("/problems/customer-merged", survivor)

            double = world.customer(name="three")
            draft = world.post("invoice", "/v1/invoices", world.draft_body(double))
            requests = [
                (f"/v1/customers/{double}/merge", {"into": survivor}),
                (f"/v1/invoices/{draft['id']}/issue", {}),
                ("/v1/invoices", world.draft_body(double, issue=True)),
                ("/v1/invoices", world.draft_body(survivor, issue=True)),
            ]
            statuses = [
                answer.status_code
                for answer in pool.map(lambda request: world.send("invoice", *request), requests)
            ]
            assert statuses[0] == 200
            assert statuses[1] == 200
            assert (statuses[2], statuses[3]) in {(201, 201), (409, 201)}
            issued = 240 + 120 * (statuses[2] == 201)
            total = world.get("reporting", "/v1/aged-balance", customer_id=double)["totals"]["outstanding"]
            assert total == eur(f"{issued}.00")

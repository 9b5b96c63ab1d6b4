"""A list of the system beside us is compared with our open items: each seeded corruption is named with its cause."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from importlib import import_module
from typing import Any

import httpx
import pytest

from encours.testing.http import client_of, grant, settings_of
from encours.testing.servers import Installation
from tests.integration.test_credit_http import created, firm, rebuild

ITEMS, CORRUPTED, PAID = 320, 200, 40
NDJSON = {"Content-Type": "application/x-ndjson"}
Line = dict[str, Any]


@pytest.fixture
async def api(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """invoice-svc; no worker runs, its read model is built by hand."""
    key = await grant(installation)
    async with AsyncExitStack() as stack:
        app = import_module("invoice_svc.app").create_app(settings_of(installation, "invoice"))
        yield await stack.enter_async_context(client_of(app, key))


async def issue(api: httpx.AsyncClient, entity: str, customer: str, dice: random.Random) -> list[str]:
    items = [
        {
            "entity_id": entity, "customer_id": customer, "issue": True, "currency": "EUR",
            "lines": [
                {
                    "description": "Work", "quantity": "1", "vat_rate": "20",
                    "unit_price": f"{dice.randint(100, 90_000)}.{dice.randint(0, 99):02d}",
                }
            ],
        }
        for _ in range(ITEMS)
    ]  # fmt: skip
    answer = await api.post("/v1/invoices:batch", json={"items": items})
    assert answer.json()["failed"] == 0, answer.text
    return [result["id"] for result in answer.json()["results"]]


async def open_lines(api: httpx.AsyncClient, entity: str) -> list[Line]:
    """Our own open items, as the other system would list them if it agreed."""
    lines: list[Line] = []
    cursor: dict[str, str] = {}
    while True:
        page = (
            await api.get(
                "/v1/invoices", params={"entity_id": entity, "limit": "500", "fresh": "false"} | cursor
            )
        ).json()
        lines += [
            {
                "number": each["number"],
                "currency": each["currency"],
                "outstanding": each["outstanding"]["amount"],
                "total": each["total"]["amount"],
                "due_on": each["due_on"],
            }
            for each in page["data"]
            if Decimal(each["outstanding"]["amount"])
        ]
        if page["next_cursor"] is None:
            return lines
        cursor = {"cursor": page["next_cursor"]}


def plus(line: Line, minor: int) -> str:
    return str(Decimal(line["outstanding"]) + Decimal(minor) / 100)


def corrupt(
    lines: list[Line], dice: random.Random, paid: set[str]
) -> tuple[list[Line], Counter[tuple[str, str]]]:
    """Corrupt each of 200 lines in one way; return the list, and the cause of each number."""
    expected: Counter[tuple[str, str]] = Counter()
    found: list[Line] = []
    left = CORRUPTED
    for n, line in enumerate(lines):
        number = line["number"]
        ways = [
            "twice",
            "cancelled",
            "currency",
            "rounding",
            "changed",
            "total",
            "due_date",
            "renumbered",
            "vanished",
        ]
        if left == 0:
            found.append(line)
            continue
        left -= 1
        cause = "late" if number in paid else dice.choice([*ways, "missing"])
        expected[number if cause != "missing" else f"ELSEWHERE-{n}", cause] += 1
        match cause:
            case "twice":
                found += [line, line]
            case "cancelled":
                found.append(line | {"cancelled": True})
            case "currency":
                found.append(line | {"currency": "USD"})
            case "rounding":
                found.append(line | {"outstanding": plus(line, dice.choice((-1, 1)))})
            case "changed":
                found.append(line | {"outstanding": plus(line, dice.choice((-500, 77, 10_000)))})
            case "late":  # the other system has not recorded the payment
                found.append(line | {"outstanding": line["total"]})
            case "total":
                found.append(line | {"total": str(Decimal(line["total"]) + 1)})
            case "due_date":
                found.append(line | {"due_on": "2031-01-31"})
            case "renumbered":
                found.append(line | {"number": f"X{number}"})
            case "missing":
                found += [line, line | {"number": f"ELSEWHERE-{n}"}]
    dice.shuffle(found)
    return found, expected


async def differences(api: httpx.AsyncClient, check_id: str) -> list[Line]:
    found: list[Line] = []
    cursor: dict[str, str] = {}
    while True:
        page = (
            await api.get(f"/v1/sync-checks/{check_id}/differences", params={"limit": "50"} | cursor)
        ).json()
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def body_of(lines: list[Line]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


async def test_200_corruptions_of_a_list_are_each_named_with_their_cause(
    installation: Installation, api: httpx.AsyncClient
) -> None:
    dice = random.Random(7)
    entity, customer = await firm(api)
    invoices = await issue(api, entity, customer, dice)
    paid = set()
    for invoice in dice.sample(invoices, PAID):
        shown = (await api.get(f"/v1/invoices/{invoice}", params={"fresh": "false"})).json()
        paid.add(shown["number"])
        part = {"amount": "10.00", "currency": "EUR"}
        await created(
            api, "/v1/payments",
            {
                "entity_id": entity, "customer_id": customer, "received_on": shown["issued_on"], "amount": part,
                "method": "transfer", "allocations": [{"invoice_id": invoice, "amount": part}],
            },
        )  # fmt: skip
    await rebuild(installation, "invoice", "invoice_svc")
    honest = await open_lines(api, entity)
    assert len(honest) == ITEMS
    path = f"/v1/sync-checks?entity_id={entity}"

    even = await api.post(path, content=body_of(honest), headers=NDJSON)
    assert even.status_code == 201, even.text
    assert (even.json()["equal"], even.json()["lines"]) == (True, ITEMS)
    total = sum(Decimal(line["outstanding"]) for line in honest)
    control = {"totals": [{"amount": str(total), "currency": "EUR", "count": ITEMS}]}
    assert (await api.post(path, json=control)).json()["equal"] is True
    control["totals"][0]["count"] = ITEMS - 1
    assert (await api.post(path, json=control)).json()["equal"] is False

    lines, expected = corrupt(honest, dice, paid)
    keyed = NDJSON | {"Idempotency-Key": "the list of March"}
    answer = await api.post(path, content=body_of(lines), headers=keyed)
    assert answer.status_code == 201, answer.text
    check = answer.json()
    found = await differences(api, check["id"])
    named = Counter((each["number"], each["cause"]) for each in found)
    assert named == expected
    assert sum(expected.values()) == CORRUPTED
    assert len({cause for _, cause in expected}) == 11
    assert check["differences"] == Counter(cause for _, cause in expected)
    assert {each["since_kind"] for each in found} == {None, "applied"}
    for totals in check["totals"]:
        currency = totals["currency"]
        explained = sum(
            Decimal(each["ours"]["amount"]) * (each["ours"]["currency"] == currency)
            if each["ours"]
            else Decimal(0)
            for each in found
        ) - sum(
            Decimal(each["theirs"]["amount"]) * (each["theirs"]["currency"] == currency)
            if each["theirs"]
            else Decimal(0)
            for each in found
        )
        assert Decimal(totals["difference"]["amount"]) == explained

    cancelled = [each["invoice_id"] for each in found if each["cause"] == "cancelled"]
    assert cancelled
    for invoice in cancelled:
        shown = (await api.get(f"/v1/invoices/{invoice}", params={"fresh": "false"})).json()
        assert shown["disputed"] == shown["outstanding"]
    again = await api.post(path, content=body_of(lines), headers=keyed)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (check, "true")
    other = await api.post(path, content=body_of(honest), headers=keyed)
    assert other.json()["type"] == "/problems/idempotency-key-reused", other.text
    listed = (await api.get("/v1/sync-checks", params={"entity_id": entity})).json()["data"]
    assert listed[0] == check
    assert (await api.get(f"/v1/sync-checks/{check['id']}")).json() == check


async def test_a_list_that_cannot_be_read_is_refused_with_its_lines_and_compares_nothing(
    installation: Installation, api: httpx.AsyncClient
) -> None:
    entity, _ = await firm(api)
    path = f"/v1/sync-checks?entity_id={entity}"
    semicolons = "number;outstanding\nF-1;12,50\nF-2;1.000,00\n"
    text = {"Content-Type": "text/csv"}
    comma = await api.post(path, content=semicolons, headers=text)
    assert (comma.status_code, comma.json()["type"]) == (422, "/problems/sync-list-invalid")
    await rebuild(installation, "invoice", "invoice_svc")
    read = await api.post(f"{path}&delimiter=semicolon&decimal=comma", content=semicolons, headers=text)
    assert read.status_code == 201, read.text
    assert read.json()["totals"][0]["theirs"] == {"amount": "1012.50", "currency": "EUR"}
    bad = b'{"number":"F-1","outstanding":"12.505"}\n{"number":"F-2"}\nno\n{"number":"F-3","outstanding":"1.00"}\n'
    refused = await api.post(path, content=bad, headers=NDJSON)
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/1/outstanding",
        "/2/outstanding",
        "/3",
    ]
    for wrong, kind in (
        (b"", NDJSON),
        (b"{}", {"Content-Type": "application/json"}),
        (b"x", {"Content-Type": "a/b"}),
    ):
        answer = await api.post(path, content=wrong, headers=kind)
        assert answer.status_code in (415, 422), answer.text
    assert len((await api.get("/v1/sync-checks")).json()["data"]) == 1

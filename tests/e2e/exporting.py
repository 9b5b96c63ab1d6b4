"""Exports of a debtor's year: what a FEC leaves open is what the aged balance does."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb

from encours.testing.waiting import wait_until
from tests.e2e import fec
from tests.e2e.world import World
from tests.e2e.year import Year


def journals_are_exported(year: Year) -> None:
    """Two years item by item, the second with its opening balances; another export is the same file; tables."""
    first, _ = fec_of(year.world, 2025, "2025-12-31")
    rows, content = fec_of(year.world, 2026, year.day)
    assert fec_of(year.world, 2026, year.day)[1] == content
    assert fec.settled_across(rows) > 0
    assert rows[0]["JournalCode"] == "AN"
    result = fec.balance(first, "6") + fec.balance(first, "7")
    assert result < 0
    assert fec.balance([row for row in rows if row["JournalCode"] == "AN"], "110") == result
    assert fec.balance(rows, "707") == Decimal("-500.00")
    days = {"kind": "journal", "entity_id": year.world.entity, "from": "2025-01-01", "to": "2025-12-31"}
    manifest, sheet = exported(year.world, days | {"layout": "xlsx"})
    with zipfile.ZipFile(io.BytesIO(sheet)) as archive:
        assert archive.read("xl/worksheets/sheet1.xml").count(b"<row ") == manifest["lines"] + 1
    manifest, table = exported(year.world, days | {"layout": "parquet"})
    path = year.world.system.layout.root / "journal.parquet"
    path.write_bytes(table)
    with duckdb.connect() as db:
        summed = db.execute(
            "select count(*), sum(debit), sum(credit) from read_parquet(?)", [str(path)]
        ).fetchall()
    debit = Decimal(manifest["debit"]["amount"])
    assert summed == [(manifest["lines"], debit, debit)]
    assert manifest["lines"] == len(first)
    asked = ["audit", "sql", manifest["export_id"], "--ledger", year.world.ledger, "--json"]
    answer = year.world.system.encours(
        *asked, "--query", "select count(*) as lines from export"
    ).stdout.splitlines()
    assert [json.loads(line) for line in answer][1:] == [{"lines": len(first)}]
    assert json.loads(answer[0])["position"] == manifest["last_position"]
    reports_are_exported(year)


def reports_are_exported(year: Year) -> None:
    """The aged balance and the open items of a day, as tables."""
    at = {"as_of": "2025-12-31", "customer_id": year.customer, "limit": 200}
    body = {"entity_id": year.world.entity, "layout": "csv", "as_of": at["as_of"]}
    (aged,) = csv.DictReader(
        io.StringIO(exported(year.world, body | {"kind": "aged_balance"})[1].decode("utf-8-sig"))
    )
    (shown,) = year.world.get("reporting", "/v1/aged-balance", **at)["data"]
    named = aged["customer_id"], aged["customer_ref"], aged["customer"]
    assert named == (year.customer, shown["external_ref"] or "", shown["name"])
    assert {name: aged[name] for name in shown["bands"]} == {
        name: money["amount"] for name, money in shown["bands"].items()
    }
    assert (aged["outstanding"], aged["overdue"]) == (
        shown["outstanding"]["amount"],
        shown["overdue"]["amount"],
    )
    options = {"group_by": "entity", "by": "issue_date", "bands": "30,90"}
    grouped = exported(year.world, body | {"kind": "aged_balance"} | options)[1].decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(grouped))
    day = {"as_of": at["as_of"], "entity_id": year.world.entity}
    (group,) = year.world.get("reporting", "/v1/aged-balance/groups", **options, **day)["data"]
    assert (row["group"], row["name"], row["customers"]) == (
        year.world.entity,
        group["name"],
        str(group["customers"]),
    )
    assert {name: row[name] for name in group["bands"]} == {
        name: money["amount"] for name, money in group["bands"].items()
    }
    items = csv.DictReader(
        io.StringIO(exported(year.world, body | {"kind": "open_items"})[1].decode("utf-8-sig"))
    )
    listed = {
        each["number"]: each["outstanding"]["amount"] for each in year.get("/v1/invoices", **at)["data"]
    }
    assert {item["number"]: item["outstanding"] for item in items} == {
        number: amount for number, amount in listed.items() if Decimal(amount)
    }


def fec_of(world: World, number: int, as_of: str) -> tuple[list[fec.Row], bytes]:
    """Rows and content of the FEC of a year; item by item what it leaves open is open in the lists at its end."""
    manifest, content = exported(world, {"kind": "fec", "entity_id": world.entity, "year": number})
    rows = fec.read(manifest["file_name"], content)
    assert (manifest["lines"], manifest["entries"]) == (len(rows), int(rows[-1]["EcritureNum"]))
    at = {"entity_id": world.entity, "as_of": as_of}
    owed = {
        each["external_ref"] or each["customer_id"]: each
        for each in listed(world, "reporting", "/v1/aged-balance", **at)
    }
    totals = world.get("reporting", "/v1/aged-balance", **at)["totals"]
    assert fec.balance(rows, "411") == Decimal(totals["outstanding"]["amount"])
    invoices = {
        each["number"]: Decimal(each["outstanding"]["amount"])
        for each in listed(world, "invoice", "/v1/invoices", **at)
        if each["number"]
    }
    unapplied = {name: Decimal(each["unapplied"]["amount"]) for name, each in owed.items()}
    assert fec.left_open(rows, invoices) == {name: minor for name, minor in unapplied.items() if minor}
    return rows, content


def listed(world: World, service: str, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All that a list has, page by page."""
    while True:
        page = world.get(service, path, limit=500, **parameters)
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        parameters["cursor"] = page["next_cursor"]


def exported(world: World, body: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Manifest and content of an export."""
    path = f"/v1/exports/{world.post('reporting', '/v1/exports', body)['id']}"

    def shown() -> dict[str, Any]:
        return world.get("reporting", path)

    wait_until(lambda: shown()["state"] in ("completed", "failed"), "the export never ended")
    found = shown()
    assert found["state"] == "completed", found
    http = world.client("reporting")
    whole = http.get(f"{path}/file")
    content, size, tag = whole.content, found["manifest"]["size_bytes"], whole.headers["etag"]
    assert found["manifest"]["sha256"] == hashlib.sha256(content).hexdigest()
    middle = size // 2
    for asked, first in ((f"bytes={middle}-", middle), ("bytes=-7", size - 7)):
        part = http.get(f"{path}/file", headers={"Range": asked, "If-Range": tag})
        assert (part.status_code, part.content) == (206, content[first:])
        assert part.headers["content-range"] == f"bytes {first}-{size - 1}/{size}"
    assert http.get(f"{path}/file", headers={"Range": "bytes=1-", "If-Range": '"older"'}).content == content
    refused = http.get(f"{path}/file", headers={"Range": f"bytes={size}-"})
    assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}")
    assert refused.json()["type"] == "/problems/range-not-satisfiable"
    return found["manifest"] | {"export_id": found["id"]}, content

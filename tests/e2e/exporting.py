"""Exports of a debtor's year: what a FEC leaves open is what the aged balance does."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import duckdb

from encours.testing.waiting import wait_until
from tests.e2e import fec
from tests.e2e.year import Year


def journals_are_exported(year: Year) -> None:
    """Two years item by item, the second with its opening balances; another export is the same file; tables."""
    first, _ = fec_of(year, 2025)
    rows, content = fec_of(year, 2026)
    assert fec_of(year, 2026)[1] == content
    assert rows[0]["JournalCode"] == "AN"
    result = fec.balance(first, "6") + fec.balance(first, "7")
    assert result < 0
    assert fec.balance([row for row in rows if row["JournalCode"] == "AN"], "110") == result
    assert fec.balance(rows, "707") == Decimal("-500.00")
    days = {"kind": "journal", "entity_id": year.world.entity, "from": "2025-01-01", "to": "2025-12-31"}
    manifest, sheet = exported(year, days | {"layout": "xlsx"})
    with zipfile.ZipFile(io.BytesIO(sheet)) as archive:
        assert archive.read("xl/worksheets/sheet1.xml").count(b"<row ") == manifest["lines"] + 1
    manifest, table = exported(year, days | {"layout": "parquet"})
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
        io.StringIO(exported(year, body | {"kind": "aged_balance"})[1].decode("utf-8-sig"))
    )
    (shown,) = year.world.get("reporting", "/v1/aged-balance", **at)["data"]
    assert (aged["customer_id"], aged["customer"]) == (year.customer, shown["name"])
    assert {name: aged[name] for name in shown["bands"]} == {
        name: money["amount"] for name, money in shown["bands"].items()
    }
    assert (aged["outstanding"], aged["overdue"]) == (
        shown["outstanding"]["amount"],
        shown["overdue"]["amount"],
    )
    options = {"group_by": "entity", "by": "issue_date", "bands": "30,90"}
    grouped = exported(year, body | {"kind": "aged_balance"} | options)[1].decode("utf-8-sig")
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
    items = csv.DictReader(io.StringIO(exported(year, body | {"kind": "open_items"})[1].decode("utf-8-sig")))
    listed = {
        each["number"]: each["outstanding"]["amount"] for each in year.get("/v1/invoices", **at)["data"]
    }
    assert {item["number"]: item["outstanding"] for item in items} == {
        number: amount for number, amount in listed.items() if Decimal(amount)
    }


def fec_of(year: Year, number: int) -> tuple[list[fec.Row], bytes]:
    """Rows and content of the FEC of a year, compared with the aged balance and the open invoices at its end."""
    manifest, content = exported(year, {"kind": "fec", "entity_id": year.world.entity, "year": number})
    rows = fec.read(manifest["file_name"], content)
    assert (manifest["lines"], manifest["entries"]) == (len(rows), int(rows[-1]["EcritureNum"]))
    at = {"customer_id": year.customer, "as_of": min(f"{number}-12-31", year.day), "limit": 200}
    outstanding = year.world.get("reporting", "/v1/aged-balance", **at)["totals"]["outstanding"]
    assert fec.balance(rows, "411") == Decimal(outstanding["amount"])
    listed = [Decimal(each["outstanding"]["amount"]) for each in year.get("/v1/invoices", **at)["data"]]
    assert fec.open_items(rows, year.customer) == sorted(filter(None, listed))
    return rows, content


def exported(year: Year, body: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Manifest and content of an export."""
    path = f"/v1/exports/{year.world.post('reporting', '/v1/exports', body)['id']}"

    def shown() -> dict[str, Any]:
        return year.world.get("reporting", path)

    wait_until(lambda: shown()["state"] in ("completed", "failed"), "the export never ended")
    found = shown()
    assert found["state"] == "completed", found
    http = year.world.client("reporting")
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

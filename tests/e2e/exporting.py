"""Exports of a debtor's year: what a FEC leaves open is what the aged balance does."""

from __future__ import annotations

import hashlib
import io
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
    content = year.world.client("reporting").get(f"{path}/file").content
    assert found["manifest"]["sha256"] == hashlib.sha256(content).hexdigest()
    manifest: dict[str, Any] = found["manifest"]
    return manifest, content

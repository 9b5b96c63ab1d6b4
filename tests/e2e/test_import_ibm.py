"""Acceptance on a real file of 2,466 settled invoices that nobody here wrote (not shipped: no licence stated).

The last eight months of it, with 760 invoices of all its 100 customers. ``DEEP=1``: all two years.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.provisions import closings_tie
from tests.e2e.takeover import Takeover

FILE = Path(__file__).parents[3] / "shared/data/ar_ibm/WA_Fn-UseC_-Accounts-Receivable.csv"
DEEP = os.environ.get("DEEP") == "1"
FIRST_DAY, COUNT, TOTAL = ("2012-01-01", 2466, "147703.18") if DEEP else ("2013-05-01", 760, "45872.86")
TASKS = 50 if DEEP else 5
"""A back-test of the default policy opens more."""
MAP = (
    "invoice_number=invoiceNumber,issued_on=InvoiceDate,due_on=DueDate,amount=InvoiceAmount,customer=customerID,"
    "disputed=Disputed,settled_on=SettledDate"
)

CALLS = {
    "name": "Calls",
    "priority": 40,
    "steps": [{"code": "J+5", "offset_days": 5, "act": "call"}],
    "minimums": {"EUR": "1.00"},
}

pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"ACCEPTANCE NOT RUN: {FILE} is absent")


def iso(text: str) -> str:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date().isoformat()


def cut(to: Path) -> list[dict[str, str]]:
    """Write the part of the file that begins with the first day, and return its rows."""
    with FILE.open(encoding="utf-8") as opened, to.open("w", encoding="utf-8", newline="") as written:
        read = csv.DictReader(opened)
        rows = [row for row in read if iso(row["InvoiceDate"]) >= FIRST_DAY]
        part = csv.DictWriter(written, read.fieldnames or ())
        part.writeheader()
        part.writerows(rows)
    return rows


def test_every_invoice_is_settled_to_the_cent_at_its_own_dates(system: System, tmp_path: Path) -> None:
    file = tmp_path / FILE.name
    rows = cut(file)
    takeover = Takeover.into(system, "sandbox")
    options = ("--ledger", takeover.ledger, "--map", MAP, "--date-format", "%m/%d/%Y", "--currency", "EUR")
    taken = system.json("import", str(file), *options)
    assert (taken["lines"], taken["accepted"], taken["rejected"]) == (COUNT, COUNT, 0)

    # Twelve invoices of the file were settled after this day: on it they are open, as they were.
    clock = system.json("clock", "advance", takeover.ledger, "--to", "2014-01-01")
    assert (clock["today"], clock["events_until"]) == ("2014-01-01", "2014-01-09")
    system.wait_caught_up(takeover.ledger)
    later = sorted(row["invoiceNumber"] for row in rows if iso(row["SettledDate"]) > "2014-01-01")
    open_ = [invoice for invoice in takeover.invoices() if invoice["outstanding"]["amount"] != "0.00"]
    assert sorted(invoice["number"] for invoice in open_) == later

    system.encours("clock", "advance", takeover.ledger, "--to", "2014-01-09")
    system.wait_caught_up(takeover.ledger)
    invoices = takeover.invoices()
    assert len(invoices) == COUNT
    assert sum(Decimal(invoice["total"]["amount"]) for invoice in invoices) == Decimal(TOTAL)
    assert {invoice["status"]["settlement"] for invoice in invoices} == {"paid"}

    found = Counter((e["type"], e["effective_on"]) for e in takeover.events())
    wanted = Counter(("invoice.issued", iso(row["InvoiceDate"])) for row in rows)
    wanted += Counter(("invoice.payment_applied", iso(row["SettledDate"])) for row in rows)
    disputed = [row for row in rows if row["Disputed"] == "Yes"]
    wanted += Counter(("dispute.opened", iso(row["InvoiceDate"])) for row in disputed)
    wanted += Counter(("dispute.resolved", iso(row["SettledDate"])) for row in disputed)
    assert {key: found[key] for key in wanted} == dict(wanted)

    again = system.json("import", str(file), *options)
    assert (again["duplicates"], again["accepted"], again["pending"]) == (COUNT, 0, 0)
    policies_are_tried_on_it(takeover)
    closings_tie(takeover, "2013-07-31", "2013-09-30", "2013-12-31")


def policies_are_tried_on_it(takeover: Takeover) -> None:
    """The period of the file under two policies: within 30 s, with the same hash when it is repeated."""
    with takeover.system.client("dunning", takeover.ledger) as http:
        listed = {each["shipped_as"]: each for each in http.get("/v1/policies").json()["data"]}
        usual, own = listed["default"], http.post("/v1/policies", json=CALLS).json()
        first, second = (tried(http, own["id"], 1) for _ in range(2))
        again = tried(http, own["id"], 1, position=first["position"])
        other = tried(http, usual["id"], usual["version"], position=first["position"])
        assert max(each["result"]["measured"]["seconds"] for each in (first, other)) < 30
        assert first["result"]["result_hash"] == again["result"]["result_hash"]
        assert first["result"]["totals"] == second["result"]["totals"]
        assert first["result"]["totals"] != other["result"]["totals"]
        assert first["result"]["totals"]["tasks"] > other["result"]["totals"]["tasks"] > TASKS

        lines = http.get(f"/v1/backtests/{other['id']}/lines", params={"limit": 500}).json()["data"]
        assert {(each["step"], each["channel"]) for each in lines} <= {("J+15", "phone"), ("J+90", "file")}
        decided = http.post("/v1/decisions/reperform", json={"from": FIRST_DAY, "to": "2014-01-09"}).json()
        assert (decided["mismatches"], decided["equal"]) == ([], decided["decisions"])
        real = http.get("/v1/tasks", params={"limit": 500}).json()["data"]
        assert Counter(each["customer_id"] for each in real) == Counter(each["customer_id"] for each in lines)

        compared = http.get(f"/v1/backtests/{first['id']}/compare/{other['id']}").json()
        assert (compared["a"]["id"], compared["same_period"]) == (first["id"], True)
        grounds = {"version": 1, "reason": "Tried on two years", "backtest_id": first["id"]}
        activated = http.post(f"/v1/policies/{own['id']}/activate", json=grounds)
        assert activated.json()["activation"]["backtest_id"] == first["id"], activated.text
        wrong = http.post(f"/v1/policies/{listed['firm']['id']}/activate", json=grounds)
        assert wrong.json()["type"] == "/problems/activation-needs-backtest"


def tried(http: httpx.Client, policy_id: str, version: int, **more: Any) -> dict[str, Any]:
    """Ask for a back-test of the file's period, and wait for its result."""
    period = {"version": version, "from": FIRST_DAY, "to": "2014-01-09"}
    asked = http.post(f"/v1/policies/{policy_id}/backtests", json=period | more)
    assert asked.status_code == 202, asked.text
    found: dict[str, Any] = {}

    def ended() -> bool:
        found.update(http.get(asked.headers["Location"]).json())
        return found["state"] not in ("queued", "running")

    wait_until(ended, "the back-test has no result")
    assert found["state"] == "completed", found
    return found

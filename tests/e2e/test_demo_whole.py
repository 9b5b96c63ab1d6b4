"""The whole demo, as `make run` loads it: its decisions on credit taken again, its provision matrix at three closings,
the tie-out of each day as known at three positions.

With ``DEEP=1`` alone, as the year takes minutes; ``test_readme.py`` loads its first days in each run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from encours.demo import LAST_DAY, load
from encours.demo.load import FIRST_DAY
from encours.embedded.access import local_admin_url
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn
from encours.testing.system import System
from tests.e2e.provisions import closings_tie
from tests.e2e.takeover import Takeover


@pytest.mark.skipif("DEEP" not in os.environ, reason="loads a year of the demo; DEEP=1 runs it")
@pytest.mark.timeout(3_600)
def test_decisions_and_provisions_of_the_whole_demo_follow_from_its_events(system: System) -> None:
    load(system.url, system.key)
    system.wait_caught_up("demo")
    takeover = Takeover(system, "demo", system.client("invoice", "demo"))
    with system.client("risk", "demo") as http:
        period = {"from": str(FIRST_DAY), "to": str(LAST_DAY)}
        again = http.post("/v1/decisions/reperform", json=period).json()
        orders = http.get("/v1/reservations", params={"limit": 500}).json()["data"]
    assert again["by_kind"].keys() == {"check", "limit", "limit_request", "order", "override"}
    assert (again["mismatches"], again["equal"]) == ([], again["decisions"])
    assert {each["decision"] for each in orders} == {"accept", "refer", "refuse"}
    losses = closings_tie(takeover, "2011-06-30", "2011-09-30", "2011-12-31")
    assert min(losses) > 0
    lost = [each for each in takeover.events() if each["type"] == "invoice.written_off"]
    assert {each["effective_on"] for each in lost} == {"2011-10-12", "2011-11-16", "2011-12-21"}
    head = takeover.events()[-1]["position"]
    checked = tie_out(system, head // 10, head // 2, head)
    assert [line["known_at"] for line in checked] == [head // 10, head // 2, head]
    assert all(line["equal"] and line["days"] > 360 for line in checked), checked


def tie_out(system: System, *positions: int) -> list[dict[str, Any]]:
    """Check each day of the last year of the demo as an operator does."""
    admin_url = local_admin_url(system.layout, system.run)
    assert admin_url is not None
    databases = {
        "ENCOURS_LEDGER_URL": database_dsn(admin_url, LEDGER_DATABASE),
        "ENCOURS_STORE_URL": database_dsn(admin_url, "encours_reporting"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "reporting_svc", "tie-out", "--ledger", "demo", "--to", str(LAST_DAY), "--known-at",
         *map(str, positions)],
        env=system.environment() | databases, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]

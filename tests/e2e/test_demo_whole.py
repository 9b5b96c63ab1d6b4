"""The whole demo, as `make run` loads it: its decisions on credit taken again, its provision matrix at closings,
two years of its FEC, its forecasts of the last half year, the tie-out of each day as known at three positions.

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
from tests.e2e import fec
from tests.e2e.exporting import fec_of
from tests.e2e.provisions import closings_tie
from tests.e2e.takeover import Takeover
from tests.e2e.world import World
from tests.forecast.past_debts import DEMO_END

pytestmark = [
    pytest.mark.skipif("DEEP" not in os.environ, reason="loads a year of the demo; DEEP=1 runs it"),
    pytest.mark.timeout(3_600),
]


@pytest.fixture(scope="module")
def demo(system: System) -> Takeover:
    """The ledger of the demo on its last day."""
    load(system.url, system.key)
    system.wait_caught_up("demo")
    return Takeover(system, "demo", system.client("invoice", "demo"))


@pytest.fixture(scope="module")
def events(demo: Takeover) -> list[dict[str, Any]]:
    """All its events."""
    return demo.events()


def test_its_decisions_on_credit_follow_from_its_ledger(demo: Takeover) -> None:
    with demo.system.client("risk", "demo") as http:
        period = {"from": str(FIRST_DAY), "to": str(LAST_DAY)}
        again = http.post("/v1/decisions/reperform", json=period).json()
        orders = http.get("/v1/reservations", params={"limit": 500}).json()["data"]
    assert again["by_kind"].keys() == {
        "check", "closing", "grade", "limit", "limit_request", "order", "override"
    }  # fmt: skip
    assert (again["mismatches"], again["equal"]) == ([], again["decisions"])
    assert {each["decision"] for each in orders} == {"accept", "refer", "refuse"}


def test_its_provisions_follow_from_its_events_as_known_at_two_positions(
    demo: Takeover, events: list[dict[str, Any]]
) -> None:
    losses = closings_tie(demo, "2011-06-30", "2011-09-30", "2011-12-31")
    assert min(losses) > 0
    (earlier,) = closings_tie(demo, "2011-12-31", known_at=events[-1]["position"] // 2)
    assert 0 < earlier != losses[-1]
    lost = [each for each in events if each["type"] == "invoice.written_off"]
    assert {each["effective_on"] for each in lost} == {"2011-10-12", "2011-11-16", "2011-12-21"}


def test_two_years_of_its_fec_leave_open_what_its_lists_do(demo: Takeover) -> None:
    world = World(demo.system, "demo")
    world.entity = world.get("reporting", "/v1/aged-balance", limit=1)["data"][0]["entity_id"]
    first, _ = fec_of(world, 2010, "2010-12-31")
    second, _ = fec_of(world, 2011, "2011-12-31")
    brought = [row for row in second if row["JournalCode"] == "AN"]
    assert fec.balance(brought, "411") == fec.balance(first, "411")
    assert fec.settled_across(second) > len(brought) // 2, "most of the first year is paid in the second"


def test_its_forecasts_of_half_a_year_are_nearer_than_due_dates(demo: Takeover) -> None:
    asked = {"as_of": str(DEMO_END), "weeks": "26"}
    with demo.system.client("reporting", "demo") as http:
        answer = http.get("/v1/cash-forecast/accuracy", params=asked).json()
    assert answer["totals"]["weeks"] > 90, "each week is forecast up to four weeks ahead"
    assert all(each["error"] < each["due_date_error"] for each in answer["by_weeks_ahead"])
    assert 75 <= answer["totals"]["coverage_80"] <= 85
    assert answer["totals"]["coverage_50"] < answer["totals"]["coverage_80"]


def test_each_day_of_its_last_year_ties_out_as_known_at_three_positions(
    demo: Takeover, events: list[dict[str, Any]]
) -> None:
    head = events[-1]["position"]
    checked = tie_out(demo.system, head // 10, head // 2, head)
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

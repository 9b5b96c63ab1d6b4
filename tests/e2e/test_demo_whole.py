"""The whole demo, as `make run` loads it: its decisions on credit taken again, its provision matrix at three closings.

With ``DEEP=1`` alone, as the year takes minutes; ``test_readme.py`` loads its first days in each run.
"""

from __future__ import annotations

import os

import pytest

from encours.demo import LAST_DAY, load
from encours.demo.load import FIRST_DAY
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

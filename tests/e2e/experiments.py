"""An experiment with the same policy on both sides, and its result at two dates of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunning_svc.domain.policy.shipped import DEFAULT_ID

if TYPE_CHECKING:
    from tests.e2e.test_dunning_api import Api


def same_on_both_sides(caller: Api) -> str:
    """Start an experiment that compares the default policy with a copy of itself; return its path."""
    default = caller.get(f"/v1/policies/{DEFAULT_ID}")
    copy = default["versions"][0]["document"] | {"priority": 1}
    made = caller.post("/v1/policies", {name: value for name, value in copy.items() if value is not None})
    assert made.status_code == 201, made.text
    body = {
        "name": "A/A", "champion_id": DEFAULT_ID, "challenger_id": made.json()["id"], "challenger_version": 1,
        "difference": 3, "baseline": {"mean": 8, "deviation": 10}, "without_backtest": "None", "reason": "Try",
    }  # fmt: skip
    planned = caller.post("/v1/experiments", body, dry_run="true").json()["events"]
    assert planned[-1]["data"]["sample"]["champion_customers"] == 175
    started = caller.post("/v1/experiments", body)
    assert started.status_code == 201, started.text
    assert caller.post("/v1/experiments", body | {"name": "B"}).status_code == 409
    return f"/v1/experiments/{started.json()['id']}"


def result_is_the_same_from_rows_and_from_streams(caller: Api, experiment: str, head: int) -> None:
    shown = caller.get(experiment)
    folded = caller.get(experiment, known_at=str(head))
    assert shown["result"] == folded["result"]
    (contacts,) = (each for each in shown["result"]["effects"] if each["quantity"] == "contacts")
    assert contacts["champion"]["customers"] + contacts["challenger"]["customers"] == 1
    assert (contacts["champion"]["mean"] or 0) + (contacts["challenger"]["mean"] or 0) > 0
    days = {"from": "2026-01-01", "to": "2026-12-31"}
    again = caller.post("/v1/decisions/reperform", days).json()
    assert (again["decisions"] > 0, again["mismatches"]) == (True, []), again
    assert caller.post(f"{experiment}/stop", {"reason": "Over"}).json()["status"] == "stopped"
    (listed,) = caller.get("/v1/experiments")["data"]
    assert (listed["status"], listed["stopped_by"]) == ("stopped", "person")

"""The dashboard of a day with a promise, and the same one as events arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from encours.testing.system import System
from encours.testing.waiting import HANG_S, wait_until
from tests.e2e.world import World, eur

ISSUED, PROMISED, LATER = "2026-03-02", "2026-03-16", "2026-03-31"


def boards(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The dashboards of a stream; the id of each is its position."""
    at = ""
    for line in lines:
        if line.startswith("id: "):
            at = line.removeprefix("id: ")
        if line.startswith("data: "):
            board = json.loads(line.removeprefix("data: "))
            assert at == str(board["position"])
            yield board


def test_a_promise_is_due_then_broken_and_the_stream_follows_the_ledger(system: System) -> None:
    world = World.make(system, day=ISSUED)
    customer = world.customer(name="Scierie du Lac SA")
    invoice = world.invoice(customer, "100.00", issued_on=ISSUED, terms={"kind": "NET", "days": 7})["id"]
    promise = {"invoice_ids": [invoice], "amount": eur("90.00"), "promised_on": PROMISED}
    promised = world.post("dunning", "/v1/promises", promise)
    world.advance(PROMISED)
    board = world.get("reporting", "/v1/dashboard")
    assert board["promised_today"] == {"definition": "promises-due/1", "number": 1, "amount": eur("90.00")}
    assert board["broken_promises"]["number"] == 0
    risk = {"definition": "past-90/1", "amount": eur("0.00"), "share": 0.0, "reason": None}
    assert board["at_risk"] == risk
    assert board["overdue_rate"] == {"definition": "overdue-rate/1", "percent": 100.0, "reason": None}
    named = {board[name]["definition"] for name in ("last_30_days", "promised_today", "broken_promises")}
    assert named <= {entry["id"] for entry in world.get("reporting", "/v1/definitions")["data"]}
    (month,) = world.get("reporting", "/v1/collection-effectiveness", **{"from": PROMISED})["data"]
    assert board["collection_effectiveness"] == month["collection_effectiveness"]

    reporting = world.client("reporting")
    refused = reporting.get("/v1/dashboard/stream", params={"report_currency": "USD"})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/exchange-rate-missing")
    with reporting.stream("GET", "/v1/dashboard/stream", timeout=httpx.Timeout(HANG_S)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        following = boards(answer.iter_lines())
        first = next(following)
        assert (first["totals"], first["tie_out"]["equal"]) == (board["totals"], True)
        expecting = first
        while expecting["expected_cash"]["reason"] == "forecast-not-made":
            expecting = next(following)
        assert expecting["position"] == first["position"]
        world.invoice(customer, "50.00", issued_on=PROMISED)
        second = next(following)
    assert second["position"] > first["position"]
    assert second["totals"]["outstanding"] == eur("180.00")
    cash = second["expected_cash"]
    assert cash == expecting["expected_cash"]
    made = world.get("reporting", "/v1/cash-forecast", as_of=PROMISED, known_at=cash["position"])
    assert [cash["this_week"], cash["next_week"]] == made["data"][:2]
    assert made["data"][0]["end"] == "2026-03-22"
    assert float(made["parts"]["expected"]["amount"]) > 0
    # Of a single debt mostly nothing comes in a week.
    assert cash["this_week"]["range_80"]["low"] == eur("0.00")

    world.advance(LATER)
    wait_until(
        lambda: world.get("reporting", "/v1/dashboard")["broken_promises"]["number"] == 1,
        "the promise is not judged",
    )
    broken = world.get("reporting", "/v1/dashboard")["broken_promises"]
    (row,) = broken["largest"]
    assert (broken["amount"], broken["missing"]) == (eur("90.00"), eur("90.00"))
    assert (row["promise_id"], row["customer_id"], row["name"]) == (
        promised["id"],
        customer,
        "Scierie du Lac SA",
    )
    then = world.get("reporting", "/v1/dashboard", as_of=PROMISED, known_at=board["position"])
    as_then = {"known_at": str(board["position"]), "expected_cash": then["expected_cash"]}
    assert then == board | as_then
    assert then["expected_cash"]["reason"] == "no-forecast-of-the-past"

"""A read shows the last write, on any service and without a parameter.

A read waits 250 ms at most, so on a busy machine some are late. Those say so, and one that follows is right; a figure
that is wrong and does not say so fails.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import httpx
import pytest

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.world import World, eur

FLOWS = 60
"""Before reads waited, 59 of 60 were behind."""
TYRES = {"description": "Pneu hiver 205/55 R16", "quantity": "4", "unit_price": "89.90", "vat_rate": "20"}


@pytest.fixture(scope="module")
def world(system: System) -> World:
    world = World.make(system)
    for service in ("invoice", "dunning", "risk", "reporting"):
        world.get(service, "/v1/read-models")
    system.wait_caught_up(world.ledger)
    return world


def read(world: World, service: str, path: str, **parameters: str) -> httpx.Response:
    """GET as printed in the README: nothing in it asks for a position."""
    answer = world.client(service).get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


def fresh(world: World, service: str, path: str, **parameters: str) -> dict[str, Any]:
    """The first answer without a lag. It has the last write; those before it, a 404 too, had their lag."""
    found: dict[str, Any] = {}

    def holds_all() -> bool:
        answer = world.client(service).get(path, params=parameters)
        lag: str = answer.headers.get("Encours-Lag", "0")
        assert answer.status_code == 200 or (answer.status_code == 404 and lag != "0"), answer.text
        if answer.status_code == 404:
            return False
        found.update(answer.json())
        assert lag == "unknown" or found["position"] + int(lag) >= world.position
        return lag == "0"

    wait_until(holds_all, f"{path} stays behind")
    return found


def test_an_aged_balance_read_straight_after_a_payment_counts_it(world: World) -> None:
    """The README's flow: 431.52 invoiced, 200.00 paid, 231.52 open."""
    shown: list[Any] = []
    for _ in range(FLOWS):
        customer = world.customer()
        invoice = world.invoice(customer, lines=[TYRES])
        assert invoice["outstanding"] == eur("431.52")
        world.payment(customer, "200.00", world.today, remittance_text=f"VIR {invoice['number']}")
        (row,) = fresh(world, "reporting", "/v1/aged-balance", customer_id=customer)["data"]
        shown.append(row["outstanding"])
    assert shown == [eur("231.52")] * FLOWS


def test_every_service_shows_the_last_write(world: World) -> None:
    for _ in range(10):
        customer = world.customer()
        number = world.invoice(customer)["number"]
        listed = fresh(world, "invoice", "/v1/invoices", customer_id=customer)
        assert [row["number"] for row in listed["data"]] == [number]
        fresh(world, "dunning", "/v1/cases", customer_id=customer)
        fresh(world, "risk", f"/v1/customers/{customer}/exposure")
        events = fresh(world, "reporting", f"/v1/customers/{customer}/timeline")["data"]
        assert "invoice.issued" in {event["type"] for event in events}


def test_a_stopped_worker_costs_a_header_and_never_an_error(world: World) -> None:
    customer = world.customer()
    world.get("reporting", "/v1/aged-balance")
    (worker,) = world.system.processes("worker", "reporting")
    world.system.suspend(worker)
    try:
        world.invoice(customer)
        stale = read(world, "reporting", "/v1/aged-balance", customer_id=customer)
    finally:
        world.system.resume(worker)
    assert int(stale.headers["Encours-Lag"]) == world.position - stale.json()["position"] > 0
    assert world.get("reporting", "/v1/aged-balance", customer_id=customer)["data"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such policy")
def test_a_worker_that_wakes_up_interrupts_no_api(system: System) -> None:
    def policies(role: str) -> set[int]:
        return {os.sched_getscheduler(each.pid) for each in system.processes(role) if each.pid is not None}

    assert policies("worker") == {os.SCHED_BATCH}
    assert policies("api") == {os.SCHED_OTHER}

"""What was just written is in the next read, whichever service is asked, and without a parameter."""

from __future__ import annotations

import httpx
import pytest

from encours.testing.system import System
from tests.e2e.world import World, eur

FLOWS = 60
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


def test_an_aged_balance_read_straight_after_a_payment_counts_it(world: World) -> None:
    """The README's flow: 431.52 invoiced, 200.00 paid, 231.52 open."""
    shown = []
    for _ in range(FLOWS):
        customer = world.customer()
        invoice = world.invoice(customer, lines=[TYRES])
        assert invoice["outstanding"] == eur("431.52")
        world.payment(customer, "200.00", world.today, remittance_text=f"VIR {invoice['number']}")
        balance = read(world, "reporting", "/v1/aged-balance", customer_id=customer)
        (row,) = balance.json()["data"]
        shown.append((row["outstanding"], balance.headers.get("Encours-Lag")))
    assert shown == [(eur("231.52"), None)] * FLOWS


def test_every_service_shows_the_last_write(world: World) -> None:
    for _ in range(10):
        customer = world.customer()
        number = world.invoice(customer)["number"]
        reads = {
            "listed": read(world, "invoice", "/v1/invoices", customer_id=customer),
            "exposure": read(world, "risk", f"/v1/customers/{customer}/exposure"),
            "cases": read(world, "dunning", "/v1/cases", customer_id=customer),
            "timeline": read(world, "reporting", f"/v1/customers/{customer}/timeline"),
        }
        behind = {name: found.headers.get("Encours-Lag") for name, found in reads.items()}
        assert behind == dict.fromkeys(reads)
        assert all(found.json()["position"] >= world.position for found in reads.values())
        assert [row["number"] for row in reads["listed"].json()["data"]] == [number]


def test_a_stopped_worker_costs_a_header_and_never_an_error(own_system: System) -> None:
    world = World.make(own_system)
    customer = world.customer()
    world.get("reporting", "/v1/aged-balance")
    for worker in own_system.processes("worker", "reporting"):
        own_system.suspend(worker)
    world.invoice(customer)
    stale = read(world, "reporting", "/v1/aged-balance", customer_id=customer)
    assert int(stale.headers["Encours-Lag"]) == world.position - stale.json()["position"] > 0
    for worker in own_system.processes("worker", "reporting"):
        own_system.resume(worker)
    assert world.get("reporting", "/v1/aged-balance", customer_id=customer)["data"]

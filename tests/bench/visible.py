"""From a command to its figure: POST that issues an invoice, then its customer's aged balance that counts it.

A whole installation as `make run` starts it; 100 commands a second for some seconds, begun on time whether or not the
ones before are through. Each is over when reporting has answered with a state that includes the command
(`min_position`). The reference, in the same run at the same rate, does not wait for it (`fresh=false`).
"""

from __future__ import annotations

import asyncio
import json
import time
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx

from encours.testing.system import System, running_system
from tests.bench import Entry, entry
from tests.bench.raw import Answer, Connection, request

PER_S = 100
SECONDS = 8
WARM_UP_S = 4
CUSTOMERS = 50
LEDGER = "bench"
TARGET_MS = 100.0


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_system() as system:
        system.encours("ledger", "create", LEDGER)
        system.wait_caught_up(LEDGER)
        return asyncio.run(_measure(system))


async def _measure(system: System) -> list[Entry]:
    headers = {"Authorization": f"Bearer {system.key}", "Encours-Ledger": LEDGER}
    async with httpx.AsyncClient(base_url=system.url("invoice"), headers=headers, timeout=30) as client:
        load = _Load(system, *await _books(client))
    await load.run(WARM_UP_S, wait=True)
    asked, visible = await load.run(SECONDS, wait=False), await load.run(SECONDS, wait=True)
    p99, reference = _p99(visible), _p99(asked)
    return [
        entry(
            f"command to visible in reporting, p99 at {PER_S}/s", p99, "ms",
            reference="the same two requests without waiting for the state, p99", reference_value=reference,
            target=f"< {TARGET_MS:g} ms", met=p99 < TARGET_MS,
        ),
    ]  # fmt: skip


class _Load:
    """Pairs of requests at a fixed rate; the milliseconds that each took."""

    def __init__(self, system: System, entity: str, customers: list[str]) -> None:
        self._system, self._entity, self._customers = system, entity, customers
        self._idle: dict[str, list[Connection]] = {"invoice": [], "reporting": []}

    async def run(self, seconds: int, *, wait: bool) -> list[float]:
        begun, pairs = time.perf_counter(), []
        for n in range(seconds * PER_S):
            await asyncio.sleep(max(0.0, begun + n / PER_S - time.perf_counter()))
            pairs.append(asyncio.create_task(self._pair(n, wait)))
        return await asyncio.gather(*pairs)

    async def _pair(self, n: int, wait: bool) -> float:
        customer, started = self._customers[n % len(self._customers)], time.perf_counter()
        line = {"description": "Pneu hiver", "quantity": "4", "unit_price": "89.90", "vat_rate": "20"}
        body = {"entity_id": self._entity, "customer_id": customer, "lines": [line], "issue": True}
        made = await self._send("invoice", "POST", "/v1/invoices", json.dumps(body).encode())
        position = int(made.header("Encours-Position"))
        path = f"/v1/aged-balance?customer_id={customer}" + (
            f"&min_position={position}" if wait else "&fresh=false"
        )
        found = await self._send("reporting", "GET", path)
        took = (time.perf_counter() - started) * 1000
        assert not wait or json.loads(found.body)["position"] >= position
        return took

    async def _send(self, service: str, method: str, path: str, body: bytes = b"") -> Answer:
        idle = self._idle[service]
        port = urlsplit(self._system.url(service)).port
        assert port is not None
        connection = idle.pop() if idle else await Connection.open(port)
        answer = await connection.send(request(method, path, self._system.key, body, ledger=LEDGER))
        assert answer.status in (200, 201), answer
        idle.append(connection)
        return answer


async def _books(invoice: httpx.AsyncClient) -> tuple[str, list[str]]:
    address = {"lines": ["1 rue de la Paix"], "postal_code": "75002", "city": "Paris"}
    seller = {
        "name": "Banc SAS",
        "legal_form": "SAS, capital 10 000 EUR, RCS Paris",
        "siren": "552100554",
        "vat_id": "FR96552100554",
        "address": address,
    }
    entity = await _made(invoice, "/v1/entities", seller)
    buyers = [{"entity_id": entity, "name": f"Garage {n}", "address": address} for n in range(CUSTOMERS)]
    return entity, [await _made(invoice, "/v1/customers", buyer) for buyer in buyers]


async def _made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> str:
    return str((await client.post(path, json=body)).raise_for_status().json()["id"])


def _p99(milliseconds: list[float]) -> float:
    return quantiles(milliseconds, n=100)[98]

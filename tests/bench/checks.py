"""Credit checks of orders: each reads all figures of a customer as the whole ledger has them, decides, and is recorded.

A whole installation as `make run` starts it, with 20,000 customers of whom each owes an invoice; every tenth owes
30, has credit insurance and belongs to a group of four. Checks of customers drawn at random are due at 50, 100 and 200
a second, whether or not the ones before are through, and each takes from the moment when it was due to its answer:
first of the others alone, at last of all. The reference, in the same run at the highest rate, is a route of the same
process that reads one stream: that of a check.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import uvloop

from encours.embedded.access import local_admin_url
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn
from encours.postgres.connection import connect
from encours.service.memory import tune_collector
from encours.testing.system import System, running_system
from tests.bench import Entry, entry
from tests.bench.raw import Answer, Connection, request

RATES_PER_S = (50, 100, 200)
SECONDS = 15
WARM_UP_S = 3
CUSTOMERS = 20_000
LARGE_CUSTOMERS = 2_000
LARGE_INVOICES = 30
GROUP = 4
INSURANCE = {
    "insured_share_bps": 9000,
    "longest_extension_days": 60,
    "notice_days": 60,
    "hand_over_days": 120,
    "waiting_days": 150,
    "stop_days": 60,
    "turnover": {"period": "month", "within_days": 15},
}
BATCH_ITEMS = 1_000
CONNECTIONS = 16
LEDGER = "bench"
TARGET_MS = 20.0
KEPT_UP = 0.98
"""Least share of the rate that has to be answered within the time."""


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_system() as system:
        system.encours("ledger", "create", LEDGER)
        system.wait_caught_up(LEDGER)
        customers = asyncio.run(_books(system))
        system.wait_caught_up(LEDGER)
        asyncio.run(_vacuumed(system))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measure(system, customers))


async def _vacuumed(system: System) -> None:
    """Leave the tables as autovacuum does within minutes: a ledger is checked against longer than it is loaded."""
    admin = local_admin_url(system.layout, system.run)
    assert admin is not None
    for database in (LEDGER_DATABASE, "encours_risk"):
        conn = await connect(database_dsn(admin, database))
        await conn.execute("vacuum (analyze)")
        await conn.close()


async def _measure(system: System, customers: list[str]) -> list[Entry]:
    tune_collector()  # a pause of this client's collector would count as one of the service
    client = _Client(system, "risk")
    large = set(_large(customers))
    load = _Load(client, [each for each in customers if each not in large])
    await load.run(RATES_PER_S[0], WARM_UP_S)
    found = [(rate, *await load.run(rate, SECONDS)) for rate in RATES_PER_S]
    reference, _ = await load.run(RATES_PER_S[-1], SECONDS, decide=False)
    mixed = await _Load(client, customers).run(RATES_PER_S[-1], SECONDS)

    def row(name: str, rate: int, took: list[float], answered_per_s: float, *, bound: bool = True) -> Entry:
        p50, p99 = (quantiles(took, n=100)[n] for n in (49, 98))
        return entry(
            f"{name}, p99 at {rate}/s (p50 {p50:.1f} ms, answered {answered_per_s:.0f}/s)", p99, "ms",
            reference=f"a check read by the same process at {RATES_PER_S[-1]}/s, p99",
            reference_value=quantiles(reference, n=100)[98],
            target=f"< {TARGET_MS:g} ms" if bound else "none",
            met=p99 < TARGET_MS and answered_per_s >= KEPT_UP * rate if bound else None,
        )  # fmt: skip

    tenth = "credit checks, every tenth of an insured customer in a group"
    return [
        *(row("credit checks", *each) for each in found),
        row(tenth, RATES_PER_S[-1], *mixed, bound=False),
    ]


def _large(customers: list[str]) -> list[str]:
    return customers[:: CUSTOMERS // LARGE_CUSTOMERS]


class _Client:
    """Kept connections to a service."""

    def __init__(self, system: System, service: str) -> None:
        port = urlsplit(system.url(service)).port
        assert port is not None
        self._port, self._key = port, system.key
        self._idle: list[Connection] = []

    async def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request on an idle connection, or on a new one. It may be refused: 429 or 503."""
        raw = b"" if body is None else json.dumps(body).encode()
        connection = self._idle.pop() if self._idle else await Connection.open(self._port)
        answer = await connection.send(request(method, path, self._key, raw, ledger=LEDGER))
        assert answer.status in (200, 201, 429, 503), answer
        self._idle.append(connection)
        return answer

    async def made(self, method: str, path: str, body: Any) -> Any:
        """Send a command that has to succeed; return its answer."""
        answer = await self.send(method, path, body)
        assert answer.status in (200, 201), answer
        return json.loads(answer.body)


class _Load:
    """Requests that begin at a fixed rate."""

    def __init__(self, client: _Client, customers: Sequence[str]) -> None:
        self._client, self._customers = client, customers
        self._dice = random.Random(11)
        self._decided: list[str] = []

    async def run(self, per_s: int, seconds: int, *, decide: bool = True) -> tuple[list[float], float]:
        """Return the milliseconds that each answer took, and the answers per second; a refusal is no answer."""
        begun, sent = time.perf_counter(), []
        for n in range(seconds * per_s):
            due = begun + n / per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            sent.append(asyncio.create_task(self._check(due) if decide else self._read(due)))
        took = [each for each in await asyncio.gather(*sent) if each is not None]
        return took, len(took) / (time.perf_counter() - begun)

    async def _check(self, due: float) -> float | None:
        order = {
            "customer_id": self._dice.choice(self._customers),
            "amount": {"amount": "99.00", "currency": "EUR"},
        }
        answer = await self._client.send("POST", "/v1/checks", order)
        took = (time.perf_counter() - due) * 1000
        if answer.status != 201:
            return None
        self._decided.append(json.loads(answer.body)["decision_id"])
        return took

    async def _read(self, due: float) -> float | None:
        answer = await self._client.send("GET", f"/v1/checks/{self._dice.choice(self._decided)}")
        return (time.perf_counter() - due) * 1000 if answer.status == 200 else None


async def _books(system: System) -> list[str]:
    """Make the customers and their invoices; return the customers' ids."""
    client = _Client(system, "invoice")
    address = {"lines": ["1 rue de la Paix"], "postal_code": "75002", "city": "Paris"}
    seller = {
        "name": "Banc SAS",
        "legal_form": "SAS, capital 10 000 EUR, RCS Paris",
        "siren": "552100554",
        "vat_id": "FR96552100554",
        "address": address,
    }
    entity = (await client.made("POST", "/v1/entities", seller))["id"]
    made: list[str] = []

    async def register(n: int) -> None:
        buyer = {"entity_id": entity, "name": f"Garage {n}", "address": address}
        made.append((await client.made("POST", "/v1/customers", buyer))["id"])

    await _side_by_side(register, range(CUSTOMERS))
    large = _large(made)
    line = {"description": "Pneu hiver", "quantity": "4", "unit_price": "89.90", "vat_rate": "20"}
    owed = made + large * (LARGE_INVOICES - 1)
    for first in range(0, len(owed), BATCH_ITEMS):
        items = [
            {"entity_id": entity, "customer_id": each, "lines": [line]}
            for each in owed[first : first + BATCH_ITEMS]
        ]
        await client.made("POST", "/v1/invoices:batch", {"issue": True, "items": items})
    await _group_and_insure(client, _Client(system, "risk"), entity, large)
    return made


async def _group_and_insure(invoice: _Client, risk: _Client, entity: str, customers: Sequence[str]) -> None:
    contract = {
        "entity_id": entity, "insurer": "Coface", "policy_number": "FR-4711", "currency": "EUR",
        "valid_from": datetime.now(tz=UTC).date().replace(month=1, day=1).isoformat(), "terms": INSURANCE,
    }  # fmt: skip
    await risk.made("PUT", "/v1/insurance-contracts/BENCH", contract)

    async def relate(n: int) -> None:
        customer, head = customers[n], customers[n - n % GROUP]
        if customer != head:
            await invoice.made("PUT", f"/v1/customers/{customer}/roles", {"group": head})
        cover = {"contract_code": "BENCH", "amount": {"amount": "20000.00", "currency": "EUR"}}
        await risk.made("POST", f"/v1/customers/{customer}/covers", cover)

    await _side_by_side(relate, range(len(customers)))


async def _side_by_side(work: Callable[[int], Awaitable[None]], numbers: Iterable[int]) -> None:
    left = iter(numbers)

    async def some() -> None:
        for n in left:
            await work(n)

    await asyncio.gather(*(some() for _ in range(CONNECTIONS)))

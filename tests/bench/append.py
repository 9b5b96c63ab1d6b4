"""Appending with every guarantee on, against one durable insert per transaction, in neighbouring slices.

An append here is a whole command of one event: command id and fingerprint recorded, stream head checked, position
assigned under the ledger's lock, role, family, stream and fields checked, synchronous commit.
"""

from __future__ import annotations

import asyncio
import time
from datetime import date
from statistics import median

import uvloop

from encours.contracts import encode
from encours.kernel.ids import new_id, uuid7
from encours.ledger import Append, Ledger, NewEvent
from encours.ledger.migrate import LEDGER_DATABASE
from encours.service.memory import tune_collector
from encours.testing.events import issued
from tests.bench import Entry, entry
from tests.bench.reference import NAME, Server, compiler, pgbench, server

ROUNDS = 5
SLICE_S = 2.0
DELAY_US = 1_000
TARGETS = {DELAY_US: {32: 1.1, 256: 2.5}, 0: {32: 0.9, 256: 1.5}}
EVENT = issued(
    invoice_id=new_id("inv"),
    customer_id=new_id("cus"),
    number="",
    origin="import",
    purpose=None,
    reference="PO 4711",
)
PAYLOAD = encode(EVENT)
TODAY = date(2026, 1, 31)
MOST_PER_S = 100_000
"""More than any caller comes through."""


async def run() -> list[Entry]:
    """Slow disk first, where there is a compiler for it; then the disk as it is."""
    entries = []
    for delay_us in (DELAY_US, 0) if compiler() else (0,):
        entries += await asyncio.to_thread(_measure, delay_us)
    return entries


def _measure(delay_us: int) -> list[Entry]:
    with server(delay_us) as running:
        return uvloop.run(_slices(running))


async def _slices(running: Server) -> list[Entry]:
    role = "encours_invoice"
    ledger = await Ledger.open(
        running.postgres.dsn(LEDGER_DATABASE, user=role, password=running.secrets.roles[role])
    )
    await ledger.create_ledger("bench", "live", "UTC")
    tune_collector()  # as the services do
    await _appends(ledger, 32, 0.5)
    rates: dict[int, list[float]] = {callers: [] for callers in TARGETS[running.delay_us]}
    references: dict[int, list[float]] = {callers: [] for callers in rates}
    for _ in range(ROUNDS):
        for callers in rates:
            references[callers].append(await asyncio.to_thread(pgbench, running, PAYLOAD, SLICE_S))
            rates[callers].append(await _appends(ledger, callers, SLICE_S))
    await ledger.close()
    return [_entry(running.delay_us, callers, rates[callers], references[callers]) for callers in rates]


async def _appends(ledger: Ledger, callers: int, seconds: float) -> float:
    """Durable appends per second by so many callers, each waiting for its own before the next.

    What they append is made before the clock starts, as pgbench's statement is.
    """
    load = [_one() for _ in range(int(seconds * MOST_PER_S))]
    started = time.perf_counter()
    stop = started + seconds

    async def caller() -> None:
        while time.perf_counter() < stop:
            await ledger.append(load.pop())

    await asyncio.gather(*[caller() for _ in range(callers)])
    return (int(seconds * MOST_PER_S) - len(load)) / (time.perf_counter() - started)


def _one() -> Append:
    event = NewEvent(new_id("inv"), 1, EVENT, "ent_bench", TODAY, uuid7())
    return Append(
        ledger="bench", command_id=uuid7(), fingerprint=b"f" * 32, events=(event,), actor="key:bench"
    )


def _entry(delay_us: int, callers: int, rates: list[float], references: list[float]) -> Entry:
    ratio = median(rate / reference for rate, reference in zip(rates, references, strict=True))
    target = TARGETS[delay_us][callers]
    disk = f"+{delay_us // 1000} ms a sync" if delay_us else "native disk"
    return entry(
        f"append, {callers} callers, {disk}",
        median(rates),
        "events/s",
        reference=NAME,
        reference_value=median(references),
        ratio=ratio,
        target=f"ratio >= {target}",
        met=ratio >= target,
    )

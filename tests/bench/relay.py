"""Relay → JetStream → projector, every publish synced to disk: events from the ledger until they stand in a read model.

The relay and the projector run in processes of their own, as they do in an installation. The events come through the
stream alone: the projector's short cut to the ledger is taken out. The reference is what bare nats-py publishes to such
a stream with 128 in flight, without headers, and nobody consuming.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import nats
import uvloop
from nats.aio.client import Client
from nats.js.api import StorageType, StreamConfig

from encours.ledger import Ledger
from encours.service.memory import tune_collector
from encours.testing.servers import Installation, fresh_installation, running_cluster
from encours.transport.client import connect

EVENTS = 40_000
IN_FLIGHT = 128
TARGET_PER_S = 10_000
ROUNDS = 2
LEDGER = "relay"

_FILL = """
insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version, event_id, command_id,
                          stream, type, entity, actor, data)
select p, now(), 1, '2026-01-01', l.id, 1, gen_random_uuid(), gen_random_uuid(), 'inv_' || md5('i' || p),
       'invoice.issued', 'ent_bench', 'service:bench', convert_to('{"currency":"EUR","customer_id":"cus_' || p % 1000 ||
       '","due_on":"2026-03-31","invoice_id":"inv_' || md5('i' || p) || '","issued_on":"2026-01-31","net_minor":24000,'
       '"number":"FAC-' || p || '","origin":"issued","reference":null,"salesperson":null,"series":"FAC",'
       '"supply_on":"2026-01-31","terms":{"days":45,"due_kind":"NET","indemnity_minor":4000,"penalty_rate_bps":null},'
       '"total_minor":28800,"vat":[],"vat_minor":4800}', 'UTF8')
  from generate_series($1::int + 1, $2::int) p, ledger.ledgers l where l.name = 'relay'
"""


async def _relay(ledger_url: str, nats_url: str) -> None:
    from encours.transport.heads import watch_heads
    from encours.transport.relay import Relay

    ledger = await Ledger.open(ledger_url)
    relay = Relay(await connect(nats_url, "bench relay"), ledger, LEDGER)
    await asyncio.gather(relay.run(), watch_heads(ledger, lambda: True, lambda _, head: relay.note(head)))


async def _projector(ledger_url: str, store_url: str, nats_url: str) -> None:
    from encours.postgres.leases import Leases
    from encours.projection.control import STORE_SETTINGS, ensure_control
    from encours.projection.subscription import ProjectorContext, Subscription
    from encours.transport.client import NatsConnection
    from encours.transport.tail import Tail
    from tests.bench.open_items import OpenItems

    class StreamOnly(Tail):
        async def _read_ledger(self) -> None:
            """The stream is what is measured."""

    ledger = await Ledger.open(ledger_url)
    pool = await asyncpg.create_pool(
        store_url, min_size=1, max_size=3, server_settings=STORE_SETTINGS | {"synchronous_commit": "off"}
    )
    await ensure_control(pool)
    tail = StreamOnly(NatsConnection(nats_url, "bench projector"), ledger, LEDGER)
    context = ProjectorContext(
        "bench", ledger, ledger_url, store_url, pool, Leases(store_url, "bench"), asyncio.Event()
    )
    subscription = Subscription(context, await ledger.info(LEDGER), OpenItems(), None, tail)
    await asyncio.gather(tail.run(), subscription.run())


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.relay", *arguments], stdout=subprocess.DEVNULL
    )


async def run() -> list[dict[str, Any]]:
    """Entries for ``var/bench.json``."""
    return await asyncio.to_thread(_run)


def _run() -> list[dict[str, Any]]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        return asyncio.run(_measure(installation))


async def _measure(installation: Installation) -> list[dict[str, Any]]:
    ledger_url, store_url = installation.admin_url(), installation.store_url("reporting")
    relay_url, nats_url = installation.nats_url("relay"), installation.nats_url("reporting")
    ledger = await Ledger.open(ledger_url)
    await ledger.create_ledger(LEDGER, "live", "UTC")
    await ledger.close()
    admin = await asyncpg.connect(ledger_url)
    store = await asyncpg.connect(store_url)
    processes = [_start("relay", ledger_url, relay_url), _start("projector", ledger_url, store_url, nats_url)]
    try:
        await _until_at(store, 0)
        rates, references = [], []
        for number in range(ROUNDS):
            references.append(await _bare(installation.nats.server.url(), f"BARE{number}"))
            await admin.execute(_FILL, number * EVENTS, (number + 1) * EVENTS)
            started = time.perf_counter()
            await _until_at(store, (number + 1) * EVENTS)
            rates.append(EVENTS / (time.perf_counter() - started))
    finally:
        for process in processes:
            process.kill()
            process.wait()
        await admin.close()
        await store.close()
    rate, bare = max(rates), max(references)
    return [
        {
            "name": "relay to projector, sync_interval always",
            "value": round(rate),
            "unit": "events/s",
            "reference": "bare nats-py publish, 128 in flight, no headers, no consumer",
            "reference_value": round(bare),
            "ratio": round(rate / bare, 3),
            "target": TARGET_PER_S,
            "met": rate >= TARGET_PER_S,
        }
    ]


async def _until_at(store: asyncpg.Connection, position: int) -> None:
    deadline = time.perf_counter() + 120
    while time.perf_counter() < deadline:
        try:
            if (await store.fetchval("select max(position) from encours.checkpoint") or -1) >= position:
                return
        except asyncpg.UndefinedTableError:
            pass  # the projector has not come so far yet
        if position == 0 and await _built(store):
            return
        await asyncio.sleep(0.005)
    raise TimeoutError(f"the projector did not come to {position}")


async def _built(store: asyncpg.Connection) -> bool:
    return bool(await store.fetchval("select to_regclass('encours.checkpoint')")) and bool(
        await store.fetchval("select exists (select from encours.checkpoint)")
    )


async def _bare(url: str, name: str) -> float:
    client: Client = await nats.connect(url)
    try:
        js = client.jetstream()
        await js.add_stream(StreamConfig(name=name, subjects=[f"{name}.>"], storage=StorageType.FILE))
        body, flying, started = b"x" * 382, deque[asyncio.Future[Any]](), time.perf_counter()
        for position in range(EVENTS // 4):
            headers = {"Nats-Expected-Last-Sequence": str(position)}
            flying.append(await js.publish_async(f"{name}.x", body, headers=headers))
            if len(flying) >= IN_FLIGHT:
                await flying.popleft()
        while flying:
            await flying.popleft()
        rate = EVENTS / 4 / (time.perf_counter() - started)
        await js.delete_stream(name)
    finally:
        await client.close()
    return rate


if __name__ == "__main__":
    parts: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {"relay": _relay, "projector": _projector}
    tune_collector()  # as the services do
    uvloop.run(parts[sys.argv[1]](*sys.argv[2:]))

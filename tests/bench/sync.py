"""A check of 1,000,000 open items against the list of another system, from its bytes to the stored differences.

One line in a thousand differs by a cent. The reference, in the same run, is COPY of the very same lines from memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg

from encours.projection.control import STORE_SETTINGS
from encours.projection.schemas import schema_of
from encours.reading.read_db import ReadDb
from encours.service.memory import peak_mib
from encours.testing.servers import Installation, fresh_installation, running_cluster
from invoice_svc.clock.background import prepare_store
from invoice_svc.read_models.lists import Lists
from invoice_svc.sync.comparing import SyncComparison
from invoice_svc.sync.lines import ListForm, read_list
from invoice_svc.sync.store import SyncCheck, SyncStore
from tests.bench import Entry, entry
from tests.bench.search import DAY, ENTITY, INVOICES, LEDGER, fill

TARGET_S = 120.0
TARGET_MIB = 100.0


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        return asyncio.run(_measure(installation))


async def _measure(installation: Installation) -> list[Entry]:
    schema = schema_of(Lists.name, LEDGER)
    await prepare_store(installation.store_url())
    conn = await asyncpg.connect(installation.store_url(), server_settings=STORE_SETTINGS)
    await fill(installation, conn, schema)
    await conn.close()
    db = await ReadDb.open(installation.store_url(), models=[Lists()])
    try:
        store = SyncStore(db.pool)
        before_mib = peak_mib()
        started = time.perf_counter()
        lines, sha256 = await store.take("syn_bench", read_list(_lines(), ListForm("ndjson", "EUR")))
        made = SyncCheck(
            id="syn_bench", ledger=LEDGER, fingerprint=b"", entity_id=ENTITY, made_on=DAY, position=INVOICES,
            made_at=datetime.now(UTC), actor="bench", lines=lines, sha256=sha256, totals=(), counts={},
        )  # fmt: skip
        check = await store.compare(SyncComparison("syn_bench", ENTITY, schema, INVOICES, DAY, 1), made)
        taken_s = time.perf_counter() - started
        grown_mib = peak_mib() - before_mib
        assert check.counts == {"rounding": INVOICES // 1000}, check.counts
        reference_s = await _copy_s(store)
    finally:
        await db.close()
    return [
        entry(
            f"check of {INVOICES:,} open items against another system's list",
            taken_s,
            "s",
            reference="COPY of the same lines",
            reference_value=reference_s,
            target=f"{TARGET_S:.0f} s",
            met=taken_s < TARGET_S,
        ),
        entry(
            "the same: growth of the process",
            grown_mib,
            "MiB",
            reference="the process before",
            reference_value=before_mib,
            target=f"{TARGET_MIB:.0f} MiB",
            met=grown_mib < TARGET_MIB,
        ),
    ]


async def _lines() -> AsyncIterator[bytes]:
    for n in range(1, INVOICES + 1):
        total = 10_000 + n * 7919 % 900_000 + (n % 1000 == 0)
        number = b"%06d" % n  # the bench cuts the last one to six digits, so that two invoices share a number
        yield b'{"number":"FAC-2026-%b","outstanding":"%d.%02d"}' % (number[:6], total // 100, total % 100)


async def _copy_s(store: SyncStore) -> float:
    records = [item.record("syn_copy") async for item in read_list(_lines(), ListForm("ndjson", "EUR"))]
    started = time.perf_counter()
    async with store.pool.acquire() as conn:
        await conn.copy_records_to_table("line", schema_name="sync", records=records)
    return time.perf_counter() - started

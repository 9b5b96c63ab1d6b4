"""FEC of 1,000,000 entries: an export as the worker runs it, in a process of its own whose peak memory counts.

The events are those of the bench ``replay``: 200,000 invoices of 20,000 customers and four payments of each, so an
entry of three lines and four of two. Once it is killed half-way and begun again: the file has to be the same. The
references write the movements as text: COPY of the database, and DuckDB from Parquet. Neither makes entries nor letters
them.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import duckdb

from encours.projection.control import ensure_control
from encours.projection.rebuild import rebuild
from encours.projection.schemas import schema_of
from encours.service.memory import peak_mib
from encours.service.settings import ServiceSettings
from encours.testing.servers import fresh_installation, running_cluster
from reporting_svc.exports.job import PROCESS
from reporting_svc.exports.store import Export, ExportStore
from reporting_svc.read_models.receivables import Receivables
from tests.bench import Entry, entry
from tests.bench.beside import movements_in_parquet
from tests.bench.replay import EVENTS, LEDGER, fill

ENTITY = "ent_" + "b" * 32
TARGET_LINES_PER_S = 50_000
TARGET_MIB = 250

_PARTIES = """
insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version, event_id, command_id,
                          stream, type, entity, actor, data)
select {events} + 1 + n, '2026-12-31'::timestamptz, 1, '2026-01-01', l.id, 1, gen_random_uuid(), gen_random_uuid(),
       case n when 0 then '{entity}' else 'cus_' || md5('c' || n - 1) end,
       case n when 0 then 'entity.registered' else 'customer.registered' end, '{entity}', 'service:bench',
       convert_to(case n when 0 then
         '{{"address":null,"country":"FR","currency":"EUR","entity_id":"{entity}","iban":null,"legal_form":null,'
         '"name":"Banc d''essai SAS","siren":"552100554","time_zone":"UTC","vat_id":null}}'
       else
         '{{"address":null,"country":"FR","customer_id":"cus_' || md5('c' || n - 1) || '","email":null,' ||
         '"entity_id":"{entity}","external_ref":"C' || n || '","language":"fr","name":"Customer ' || n ||
         '","phone":null,"salesperson":null,"segment":null,"siren":null,"vat_id":null}}'
       end, 'UTF8')
  from ledger.ledgers l, generate_series(0, 20000) n where l.name = '{ledger}' order by n
"""


async def run() -> list[Entry]:
    """Entries for ``var/bench.json``."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        addresses = (installation.admin_url("ledger"), installation.admin_url("reporting"))
        asyncio.run(_prepare(*addresses))
        whole = _child("whole", *addresses)
        halved = _child("halved", *addresses)
        bare = asyncio.run(_copied(addresses[1]))
        duck = asyncio.run(_by_duckdb(addresses[1]))
    assert whole["sha256"] == halved["sha256"], "a resumed export is the same file"
    rate, reference = whole["lines"] / whole["seconds"], EVENTS / bare
    return [
        entry(
            f"FEC of {whole['entries']:,} entries",
            rate,
            "lines/s",
            reference="COPY of the movements as text, rows/s",
            reference_value=reference,
            target=f">= {TARGET_LINES_PER_S:,} lines/s",
            met=rate >= TARGET_LINES_PER_S,
        ),
        entry(
            "the same beside DuckDB",
            rate,
            "lines/s",
            reference="movements in Parquet as text, rows/s",
            reference_value=EVENTS / duck,
            target="none",
            met=None,
        ),
        entry(
            "peak memory of that export",
            whole["peak_mib"],
            "MiB",
            reference="limit",
            reference_value=TARGET_MIB,
            target=f"<= {TARGET_MIB} MiB",
            met=whole["peak_mib"] <= TARGET_MIB,
        ),
    ]


async def _prepare(ledger_dsn: str, store_dsn: str) -> None:
    """Fill the ledger, and build the receivables from it."""
    await fill(ledger_dsn)
    conn = await asyncpg.connect(ledger_dsn)
    await conn.execute(_PARTIES.format(events=EVENTS, entity=ENTITY, ledger=LEDGER))
    await conn.execute("vacuum analyze ledger.event")
    await conn.close()
    pool = await asyncpg.create_pool(store_dsn, min_size=1, max_size=1)
    await ensure_control(pool)
    await ExportStore(pool).prepare()
    await pool.close()
    await rebuild(
        ledger_dsn=ledger_dsn, store_dsn=store_dsn, service="bench", model=Receivables(), ledger=LEDGER
    )


async def _copied(store_dsn: str) -> float:
    """Seconds of the reference."""
    conn = await asyncpg.connect(store_dsn)
    schema, target = schema_of(Receivables.name, LEDGER), io.BytesIO()
    started = time.perf_counter()
    await conn.copy_from_query(
        f"select * from {schema}.movement order by position, line", output=target, format="text"
    )
    seconds = time.perf_counter() - started
    await conn.close()
    return seconds


async def _by_duckdb(store_dsn: str) -> float:
    """Seconds of DuckDB for the movements in Parquet as text."""
    conn, duck = await asyncpg.connect(store_dsn), duckdb.connect()
    with tempfile.TemporaryDirectory() as folder:
        parquet = await movements_in_parquet(conn, schema_of(Receivables.name, LEDGER), duck, Path(folder))
        await conn.close()
        started = time.perf_counter()
        duck.execute(f"copy (from {parquet} order by position) to '{folder}/movements.txt' (delimiter '|')")
        return time.perf_counter() - started


def _child(name: str, *addresses: str) -> dict[str, Any]:
    """Run an export; ``halved`` is killed when it has written a part of the file, and begun again."""
    arguments = [sys.executable, "-m", "tests.bench.fec", name, *addresses]
    if name == "halved":
        first = subprocess.Popen(arguments)
        asyncio.run(_some_parts(addresses[1]))
        first.kill()
        first.wait()
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=600)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


async def _some_parts(store_dsn: str) -> None:
    conn = await asyncpg.connect(store_dsn)
    asked = "select coalesce(max(part), 0) from encours_exports.part where export_id = 'halved'"
    while await conn.fetchval(asked) < 5:
        await asyncio.sleep(0.05)
    await conn.close()


async def _measured(name: str, store_dsn: str, seconds: float | None) -> dict[str, Any]:
    """Store the request, or return what the finished export says of itself."""
    pool = await asyncpg.create_pool(store_dsn, min_size=1, max_size=1)
    store = ExportStore(pool)
    if seconds is None:
        await store.add(_wanted(name))
    found = await store.get(LEDGER, name)
    await pool.close()
    if seconds is None:
        return {}
    assert found is not None
    assert found.manifest is not None, found
    return {
        "seconds": seconds,
        "sha256": found.manifest.sha256,
        "lines": found.manifest.lines,
        "entries": found.manifest.entries,
        "peak_mib": peak_mib(),
    }


def _wanted(name: str) -> Export:
    return Export(
        id=name,
        ledger=LEDGER,
        entity_id=ENTITY,
        kind="fec",
        layout="fec",
        first_on=date(2026, 1, 1),
        last_on=date(2026, 12, 31),
        position=EVENTS + 20_001,
        accounts={},
        report=None,
        fingerprint=hashlib.sha256(name.encode()).digest(),
        asked_by="bench",
    )


def _export(name: str, ledger_dsn: str, store_dsn: str) -> dict[str, Any]:
    settings = ServiceSettings.model_validate({"ledger_url": ledger_dsn, "store_url": store_dsn})
    asyncio.run(_measured(name, store_dsn, None))
    started = time.perf_counter()
    code = PROCESS.main(settings, [name])
    seconds = time.perf_counter() - started
    assert code == 0
    return asyncio.run(_measured(name, store_dsn, seconds))


if __name__ == "__main__":
    print(json.dumps(_export(*sys.argv[1:4])))

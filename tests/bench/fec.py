"""FEC of 1,000,000 entries: an export as the worker runs it, in a process of its own whose peak memory counts.

The events are those of the bench ``replay``: 200,000 invoices of 20,000 customers and four payments of each, so an
entry of three lines and four of two. Once it is killed half-way and begun again: the file has to be the same. COPY of
the movements as text is a lower bound. Plain SQL over the raw events, and DuckDB over Parquet of what they state, write
as many lines of the same eighteen columns with the same sum; what they leave out (names of the parties, lettering,
opening balances, VAT by rate, foreign currencies, the parts that a killed export goes on from) is in the time of
Encours.
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

_STATED = f"""(
  select e.position, e.effective_on, e.type = 'invoice.issued' as is_sale, d->>'customer_id' as customer_id,
         coalesce(d->>'number', d->>'payment_id') as piece,
         coalesce(d->>'total_minor', d->>'amount_minor')::bigint as minor,
         (d->>'net_minor')::bigint as net_minor, (d->>'vat_minor')::bigint as vat_minor
  from (select position, effective_on, type, convert_from(data, 'UTF8')::jsonb as d from ledger.event
        where ledger = (select id from ledger.ledgers where name = '{LEDGER}') and type like 'invoice.%') e
)"""
_LINES = """
select case when is_sale then 'VE' else 'OD' end as "JournalCode",
       case when is_sale then 'Ventes' else 'Opérations diverses' end as "JournalLib", n as "EcritureNum",
       replace(cast(effective_on as varchar), '-', '') as "EcritureDate",
       case when line = 2 and is_sale then '707' when line = 3 then '4457' else '411' end as "CompteNum",
       case when line = 2 and is_sale then 'Ventes' when line = 3 then 'TVA' else 'Clients' end as "CompteLib",
       case when line = 1 or not is_sale then customer_id end as "CompAuxNum",
       case when line = 1 or not is_sale then customer_id end as "CompAuxLib", piece as "PieceRef",
       replace(cast(effective_on as varchar), '-', '') as "PieceDate", piece as "EcritureLib",
       case when line = 1 then {amount} else '0,00' end as "Debit",
       case when line > 1 then {amount} else '0,00' end as "Credit", null as "EcritureLet", null as "DateLet",
       replace(cast(effective_on as varchar), '-', '') as "ValidDate", null as "Montantdevise", null as "Idevise"
from (
  select s.*, l.line, case l.line when 1 then minor when 2 then coalesce(net_minor, minor) else vat_minor end as amount
  from (select *, row_number() over (order by position) as n from {source} each) s
  cross join (select 1 as line union all select 2 union all select 3) l where is_sale or l.line < 3
) lines order by n, line
""".replace(
    "{amount}",
    "concat(cast(floor(amount / 100) as bigint), ',', lpad(cast(amount % 100 as varchar), 2, '0'))",
)
"""The same text for PostgreSQL and DuckDB. Amounts of the events are above zero."""


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
        others = asyncio.run(_by_others(addresses[0], whole))
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
        *(
            entry(
                f"FEC of {whole['entries']:,} entries, beside {other}",
                whole["seconds"] * 1000,
                "ms",
                reference="that way, ms",
                reference_value=seconds * 1000,
                target="none",
                met=None,
            )
            for other, seconds in others.items()
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


async def _by_others(ledger_dsn: str, whole: dict[str, Any]) -> dict[str, float]:
    """Seconds of plain SQL over the raw events and of DuckDB over Parquet of what they state, for the same lines."""
    conn, duck = await asyncpg.connect(ledger_dsn), duckdb.connect()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("raw.txt", "duck.txt")]
        stated = Path(folder, "stated")
        started = time.perf_counter()
        await conn.copy_from_query(_LINES.format(source=_STATED), output=files[0], delimiter="|", header=True)
        took = [time.perf_counter() - started]
        await conn.copy_from_query(
            f"select * from {_STATED} s", output=stated.with_suffix(".csv"), format="csv", header=True
        )
        await conn.close()
        parquet = stated.with_suffix(".parquet")
        duck.execute(f"copy (from read_csv('{stated}.csv')) to '{parquet}' (format parquet)")
        lines = _LINES.format(source=f"read_parquet('{parquet}')")
        started = time.perf_counter()
        duck.execute(f"copy ({lines}) to '{files[1]}' (delimiter '|', header)")
        took.append(time.perf_counter() - started)
        for file in files:
            found = duck.execute(
                f"""select count(*), sum(cast(replace("Debit", ',', '') as bigint))
                    from read_csv('{file}', delim = '|', header = true, all_varchar = true)"""
            ).fetchone()
            assert found == (whole["lines"], whole["debit_minor"]), (file, found, whole)
    return dict(zip(("plain SQL over the raw events", "DuckDB over Parquet"), took, strict=True))


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
        "debit_minor": found.manifest.debit_minor,
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

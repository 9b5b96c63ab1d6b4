"""The run of a day over 1,000,000 open invoices of 20,000 customers: every case decided, each decision in the ledger.

The rows are generated set-based in SQL, as the projection would have written them. Each customer has an invoice with a
step on the day, and a decision lists all that is late. The reference, in the same run, is merely reading the items.
"""

from __future__ import annotations

import asyncio
import resource
import time
from datetime import date
from typing import Any

import asyncpg
import uvloop

from dunning_svc.models import MODELS
from dunning_svc.read_models.cases.due import select
from dunning_svc.read_models.cases.items import scheduled
from dunning_svc.read_models.cases.model import MODEL, Cases
from dunning_svc.read_models.cases.rows import ItemRow
from dunning_svc.use_cases.runs import RunBatch, RunDay
from encours.contracts.events.calendar import STREAM
from encours.ledger import Ledger
from encours.projection.control import STORE_SETTINGS, ensure_control, store_checkpoint
from encours.projection.projector import create_indexes, create_tables
from encours.projection.schemas import schema_of
from encours.reading.read_db import ReadDb
from encours.service.calendar import Opened, open_day
from encours.service.memory import tune_collector
from encours.testing.servers import Installation, fresh_installation, running_cluster
from tests.bench import Entry, entry

CUSTOMERS, INVOICES, PAGE = 20_000, 1_000_000, 500
DAY = date(2026, 6, 30)
LEDGER = "bench"
ENTITY = "ent_" + "b" * 32
TARGET_S = 60.0
TARGET_MIB = 500.0

_FILL = """
insert into {s}.entity (entity_id, name, country, time_zone, accounts)
  values ('{e}', 'Chaudronnerie du Rhône', 'FR', 'Europe/Paris', '{{}}');
insert into {s}.customer (customer_id, entity_id, name, language, email, address, hold_position, position, people,
                          payers, country, tags, custom, custom_position)
  select 'cus_' || md5(c::text), '{e}', 'Débiteur ' || c, 'fr', 'compta@' || c || '.example', '1 rue X', 0, c + 1,
         '{{}}', '{{}}', 'FR', '{{}}', '{{}}', 0
  from generate_series(0, {customers} - 1) c;
insert into {s}.item (invoice_id, customer_id, entity_id, currency, number, issued_on, due_on, open_minor,
                      disputed_minor, planned_minor, settled_minor, instalments, entered_on, indemnity_minor, done,
                      taken, suppressed, next_step_on, version, events, moved_on)
  select 'inv_' || lpad(to_hex(i), 32, '0'), 'cus_' || md5((i % {customers})::text), '{e}', 'EUR',
         'FAC-2026-' || lpad(i::text, 6, '0'), due_on - 30, due_on, 10000 + i * 7919 % 900000, 0, 0, 0, '{{}}',
         due_on - 30, 4000, codes, entries, '{{}}', next_on, 1, (i + 20000)::text, due_on - 30
  from (select i, '{day}'::date - ((i * 13 / {customers} + i * 7) % 121)::integer + 30 as due_on
        from generate_series(1::bigint, {invoices}) i) x
  cross join lateral (
    select coalesce(array_agg(code order by days) filter (where due_on + days < '{day}'), '{{}}') as codes,
           coalesce(array_agg(code || ' ' || (due_on + days) || ' ' || act || ' ' || days order by days)
                    filter (where due_on + days < '{day}'), '{{}}') as entries,
           min(due_on + days) filter (where due_on + days >= '{day}') as next_on
    from (values ('J-5', -5, 'email'), ('J+3', 3, 'email'), ('J+15', 15, 'call'), ('J+30', 30, 'letter'),
                 ('J+60', 60, 'registered_letter'), ('J+90', 90, 'litigation_file')) step (code, days, act)) taken;
"""


class DispatchedElsewhere:
    """Outbox of a process that does not dispatch for the ledger."""

    def enqueue(self, batch: RunBatch) -> bool:
        """Leave the reminders to the process that does."""
        return False


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        return uvloop.run(_measure(installation))


async def _measure(installation: Installation) -> list[Entry]:
    await _fill(installation)
    founder = await Ledger.open(installation.ledger_url())
    await founder.create_ledger(LEDGER, "live", "Europe/Paris")
    await founder.close()
    ledger = await Ledger.open(installation.ledger_url("dunning"))
    db = await ReadDb.open(installation.store_url("dunning"), models=MODELS)
    tune_collector()  # as the services do
    try:
        opened = await open_day(ledger, LEDGER, DAY, Opened(None, 0, 0), late=False)
        event = (await ledger.read_stream(LEDGER, STREAM))[-1]
        reference_s = await _read_s(db)
        before_mib = _peak_mib()
        started = time.perf_counter()
        await RunDay(ledger, db, DispatchedElsewhere()).react(event)
        taken_s = time.perf_counter() - started
        peak_mib = _peak_mib()
        head = await ledger.head(LEDGER)
    finally:
        await db.close()
        await ledger.close()
    assert head.position - opened.position == CUSTOMERS, head
    return [
        entry(
            f"daily run over {INVOICES:,} open invoices", taken_s, "s", reference="merely reading the cases",
            reference_value=reference_s, target=f"{TARGET_S:.0f} s", met=taken_s < TARGET_S,
        ),
        entry(
            "memory of that process at its peak", peak_mib, "MiB", reference="before the run",
            reference_value=before_mib,
            target=f"{TARGET_MIB:.0f} MiB", met=peak_mib < TARGET_MIB,
        ),
    ]  # fmt: skip


async def _read_s(db: ReadDb) -> float:
    """Seconds to read every item, in pages of customers."""
    started = time.perf_counter()
    read = 0
    async with db.snapshot(MODEL, LEDGER) as (conn, schema, _):
        found = await conn.fetch(f"select customer_id from {schema}.customer order by customer_id")
        for start in range(0, len(found), PAGE):
            ids = [row[0] for row in found[start : start + PAGE]]
            read += len(await select(conn, schema, ItemRow, "where customer_id = any($1)", ids))
    assert read == INVOICES, read
    return time.perf_counter() - started


async def _fill(installation: Installation) -> None:
    schema = schema_of(MODEL, LEDGER)
    pool = await asyncpg.create_pool(installation.store_url("dunning"), min_size=1, max_size=1)
    await ensure_control(pool)
    await pool.close()
    conn: asyncpg.Connection[Any] = await asyncpg.connect(
        installation.store_url("dunning"), server_settings=STORE_SETTINGS
    )
    model = Cases()
    await create_tables(conn, schema, model, keys=True)
    await conn.execute(
        _FILL.format(s=schema, e=ENTITY, customers=CUSTOMERS, invoices=INVOICES, day=DAY), timeout=300
    )
    await create_indexes(conn, schema, model.rows)
    await conn.execute("vacuum analyze")
    await store_checkpoint(
        conn, LEDGER, model.name, "dunning-svc", version=model.version, epoch=0, position=1
    )
    for row in await select(conn, schema, ItemRow, "limit 1000"):
        assert scheduled(row) == row, row
    await conn.close()


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

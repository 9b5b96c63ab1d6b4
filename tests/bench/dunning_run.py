"""The run of a day over 1,000,000 open invoices of 20,000 customers: every case decided, each decision in the ledger.

The rows are those that the projection would have written. Each customer has an invoice with a
step on the day, and a decision lists all that is late. The reference, in the same run, is merely reading the items.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any

import asyncpg
import uvloop
from msgspec.structs import astuple

from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.models import MODELS
from dunning_svc.read_models.cases.fold.items import scheduled
from dunning_svc.read_models.cases.model import MODEL, Cases
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.use_cases.runs import RunBatch, RunDay
from encours.contracts.events.calendar import STREAM
from encours.ledger import Ledger
from encours.projection.control import STORE_SETTINGS, ensure_control, store_checkpoint
from encours.projection.projector import create_indexes, create_tables
from encours.projection.rows import Row, table_of
from encours.projection.schemas import schema_of, unquoted
from encours.reading.read_db import ReadDb
from encours.service.calendar import Opened, open_day
from encours.service.memory import peak_mib, tune_collector
from encours.testing.servers import Installation, fresh_installation, running_cluster
from tests.bench import Entry, entry

CUSTOMERS, INVOICES, PAGE = 20_000, 1_000_000, 500
DAY = date(2026, 6, 30)
LEDGER = "bench"
ENTITY = "ent_" + "b" * 32
TARGET_S = 60.0
TARGET_MIB = 500.0


def customers() -> Iterator[DebtorRow]:
    """Customers of one creditor."""
    for n in range(CUSTOMERS):
        yield DebtorRow(
            customer_id=f"cus_{n:032x}", entity_id=ENTITY, name=f"Débiteur {n}", language="fr", country="FR",
            email=f"compta@{n}.example", phone=None, address="1 rue X", hold_until=None, hold_cause=None,
            hold_position=0, position=n + 1,
        )  # fmt: skip


def items() -> Iterator[ItemRow]:
    """Invoices due between 90 days ago and in 30 days, each with the steps that were due before the day taken."""
    for n in range(INVOICES):
        due_on = DAY + timedelta(days=30 - (n * 13 // CUSTOMERS + n * 7) % 121)
        before = [step for step in DEFAULT_POLICY.steps if step.scheduled_on(due_on) < DAY]
        made = due_on - timedelta(days=30)
        yield scheduled(
            ItemRow(
                invoice_id=f"inv_{n:032x}", customer_id=f"cus_{n % CUSTOMERS:032x}", entity_id=ENTITY,
                currency="EUR", number=f"FAC-2026-{n:06}", issued_on=made, arose_on=made, due_on=due_on,
                open_minor=10_000 + n * 7919 % 900_000, disputed_minor=0, planned_minor=0, in_hand_minor=0,
                settled_minor=0, instalments=[], entered_on=made, penalty_rate_bps=None, indemnity_minor=4_000,
                done=[step.code for step in before], suppressed=[], next_step_on=None, version=1,
                taken=[f"{s.code} {s.scheduled_on(due_on)} {s.act} {s.offset_days}" for s in before],
                events=str(n + CUSTOMERS), moved_on=made,
            )
        )  # fmt: skip


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
        before_mib = peak_mib()
        started = time.perf_counter()
        await RunDay(ledger, db, DispatchedElsewhere()).react(event)
        taken_s = time.perf_counter() - started
        reached_mib = peak_mib()
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
            "memory of that process at its peak", reached_mib, "MiB", reference="before the run",
            reference_value=before_mib,
            target=f"{TARGET_MIB:.0f} MiB", met=reached_mib < TARGET_MIB,
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
    creditor = CreditorRow(
        entity_id=ENTITY, name="Chaudronnerie du Rhône", country="FR", time_zone="Europe/Paris", address=None,
        iban=None, siren=None,
    )  # fmt: skip
    for rows in ([creditor], customers(), items()):
        await _copy(conn, schema, rows)
    await create_indexes(conn, schema, model.rows)
    await conn.execute("vacuum analyze")
    await store_checkpoint(
        conn, LEDGER, model.name, "dunning-svc", version=model.version, epoch=0, position=1
    )
    await conn.close()


async def _copy(conn: asyncpg.Connection[Any], schema: str, rows: Iterable[Row]) -> None:
    """Copy rows of one kind into their table."""
    found = iter(rows)
    first = next(found)
    table = table_of(type(first))
    await conn.copy_records_to_table(
        table.name,
        schema_name=unquoted(schema),
        columns=table.names,
        records=map(astuple, chain([first], found)),
    )

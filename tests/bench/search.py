"""Search among 1,000,000 invoices of 20,000 customers: the first page of the ids, in the database.

The rows are generated set-based in SQL, as the projection would have written them. The reference, in the same run, is
one search by ``ilike`` over the same texts without an index.
"""

from __future__ import annotations

import asyncio
import time
from datetime import date
from statistics import median
from typing import Any

import asyncpg
from msgspec.structs import fields

from encours.projection.control import STORE_SETTINGS, ensure_control, store_checkpoint
from encours.projection.projector import create_indexes, create_tables
from encours.projection.schemas import schema_of
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.reading.read_db import ReadDb
from encours.testing.servers import Installation, fresh_installation, running_cluster
from invoice_svc.read_models.invoices.query import InvoiceFilter, invoices
from invoice_svc.read_models.invoices.rows import InvoiceRow
from invoice_svc.read_models.lists import Lists
from tests.bench import Entry, entry

CUSTOMERS, INVOICES = 20_000, 1_000_000
TARGET_MS = 50.0
ROUNDS = 15
LEDGER = "bench"
ENTITY = "ent_" + "b" * 32
DAY = date(2026, 6, 30)
PAGE = Page(
    limit=100, columns=("relevance", "invoice_id"), descending=True, nullable=False, last=None, check=""
)
SEARCHES = {
    "part of a number, one match": "2026-424242",
    "part of a number, every invoice": "fac 2026",
    "a misspelt name, every fourth customer": "chaudronerie",
    "a name, every fourth customer": "chaudronnerie",
    "an amount": "1 234,56",
    "an order number": "po 777777",
    "words of lines, every 1,000th invoice": "roulement 777",
}

_FILL = """
insert into {s}.customer_name (customer_id, edition, entity_id, from_position, name_key)
  select 'cus_' || md5(c::text), 0, '{e}', 1,
         (array['chaudronnerie', 'boulangerie', 'menuiserie', 'plomberie'])[1 + c % 4] || ' ' || md5(c::text)
  from generate_series(0, {customers} - 1) c;
insert into {s}.invoice (invoice_id, entity_id, customer_id, currency, number, number_key, digits_key, from_position,
                         issued_on, issued_position, due_on, total_minor, outstanding_minor)
  select 'inv_' || lpad(to_hex(i), 32, '0'), '{e}', 'cus_' || md5((i % {customers})::text), 'EUR',
         'FAC-2026-' || lpad(i::text, 6, '0'), 'FAC2026' || lpad(i::text, 6, '0'), '2026' || lpad(i::text, 6, '0'), i,
         '{day}'::date - i % 180, i, '{day}'::date - i % 180 + 30, total, total
  from (select i, 10000 + i * 7919::bigint % 900000 as total from generate_series(1, {invoices}) i) x;
insert into {s}.invoice_words (invoice_id, edition, customer_id, from_position, from_on, currency, total_minor, words)
  select invoice_id, 0, customer_id, from_position, issued_on, currency, total_minor,
         'n2026 n' || from_position || ' n2026' || lpad(from_position::text, 6, '0') || ' nfac r' || from_position
         || ' rpo w' || from_position % 1000
         || ' wbilles wde wentretien wmontage wroulement w' || md5((from_position % 500)::text)
  from {s}.invoice;
"""


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        return asyncio.run(_measure(installation))


async def _measure(installation: Installation) -> list[Entry]:
    schema = schema_of(Lists.name, LEDGER)
    conn = await asyncpg.connect(installation.store_url(), server_settings=STORE_SETTINGS)
    await fill(installation, conn, schema)
    reference = await _unindexed_ms(conn, schema)
    await conn.close()
    db = await ReadDb.open(installation.store_url(), models=[Lists()])
    try:
        return [
            entry(
                f"search for {what}: {INVOICES:,} invoices",
                found := await _search_ms(db, text),
                "ms",
                reference="ilike without an index",
                reference_value=reference,
                target=f"{TARGET_MS:.0f} ms",
                met=found < TARGET_MS,
            )
            for what, text in SEARCHES.items()
        ]
    finally:
        await db.close()


async def _search_ms(db: ReadDb, text: str) -> float:
    taken = []
    for _ in range(ROUNDS):
        async with db.snapshot(Lists.name, LEDGER) as (conn, schema, position):
            view = View(conn, schema, TimeTravel(DAY, position, None, True), granted=None)
            started = time.perf_counter()
            rows = await invoices(view, PAGE, InvoiceFilter(q=text), now=True)
            taken.append((time.perf_counter() - started) * 1000)
            assert rows, text
    return median(taken)


async def _unindexed_ms(conn: asyncpg.Connection[Any], schema: str) -> float:
    started = time.perf_counter()
    rows = await conn.fetch(
        f"""select i.invoice_id from {schema}.invoice i join {schema}.invoice_words w using (invoice_id)
                join {schema}.customer_name c on c.customer_id = i.customer_id
            where number ilike '%424242%' or words ilike '%424242%' or name_key ilike '%424242%'
            order by i.invoice_id desc limit 101"""
    )
    assert rows
    return (time.perf_counter() - started) * 1000


async def fill(installation: Installation, conn: asyncpg.Connection[Any], schema: str) -> None:
    """Fill the tables of the lists with the invoices, as the projection would have."""
    pool = await asyncpg.create_pool(installation.store_url(), min_size=1, max_size=1)
    await ensure_control(pool)
    await pool.close()
    model = Lists()
    await create_tables(conn, schema, model, keys=True)
    await _default_columns(conn, schema)
    await conn.execute(
        _FILL.format(s=schema, e=ENTITY, customers=CUSTOMERS, invoices=INVOICES, day=DAY), timeout=300
    )
    await create_indexes(conn, schema, model.rows)
    await conn.execute("vacuum analyze")
    await store_checkpoint(
        conn, LEDGER, model.name, "invoice-svc", version=model.version, epoch=0, position=INVOICES
    )


async def _default_columns(conn: asyncpg.Connection[Any], schema: str) -> None:
    """Give the columns of an invoice the defaults of its row, which the projection states and the table does not."""
    await conn.execute(f"alter table {schema}.invoice alter instalments set default '{{}}'")
    for column in fields(InvoiceRow):
        if isinstance(column.default, (int, str)):
            await conn.execute(
                f"alter table {schema}.invoice alter {column.name} set default {column.default!r}"
            )

"""Aged balance of 20,000 customers with 1,000,000 open items: in the database, over HTTP, at a past date.

The rows are generated set-based in SQL, as the projection would have written them; the day is then opened by the
model's own roll. One invoice in 100 is in three instalments. At the end 3,000 invoices are promised and 2,000 placed.
The reference, in the same run, is the same answer summed
from the open items instead of read from the rows that the projection keeps.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import asyncpg
import httpx

from encours.embedded.process import free_port
from encours.http.access.keys import new_key
from encours.kernel.bands import STANDARD, Bands
from encours.ledger import Ledger
from encours.ledger.api_keys import insert_key
from encours.projection.control import STORE_SETTINGS, ensure_control, store_checkpoint
from encours.projection.projector import create_indexes, create_tables
from encours.projection.schemas import schema_of
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.reading.read_db import ReadDb
from encours.testing.servers import Installation, fresh_installation, running_cluster
from encours.testing.waiting import wait_until
from reporting_svc.models import MODELS
from reporting_svc.read_models.aged_balance.query import SORTS, aged
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.aging import age_balances
from reporting_svc.read_models.receivables.rows import DaySum
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import add_subtotal
from reporting_svc.read_models.tie_out.shares import require_shares_tied

CUSTOMERS, ITEMS = 20_000, 1_000_000
DATABASE_MS, HTTP_MS, DASHBOARD_MS = 20.0, 40.0, 50.0
PAST_MS, ROLL_RATIO = 1_000.0, 0.5
ROUNDS = 25
LEDGER = "bench"
ENTITY = "ent_" + "b" * 32
DAY = date(2026, 6, 30)
PAIRS = [(DAY - timedelta(days=7 * n + 4), ITEMS * (20 - n // 2) // 20) for n in range(20)]
"""Days and positions: up to half a year back, known up to half of the ledger ago."""
PAGE = Page(
    limit=100,
    columns=("outstanding", SORTS["customer_id"]),
    descending=True,
    nullable=False,
    last=None,
    check="",
)

Entry = dict[str, Any]

_FILL = """
insert into {s}.entity values ('{e}', 'Banc d''essai SAS', 'EUR');
insert into {s}.customer (customer_id, entity, name, name_key, country, portfolio_from,
                          portfolio_position, tags)
  select 'cus_' || md5(c::text), '{e}', 'Customer ' || c, 'customer ' || c, 'FR', '-infinity', 0, array[]::text[]
  from generate_series(0, {customers} - 1) c;
insert into {s}.item (invoice_id, number, entity, customer_id, currency, issued_on, due_on, total_minor, open_minor,
                      disputed_minor, conceded_minor, planned_minor, settled_minor, is_penalty, vat_on_receipt)
  select md5(i::text)::uuid, 'FAC-' || i, '{e}', 'cus_' || md5((i % {customers})::text), 'EUR', due - 30, due,
         10000 + i % 900000, 10000 + i % 900000, case when i % 40 = 0 then 5000 else 0 end, 0, 0, 0, false,
         false
  from (select i, '{day}'::date - 160 + (i / {customers} * 37 + i) % 190 as due from generate_series(1, {items}) i) x;
insert into {s}.item_instalment (invoice_id, position, due_on, effective_on, upto_minor)
  select invoice_id, 1, due_on + 30 * n, issued_on, total_minor * (n + 1) / 3
  from {s}.item cross join generate_series(0, 2) n where number like '%00';
update {s}.item i set schedule = s.schedule from (
  select invoice_id, string_agg(due_on || ' ' || upto_minor, ',' order by due_on) as schedule
  from {s}.item_instalment group by 1) s where s.invoice_id = i.invoice_id;
insert into {s}.movement (position, line, item_minor, contested_minor, conceded_minor, planned_minor, cash_minor,
                          account_minor, net_minor, effective_on, entity, customer_id, invoice_id, currency, kind)
  select row_number() over (order by issued_on, invoice_id), 0, open_minor, disputed_minor, 0, 0, 0, open_minor,
         open_minor * 5 / 6, issued_on, substr(entity, 5)::uuid, substr(customer_id, 5)::uuid,
         invoice_id, currency, 'issued' from {s}.item;
insert into {s}.balance (entity, customer_id, currency, band_0_minor, band_1_minor, band_2_minor, band_3_minor,
                         band_4_minor, band_5_minor, open_minor, disputed_minor, conceded_minor, late_conceded_minor,
                         planned_minor, unapplied_minor, account_minor)
  select entity, customer_id, currency, sum(open_minor), 0, 0, 0, 0, 0, sum(open_minor), sum(disputed_minor), 0, 0, 0,
         0, sum(open_minor)
  from {s}.item group by 1, 2, 3;
insert into {s}.promised_payment (promise_id, position, effective_on, entity, customer_id, currency, promised_on, state,
                                  amount_minor, received_minor, invoice_ids)
  select 'prm_' || n, n, '{day}'::date - n % 1000, '{e}', 'cus_' || md5((n % {customers})::text), 'EUR',
         '{day}'::date + 500 - n % 1000, case when n % 1000 < 30 then 'broken' else 'made' end, 10000, 0,
         array[]::text[]
  from generate_series(0, 99999) n;
"""
_NAMED = """
insert into {s}.promised_payment (promise_id, position, effective_on, entity, customer_id, currency, promised_on, state,
                                  amount_minor, received_minor, invoice_ids, suspended_until)
  select 'prm_named_' || n, n + 1, '{day}'::date - 3, '{e}', min(customer_id), 'EUR', '{day}'::date + 3, 'made', 500000,
         0, array_agg('inv_' || replace(invoice_id::text, '-', '')), '{day}'::date + 10
  from (select invoice_id, customer_id, (row_number() over (order by invoice_id) - 1) / 3 as n
        from {s}.item order by invoice_id limit 3000) x group by n;
insert into {s}.placed_invoice (placement_id, invoice_id, position, effective_on, is_placed)
  select 'plc_' || row_number() over (order by invoice_id desc) / 10, invoice_id, 20, '{day}'::date - 3, true
  from {s}.item order by invoice_id desc limit 2000;
"""


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        return asyncio.run(_measure(installation))


async def _measure(installation: Installation) -> list[Entry]:
    token = await _ledger(installation)
    conn = await asyncpg.connect(installation.store_url("reporting"), server_settings=STORE_SETTINGS)
    schema = schema_of(Receivables.name, LEDGER)
    pool = await asyncpg.create_pool(installation.store_url("reporting"), min_size=1, max_size=1)
    await ensure_control(pool)
    await pool.close()
    daily_ms = await _fill(conn, schema)
    await conn.close()
    await _flush(installation)
    ledger = await Ledger.open(installation.ledger_url("reporting"))
    db = await ReadDb.open(installation.store_url("reporting"), ledger=ledger, models=MODELS)
    try:

        async def ask(as_of: date, known_to: int | None = None, bands: Bands = STANDARD) -> None:
            time = TimeTravel(as_of, known_to or ITEMS, None, known_to is None)
            async with db.snapshot(Receivables.name, LEDGER) as (conn, schema, _):
                found = await aged(View(conn, schema, time, granted=None), Scope(), bands=bands, page=PAGE)
                assert found.sums[0].tied
                assert len(found.rows) == PAGE.fetch

        kept = await _median_ms(lambda: ask(DAY), ROUNDS)
        on_read = await _median_ms(lambda: ask(DAY, bands=Bands((30, 60, 90))), 5)
        bare = await _median_ms(lambda: ask(*PAIRS[0]), 3)
        await _add_subtotals(installation, schema)
        past = max([await _median_ms(lambda pair=pair: ask(*pair), 1) for pair in PAIRS])  # type: ignore[misc]
    finally:
        await db.close()
        await ledger.close()
    with _api(installation) as url:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http:

            async def fetch() -> None:
                answer = await http.get("/v1/aged-balance")
                body = answer.raise_for_status().json()
                assert body["tie_out"]["equal"]
                assert len(body["data"]) == PAGE.limit

            async def look() -> None:
                body = (await http.get("/v1/dashboard")).raise_for_status().json()
                assert body["tie_out"]["equal"]
                assert body["collection_effectiveness"]["percent"] is not None
                assert (body["promised_today"]["number"], body["broken_promises"]["number"]) == (100, 3_000)

            over_http = await _median_ms(fetch, ROUNDS)
            dashboard = await _median_ms(look, ROUNDS)
            named = await _named_ms(installation, schema)
            named_dashboard = await _median_ms(look, ROUNDS)
    size = f"{CUSTOMERS:,} customers, {ITEMS:,} open items"
    return [
        _entry(f"aged balance in the database: {size}", kept, on_read, DATABASE_MS),
        _entry("aged balance over HTTP: first page and totals", over_http, on_read, HTTP_MS),
        _entry("dashboard over HTTP", dashboard, on_read, DASHBOARD_MS),
        _entry(
            "aged balance at past dates, known at past moments: slowest of 20 pairs", past, on_read, PAST_MS
        ),
        _entry("the same without subtotals, one pair", bare, on_read, None),
        _entry(
            "aged balance in the database, 5,000 promised or placed, with its check", named, on_read, None
        ),
        _entry("dashboard over HTTP, 5,000 promised or placed", named_dashboard, on_read, None),
        _entry("the daily roll over the band edges", daily_ms, on_read, on_read * ROLL_RATIO),
    ]


def _entry(name: str, value: float, on_read: float, bound_ms: float | None) -> Entry:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": "ms",
        "reference": "summed on read from the open items, in the database",
        "reference_value": round(on_read, 2),
        "ratio": round(value / on_read, 4),
        "target": None if bound_ms is None else round(bound_ms, 2),
        "met": None if bound_ms is None else value < bound_ms,
    }


async def _ledger(installation: Installation) -> str:
    """An empty ledger whose clock stands at the day, and a key for it."""
    ledger = await Ledger.open(installation.ledger_url("invoice"))
    await ledger.create_ledger(
        LEDGER, "sandbox", "Europe/Paris", clock_at=datetime(DAY.year, DAY.month, DAY.day, 6, tzinfo=UTC)
    )
    await ledger.close()
    key = new_key()
    conn = await asyncpg.connect(installation.admin_url())
    await insert_key(
        conn,
        key.id,
        key.sha256,
        label="bench",
        scopes=["reports:read"],
        entities=["*"],
        default_ledger=LEDGER,
    )
    await conn.close()
    return key.token


async def _fill(conn: asyncpg.Connection[Any], schema: str) -> float:
    """Rows, indexes, statistics, checkpoint; the time of the last day's roll, ms."""
    model = Receivables()
    await create_tables(conn, schema, model, keys=True)
    await conn.execute(_FILL.format(s=schema, e=ENTITY, customers=CUSTOMERS, items=ITEMS, day=DAY))
    (days,) = (each for each in model.sums(schema) if each.row_type is DaySum)
    await conn.execute(f"create table {schema}.day_sum_summed as {days.of_entries}")
    await conn.execute(f"insert into {schema}.day_sum {days.query}")
    await conn.execute(f"drop table {schema}.day_sum_summed")
    await create_indexes(conn, schema, model.rows)
    await conn.execute("vacuum analyze")
    await age_balances(conn, schema, DAY - timedelta(days=1))
    await conn.execute(f"vacuum analyze {schema}.balance")
    started = time.perf_counter()
    async with conn.transaction():
        await age_balances(conn, schema, DAY)
    daily_ms = (time.perf_counter() - started) * 1000
    await store_checkpoint(
        conn, LEDGER, model.name, "reporting-svc", version=model.version, epoch=0, position=ITEMS
    )
    return daily_ms


async def _named_ms(installation: Installation, schema: str) -> float:
    """Name invoices; the time of the balance and of the second sum of its parts, ms."""
    conn = await asyncpg.connect(installation.store_url("reporting"), server_settings=STORE_SETTINGS)
    await conn.execute(_NAMED.format(s=schema, e=ENTITY, day=DAY))
    await conn.execute("vacuum analyze")
    await _flush(installation)

    async def ask() -> None:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            view = View(conn, schema, TimeTravel(DAY, ITEMS, None, is_now=True), granted=None)
            found = await aged(view, Scope(), page=PAGE)
            assert found.sums[0].promised > 0
            assert found.sums[0].placed > 0
            await require_shares_tied(view, Scope(), found)

    taken = await _median_ms(ask, ROUNDS)
    await conn.close()
    return taken


async def _add_subtotals(installation: Installation, schema: str) -> None:
    """Make what a worker makes in the background."""
    conn = await asyncpg.connect(installation.store_url("reporting"), server_settings=STORE_SETTINGS)
    while await add_subtotal(conn, schema):
        pass
    await conn.close()
    await _flush(installation)


async def _flush(installation: Installation) -> None:
    """What the fill left to write is written now, not while something is measured."""
    conn = await asyncpg.connect(installation.admin_url())
    await conn.execute("checkpoint")
    await conn.close()


async def _median_ms(work: Callable[[], Awaitable[None]], rounds: int) -> float:
    await work()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


@contextmanager
def _api(installation: Installation) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        (sys.executable, "-m", "reporting_svc", "api"),
        env=os.environ | installation.environment("reporting", port=port) | {"ENCOURS_LOG_LEVEL": "warning"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _ready(url), "reporting-svc is not ready")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.HTTPError:
        return False

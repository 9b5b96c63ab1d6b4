"""Figures of 1,000,000 events beside the same figures from plain SQL over the raw events and from DuckDB over Parquet.

The events are those of the bench ``replay``. The Parquet file holds the movements with the due dates of their invoices.
All three ways have to give the same sums. What the references leave out (pages, names, disputes, instalments, merges,
proofs) is in the time of Encours.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import duckdb

from encours.projection.control import STORE_SETTINGS, ensure_control
from encours.projection.rebuild import rebuild
from encours.projection.schemas import schema_of
from encours.reading.moment import TimeTravel, View
from encours.testing.servers import fresh_installation, running_cluster
from reporting_svc.read_models.aged_balance.penalties import OpenPenalties
from reporting_svc.read_models.aged_balance.query import Figures, aged
from reporting_svc.read_models.dashboard.query import month_to_date
from reporting_svc.read_models.dso.query import billed_months, days_sales_outstanding
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.aging import age_balances
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import add_subtotal
from tests.bench import Entry, entry
from tests.bench.replay import EVENTS, LEDGER, fill

DAY, PAST, KNOWN = date(2026, 7, 31), date(2026, 4, 15), EVENTS * 6 // 10
ROUNDS = 5
BANDS = (0, 30, 60, 90, 120)

_RAW = f"""(
  select e.position, e.effective_on, e.type, d->>'customer_id' as customer_id, d->>'invoice_id' as invoice_id,
         (d->>'due_on')::date as due_on,
         coalesce((d->>'total_minor')::bigint, -(d->>'amount_minor')::bigint) as item_minor
  from (select position, effective_on, type, convert_from(data, 'UTF8')::jsonb as d from ledger.event
        where ledger = (select id from ledger.ledgers where name = '{LEDGER}')) e
)"""
_MOVED = f"""(
  select m.*, i.due_on as due from {_RAW} m
  join (select invoice_id, due_on from {_RAW} x where type = 'invoice.issued') i using (invoice_id)
)"""


def _aged(source: str, day: date, known: int) -> str:
    """SQL: open amount in each band, over the customers; the same text for PostgreSQL and DuckDB."""
    edges = [day - timedelta(days=days) for days in BANDS]
    first = [f"coalesce(sum(item_minor) filter (where due >= date '{edges[0]}'), 0)"]
    later = [
        f"coalesce(sum(item_minor) filter (where due < date '{edge}'"
        + (f" and due >= date '{after}'" if after else "")
        + "), 0)"
        for edge, after in zip(edges, [*edges[1:], None], strict=True)
    ]
    bands = ", ".join(f"{band} as b{n}" for n, band in enumerate(first + later))
    sums = ", ".join(f"sum(b{n})::bigint" for n in range(len(BANDS) + 1))
    return f"""select {sums} from (select customer_id, {bands} from {source} m
               where effective_on <= date '{day}' and position <= {known} group by customer_id) c"""


def _dashboard(source: str) -> str:
    """SQL: outstanding and overdue amount, and the sales of 90 days."""
    return f"""select sum(item_minor)::bigint, coalesce(sum(item_minor) filter (where due < date '{DAY}'), 0)::bigint,
                 coalesce(sum(item_minor) filter (
                   where item_minor > 0 and effective_on > date '{DAY - timedelta(days=90)}'), 0)::bigint
               from {source} m where effective_on <= date '{DAY}'"""


async def run() -> list[Entry]:
    """Entries for ``var/bench.json``."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        addresses = (installation.admin_url("ledger"), installation.admin_url("reporting"))
        asyncio.run(fill(addresses[0]))
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(measured(*addresses, Path(folder)))


async def measured(ledger_dsn: str, store_dsn: str, folder: Path) -> list[Entry]:
    """Return the entries; ``folder`` takes the files."""
    pool = await asyncpg.create_pool(store_dsn, min_size=1, max_size=1)
    await ensure_control(pool)
    await pool.close()
    started = time.perf_counter()
    await rebuild(
        ledger_dsn=ledger_dsn, store_dsn=store_dsn, service="bench", model=Receivables(), ledger=LEDGER
    )
    built = time.perf_counter() - started
    store = await asyncpg.connect(store_dsn, server_settings=STORE_SETTINGS)
    raw = await asyncpg.connect(ledger_dsn, server_settings=STORE_SETTINGS)
    schema = schema_of(Receivables.name, LEDGER)
    async with store.transaction():
        await age_balances(store, schema, DAY)
    while await add_subtotal(store, schema):
        pass
    await store.execute("vacuum analyze")
    duck = duckdb.connect()
    parquet = await movements_in_parquet(store, schema, duck, folder)
    entries = []

    async def beside(name: str, ours: Callable[[], Awaitable[Any]], sql: str, over_parquet: str) -> None:
        value, found = await _timed(ours)
        for reference, ask in (
            ("plain SQL over the raw events", lambda: _row(raw, sql)),
            ("DuckDB over the movements in Parquet", lambda: _duck(duck, over_parquet)),
        ):
            took, other = await _timed(ask, 1)  # plain SQL takes many seconds
            assert found is None or tuple(found) == tuple(other), (name, reference, found, other)
            entries.append(_entry(f"{name}, beside {reference}", value, took))

    def view(day: date, known: int, *, now: bool) -> View:
        return View(store, schema, TimeTravel(day, known, None, now), granted=None)

    async def bands(at: View) -> tuple[int, ...]:
        async with store.transaction(isolation="repeatable_read", readonly=True):
            return (await _total(at)).bands

    async def dashboard() -> tuple[int, int, int]:
        async with store.transaction(isolation="repeatable_read", readonly=True):
            at, total = view(DAY, EVENTS, now=True), await _total(view(DAY, EVENTS, now=True))
            billed = await billed_months(at, Scope(currency="EUR"), 90)
            dso = days_sales_outstanding(total, OpenPenalties(0, 0), billed, DAY, 90)
            await month_to_date(at, Scope(currency="EUR"), dso, total.bands[0])
            return total.open_items, total.overdue, dso.turnover_minor

    now, then = view(DAY, EVENTS, now=True), view(PAST, KNOWN, now=False)
    await beside(
        "aged balance now", lambda: bands(now), _aged(_MOVED, DAY, EVENTS), _aged(parquet, DAY, EVENTS)
    )
    await beside(
        "aged balance of the past",
        lambda: bands(then),
        _aged(_MOVED, PAST, KNOWN),
        _aged(parquet, PAST, KNOWN),
    )
    await beside("sums of the dashboard", dashboard, _dashboard(_MOVED), _dashboard(parquet))
    made = "create temporary table made as select * from {}"
    for reference, took in (
        ("plain SQL over the raw events", await _once(lambda: raw.execute(made.format(f"{_RAW} m")))),
        ("DuckDB over the movements in Parquet", await _once(lambda: _duck(duck, made.format(parquet)))),
    ):
        entries.append(
            _entry(f"rebuild of receivables, beside a table by {reference}", built * 1000, took * 1000)
        )
    await store.close()
    await raw.close()
    return entries


async def _total(at: View) -> Figures:
    return (await aged(at, Scope())).sums[0]


async def movements_in_parquet(
    store: asyncpg.Connection[Any], schema: str, duck: duckdb.DuckDBPyConnection, folder: Path
) -> str:
    """Write the movements with the due dates of their invoices into ``folder``; return the SQL that reads them."""
    await store.copy_from_query(
        f"""select m.position, m.effective_on, m.customer_id, m.invoice_id, i.due_on as due, m.item_minor
            from {schema}.movement m join {schema}.item i using (invoice_id) order by m.position""",
        output=folder / "movements.csv",
        format="csv",
        header=True,
    )
    duck.execute(
        f"copy (from read_csv('{folder}/movements.csv')) to '{folder}/movements.parquet' (format parquet)"
    )
    return f"read_parquet('{folder}/movements.parquet')"


async def _row(conn: asyncpg.Connection[Any], sql: str) -> tuple[int, ...]:
    found = await conn.fetchrow(sql)
    assert found is not None
    return tuple(found)


async def _duck(duck: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    return duck.execute(sql).fetchone() or ()


async def _once(work: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def _timed(work: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> tuple[float, Any]:
    """Median time in milliseconds, and the answer."""
    taken, answer = [], await work()
    for _ in range(rounds):
        taken.append(await _once(work) * 1000)
    return median(taken), answer


def _entry(name: str, value: float, took: float) -> Entry:
    return entry(name, value, "ms", reference="that way, ms", reference_value=took, target="none", met=None)

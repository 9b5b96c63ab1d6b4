"""Aged balance at past dates, of a ledger whose invoices were nearly all settled since, from subtotals.

Three years of invoices to 20,000 customers: each is paid after 60 days, every second one by half, and in full after 120
days. Some are in dispute from the first payment to the second or in three instalments, one payment in 40 is booked ten
days late, and every 50th customer has a payment of the last 30 days that is unapplied. The questions ask for days all
over the three years, known then, a while later and now. The reference, in the same run, is one of the answers from the
movements themselves. So it is with payment delays, in which cohorts, seasons, the debts at risk and the ranking of
customers are. Other measures of one past date and moment stand beside the median of these answers.

With ``ENCOURS_BENCH_EVENTS=10000000`` as many movements take the place of 1,000,000.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import asyncpg

from encours.kernel.bands import STANDARD
from encours.projection.control import STORE_SETTINGS
from encours.projection.projector import create_indexes, create_tables
from encours.reading.moment import TimeTravel, View
from encours.testing.servers import fresh_installation, running_cluster
from reporting_svc.domain.anomalies import amounts, delays, ranked
from reporting_svc.domain.forecast.made import make_forecast
from reporting_svc.domain.measures.collection import eleven_months_before
from reporting_svc.domain.measures.delays import DelayFigures
from reporting_svc.domain.usual import WINDOW_DAYS
from reporting_svc.read_models.aged_balance.penalties import OpenPenalties
from reporting_svc.read_models.aged_balance.query import Figures, aged
from reporting_svc.read_models.anomalies.query import delayed_debts, transactions
from reporting_svc.read_models.collection.query import collection
from reporting_svc.read_models.delays.figures import delay_figures, fallen_outcomes, outcomes_of
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.dso.query import billed_months, days_sales_outstanding, grouped_days
from reporting_svc.read_models.forecast.query import forecast_basis
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import add_subtotal
from reporting_svc.read_models.turnover.query import by_group, by_period
from tests.bench import Entry, entry
from tests.bench.aged_balance import CUSTOMERS, ENTITY, PAGE

MOVEMENTS = int(os.environ.get("ENCOURS_BENCH_EVENTS", "0")) or 1_000_000
GROUPS = MOVEMENTS // 5
"""Two issues, two first payments and one second payment."""
FIRST, DAYS = date(2023, 7, 1), 1_095
PAID, SETTLED = GROUPS * 60 // DAYS, GROUPS * 120 // DAYS
"""Groups from an issue to its payments."""
SPARE = CUSTOMERS // 50 * DAYS // 30
"""Payments that stay unapplied for 30 days: at any time those of every 50th customer."""
QUESTIONS = 40
MIDDLE = 30
"""Pair of date and moment of which measures are asked."""
TARGET_MS = 1_000.0
SCHEMA = "past"

_FILL = f"""
insert into {SCHEMA}.entity values ('{ENTITY}', 'Banc d''essai SAS', 'EUR');
insert into {SCHEMA}.customer (customer_id, entity, name, name_key, country, portfolio_from,
                          portfolio_position, tags)
  select 'cus_' || md5(c::text), '{ENTITY}', 'Customer ' || c, 'customer ' || c, 'FR', '-infinity', 0, array[]::text[]
  from generate_series(0, {CUSTOMERS} - 1) c;
insert into {SCHEMA}.item (invoice_id, number, entity, customer_id, currency, issued_on, due_on, total_minor,
                           open_minor, disputed_minor, conceded_minor, planned_minor, settled_minor, schedule,
                           is_penalty, vat_on_receipt)
  select md5(i::text)::uuid, 'FAC-' || i, '{ENTITY}', 'cus_' || md5((i * 7919 % {CUSTOMERS})::text), 'EUR', issued,
         issued + 30 + (i % 31)::int, total, total, 0, 0, 0, 0,
         case when i % 100 = 1 then format('%s %s,%s %s,%s %s', issued + 30, total / 3, issued + 60, total / 3 * 2,
                                           issued + 90, total) end, false, false
  from (select i, '{FIRST}'::date + (i / 2 * {DAYS} / {GROUPS})::int as issued, 20000 + i % 900000 as total
        from generate_series(0::bigint, {2 * GROUPS} - 1) i) each;
insert into {SCHEMA}.item_instalment (invoice_id, position, due_on, effective_on, upto_minor)
  select i.invoice_id, substr(i.number, 5)::bigint / 2 * 5 + 2, split_part(each, ' ', 1)::date, i.issued_on,
         split_part(each, ' ', 2)::bigint
  from {SCHEMA}.item i cross join unnest(string_to_array(i.schedule, ',')) each where i.schedule is not null;
insert into {SCHEMA}.movement (position, line, item_minor, contested_minor, conceded_minor, planned_minor, cash_minor,
                               account_minor, net_minor, effective_on, entity, customer_id, invoice_id, currency, kind,
                               payment_id, available_on)
  select 5 * g + 1 + place, 0, minor, contested, 0, 0, 0, minor, case when place < 2 then minor * 5 / 6 else 0 end, day,
         substr('{ENTITY}', 5)::uuid, md5((i * 7919 % {CUSTOMERS})::text)::uuid, md5(i::text)::uuid, 'EUR',
         case when place < 2 then 'issued' else 'applied' end,
         case when place >= 2 then md5('payment' || 5 * g + place)::uuid end, case when place >= 2 then day end
  from (
    select g, place, i,
           '{FIRST}'::date + (g * {DAYS} / {GROUPS})::int
             - case when place >= 2 and g % 40 = 0 then 10 else 0 end as day,
           case when place < 2 then total when i % 2 = 1 then -total when place = 4 then total / 2 - total
                             else -(total / 2) end as minor,
           case when i % 50 <> 0 or place < 2 then 0 when place = 4 then -5000 else 5000 end as contested
    from (
      select g, place, i, 20000 + i % 900000 as total
      from generate_series(0::bigint, {GROUPS} - 1) g cross join generate_series(0, 4) place
      cross join lateral (select case when place < 2 then 2 * g + place
                                      when place < 4 then 2 * (g - {PAID}) + place - 2
                                      else 2 * (g - {SETTLED}) end as i) of
      where i >= 0
    ) moved
  ) each;
insert into {SCHEMA}.movement (position, line, item_minor, contested_minor, conceded_minor, planned_minor, cash_minor,
                               account_minor, net_minor, effective_on, entity, customer_id, currency, kind, payment_id,
                               available_on)
  select 5 * g + 1, case kind when 'received' then 1 else 2 end, 0, 0, 0, 0, minor, -minor, 0, day,
         substr('{ENTITY}', 5)::uuid, md5((n * 7919 % {CUSTOMERS})::text)::uuid, 'EUR', kind,
         md5('spare' || n)::uuid, case when minor > 0 then day end
  from (
    select n, kind, minor, begins + later as g,
           '{FIRST}'::date + ((begins + later) * {DAYS} / {GROUPS})::int as day
    from generate_series(0::bigint, {SPARE} - 1) n
    cross join (values ('received', 50000, 0), ('refunded', -50000, {GROUPS} * 30 / {DAYS})) each(kind, minor, later)
    cross join lateral (select n * {GROUPS} / {SPARE} as begins) of
  ) each where g < {GROUPS};
"""


async def run() -> list[Entry]:
    """Entries for ``var/bench.json``."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        return asyncio.run(_measured(installation.admin_url("reporting")))


async def _measured(dsn: str) -> list[Entry]:
    conn = await asyncpg.connect(dsn, server_settings=STORE_SETTINGS)
    await fill(conn)
    asked = [_pair(n) for n in range(QUESTIONS)]
    bare, expected = await _timed(conn, *asked[-1])
    started = time.perf_counter()
    while await add_subtotal(conn, SCHEMA):
        pass
    made = time.perf_counter() - started
    await conn.execute("checkpoint")
    _, found = await _timed(conn, *asked[-1])
    assert found == expected, (found, expected)
    took = sorted([(await _timed(conn, *each))[0] for each in asked])
    delays = await _delays(conn, asked, bare)
    measures = [await _measured_then(conn, *asked[MIDDLE], *each, took[20]) for each in MEASURES.items()]
    size = await conn.fetchval(
        "select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and relname ~ '^(subtotal|entry)_'"
    )
    await conn.close()
    p95 = took[QUESTIONS * 95 // 100 - 1]
    return [
        entry(
            f"aged balance at past dates, {MOVEMENTS:,} movements, p95 of {QUESTIONS} (median {took[20]:.0f} ms)",
            p95,
            "ms",
            reference="one of them from the movements",
            reference_value=bare,
            target=f"{TARGET_MS:.0f}",
            met=p95 < TARGET_MS,
        ),
        entry(
            f"subtotals of these movements, {size / 2**20:,.0f} MiB",
            made,
            "s",
            reference="one answer without them, s",
            reference_value=bare / 1000,
            target="none",
            met=None,
        ),
        delays,
        *measures,
    ]


async def _delays(conn: asyncpg.Connection[Any], asked: list[tuple[date, int]], aged_ms: float) -> Entry:
    """Payment delays of a year before each date, by month, against those of debts that are settled one by one.

    More debts than those of a million movements take gigabytes to settle: then beside the aged balance of one pair.
    """
    took = []
    for day, position in asked:
        first = date(day.year - 1, day.month, 1)
        for _ in range(2):
            started = time.perf_counter()
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                view = View(conn, SCHEMA, TimeTravel(day, position, None, False), granted=None)
                found = await delay_figures(view, EUR, first, "month")
            last = (time.perf_counter() - started) * 1000
        took.append(last)
    reference, bare = "an aged balance from the movements", aged_ms
    if MOVEMENTS <= 1_000_000:
        reference, bare = "one of them from the movements", await _settled_one_by_one(conn, view, found)
    took.sort()
    p95 = took[QUESTIONS * 95 // 100 - 1]
    return entry(
        f"payment delays at past dates, {MOVEMENTS:,} movements, p95 of {QUESTIONS} (median {took[20]:.0f} ms)",
        p95,
        "ms",
        reference=reference,
        reference_value=bare,
        target=f"{TARGET_MS:.0f}",
        met=p95 < TARGET_MS,
    )


async def _settled_one_by_one(conn: asyncpg.Connection[Any], view: View, found: DelayFigures) -> float:
    """Milliseconds of the same figures of debts that are settled one by one; they must be equal."""
    started = time.perf_counter()
    expected = DelayFigures(found.first, found.on)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        expected.add_covered(await covered_debts(view, EUR), lambda outcome: outcome.due_on.isoformat()[:7])
    took = (time.perf_counter() - started) * 1000
    assert (found.months(), found.customers) == (expected.months(), expected.customers)
    assert found.parts_minor == expected.parts_minor
    return took


async def _measured_then(
    conn: asyncpg.Connection[Any], day: date, position: int, name: str, ask: Measure, aged_ms: float
) -> Entry:
    """Return the second of two answers of a measure at a past date and moment."""
    for _ in range(2):
        started = time.perf_counter()
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            await ask(View(conn, SCHEMA, TimeTravel(day, position, None, False), granted=None))
        took = (time.perf_counter() - started) * 1000
    return entry(
        f"{name}, {day}, known up to movement {position:,}",
        took,
        "ms",
        reference="aged balance of the past, median",
        reference_value=aged_ms,
        target="none",
        met=None,
    )


async def _dso(view: View) -> object:
    billed = await billed_months(view, EUR, 90)
    total = Figures.none("EUR", STANDARD)
    return days_sales_outstanding(total, OpenPenalties(0, 0), billed, view.time.as_of, 90)


async def _turnover(view: View) -> object:
    return await by_period(view, EUR, "month", view.time.as_of - timedelta(days=365))


async def _collection(view: View) -> object:
    return await collection(view, EUR, eleven_months_before(view.time.as_of), "salesperson", 90)


async def _turnover_of_groups(view: View) -> object:
    return await by_group(view, EUR, "month", view.time.as_of - timedelta(days=365), "salesperson")


async def _dso_of_groups(view: View) -> object:
    return await grouped_days(view, EUR, "month,salesperson", 90)


async def _forecast(view: View) -> object:
    basis, on = await forecast_basis(view, EUR), view.time.as_of.toordinal()
    return make_forecast(basis.owed, basis.history, on, [on + 7 * n for n in range(1, 14)])


async def _unlike(view: View) -> object:
    first = view.time.as_of - timedelta(days=90)
    compared_from = first - timedelta(days=WINDOW_DAYS)
    debts = await delayed_debts(view, EUR, compared_from)
    moved = await transactions(view, EUR, compared_from)
    return ranked([*delays(debts, first, view.time.as_of), *amounts(moved, first)])


async def _reported(view: View) -> object:
    return await fallen_outcomes(view, EUR, view.time.as_of - timedelta(days=30))


async def _reminded(view: View) -> object:
    ids = await view.conn.fetchval(
        f"select array_agg(invoice_id) from {SCHEMA}.item where due_on between $1 and $2",
        view.time.as_of - timedelta(days=40),
        view.time.as_of - timedelta(days=10),
    )
    return await outcomes_of(view, EUR, lambda args: f"i.invoice_id = any({args.add(ids)}::uuid[])")


Measure = Callable[[View], Awaitable[object]]
EUR = Scope(currency="EUR")
MEASURES: dict[str, Measure] = {
    "turnover of days sales outstanding": _dso,
    "turnover of a year by month": _turnover,
    "turnover of a year by month and salesperson": _turnover_of_groups,
    "collection of twelve months by salesperson": _collection,
    "days sales outstanding of twelve months by salesperson": _dso_of_groups,
    "cash forecast of 13 weeks, not kept": _forecast,
    "amounts and delays of 90 days unlike those before": _unlike,
    "rows of a report of the debts that fell due in 30 days": _reported,
    "funds of the invoices that reminders of a month asked for": _reminded,
}


def _pair(n: int) -> tuple[date, int]:
    """A day, and a position then, halfway to the end, or at the end."""
    group = GROUPS * (n + 1) // QUESTIONS
    known = group + (GROUPS - group) * (n % 3) // 2
    return FIRST + timedelta(days=DAYS * (n + 1) // QUESTIONS - 1), 5 * known


async def fill(conn: asyncpg.Connection[Any]) -> None:
    """Rows, indexes and statistics of :data:`SCHEMA`."""
    model = Receivables()
    await create_tables(conn, SCHEMA, model, keys=True)
    await conn.execute(_FILL)
    await create_indexes(conn, SCHEMA, model.rows)
    await conn.execute("vacuum analyze")
    await conn.execute("checkpoint")


async def _timed(conn: asyncpg.Connection[Any], day: date, position: int) -> tuple[float, Figures]:
    """Milliseconds of the second of two answers, and its sum."""
    for _ in range(2):
        started = time.perf_counter()
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            view = View(conn, SCHEMA, TimeTravel(day, position, None, False), granted=None)
            found = await aged(view, Scope(), page=PAGE)
        took = (time.perf_counter() - started) * 1000
    assert len(found.rows) == PAGE.fetch
    assert found.sums[0].tied
    return took, found.sums[0]

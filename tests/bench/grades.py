"""Forecasts of 100,000 customers from the rows of risk-svc, as a day that opens makes them: 1,000,000 invoices; the
early warnings of 20,000 of them.

Rows are generated in SQL as the projection would have written them: each invoice with its issue, and with its payment
if it is paid. The reference of the same run is the transport of the same movements, page by page.
"""

from __future__ import annotations

import asyncio
import time
from datetime import date
from typing import Any

import asyncpg

from encours.projection.control import STORE_SETTINGS
from encours.projection.projector import create_indexes, create_tables
from encours.testing.servers import Installation, fresh_installation, running_cluster
from risk_svc.domain.score.shipped import SHIPPED
from risk_svc.domain.warning.rules import SHIPPED as SHIPPED_RULES
from risk_svc.domain.warning.rules import evaluate
from risk_svc.read_models.credit.grades import last_grades
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.payers import CUSTOMERS_AT_ONCE, all_histories
from risk_svc.read_models.insurance.query import Moment
from risk_svc.read_models.warnings.query import warned_book, warned_ids, warned_page
from risk_svc.use_cases.warnings.days import CUSTOMERS_AT_ONCE as WARNED_AT_ONCE
from tests.bench import Entry, entry

CUSTOMERS, EACH = 100_000, 10
DAY = date(2026, 6, 30)
SCHEMA = "bench_grades"
TARGET_S = 60.0
WARNED = 20_000
"""Customers with a limit, who are judged by the rules of early warnings."""
_FILL = """
insert into {s}.customer (customer_id, entity_id, name, from_position, exposures)
  select 'cus_' || lpad(n::text, 32, '0'), 'ent_1', 'Customer ' || n, n, '' from generate_series(1, {customers}) n;
insert into {s}.segment (customer_id, position, effective_on, segment)
  select customer_id, from_position, date '2024-01-01', 's' || from_position % 5 from {s}.customer;
insert into {s}.invoice (invoice_id, customer_id, currency, drafted, number, issued_on, due_on, total_minor,
                         issued_position, replaces, is_penalty)
  select 'inv_' || lpad(k::text, 32, '0'), 'cus_' || lpad((k % {customers} + 1)::text, 32, '0'), 'EUR', '', 'F' || k,
         on_, on_ + 30, 12000, {customers} + k, false, false
  from (select k, date '{day}' - (k * 7919 % 700 + 1)::int as on_
        from generate_series(1::bigint, {customers} * {each}) k) made;
insert into {s}.movement (position, line, customer_id, currency, invoice_id, payment_id, effective_on, available_on,
                          open_minor, owed_minor, disputed_minor, planned_minor, conceded_minor, draft_minor,
                          unapplied_minor, reserved_minor, delivered_minor)
  select issued_position, 0, customer_id, currency, invoice_id, null, issued_on, null,
         total_minor, total_minor, 0, 0, 0, 0, 0, 0, 0 from {s}.invoice
  union all
  select issued_position, 1, customer_id, currency, invoice_id, 'pay_' || substr(invoice_id, 5), paid_on, paid_on,
         -total_minor, 0, 0, 0, 0, 0, 0, 0, 0
  from (select *, due_on - 10 + (issued_position * 31 % 40)::int as paid_on from {s}.invoice) paid
  where paid_on < date '{day}' and issued_position % 50 <> 0;
insert into {s}.limit_request (limit_id, customer_id, entity_id, amount_minor, currency, max_days_past_due, valid_until,
                               requested_position, requested_on, state, approved_minor, approved_max_days,
                               decided_position, decided_on)
  select 'lim_' || n, 'cus_' || lpad(n::text, 32, '0'), 'ent_1', 50000, 'EUR', 30, null, n, date '2024-01-01',
         'approved', 50000, 30, n, date '2024-01-01' from generate_series(1, {warned}) n;
"""


async def run() -> list[Entry]:
    """The entry of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        return asyncio.run(_measure(installation))


async def _measure(installation: Installation) -> list[Entry]:
    conn = await asyncpg.connect(installation.store_url("risk"), server_settings=STORE_SETTINGS)
    try:
        await _fill(conn)
        reference_s = await _transport_s(conn)
        refresh_s, forecasts = await _refresh_s(conn)
        warnings_s, judged, warned = await _warnings_s(conn)
    finally:
        await conn.close()
    assert (forecasts, judged) == (CUSTOMERS, WARNED)
    return [
        entry(
            f"forecasts of {CUSTOMERS:,} customers from {CUSTOMERS * EACH:,} invoices in the database", refresh_s, "s",
            reference="transport of their movements, s", reference_value=reference_s,
            target=f"{TARGET_S:.0f} s", met=refresh_s < TARGET_S,
        ),
        entry(
            f"early warnings of {WARNED:,} customers with {WARNED * EACH:,} invoices, {warned:,} found",
            warnings_s, "s",
            reference="transport of all movements, s", reference_value=reference_s,
            target=f"{TARGET_S:.0f} s", met=warnings_s < TARGET_S,
        ),
    ]  # fmt: skip


async def _fill(conn: asyncpg.Connection[Any]) -> None:
    model = Credit()
    await create_tables(conn, SCHEMA, model, keys=True)
    statement = _FILL.format(s=SCHEMA, customers=CUSTOMERS, each=EACH, day=DAY, warned=WARNED)
    await conn.execute(statement, timeout=300)
    await create_indexes(conn, SCHEMA, model.rows)
    await conn.execute("vacuum analyze")


async def _refresh_s(conn: asyncpg.Connection[Any]) -> tuple[float, int]:
    started, forecasts = time.perf_counter(), 0
    async for histories in all_histories(conn, SCHEMA, as_of=DAY, position=CUSTOMERS * (EACH + 1)):
        await last_grades(conn, SCHEMA, list(histories))
        for payer in histories.values():
            SHIPPED.forecast_at_end_of(payer, DAY.toordinal())
        forecasts += len(histories)
    return time.perf_counter() - started, forecasts


async def _warnings_s(conn: asyncpg.Connection[Any]) -> tuple[float, int, int]:
    """Judge the customers that have a limit by the shipped rules, page by page, as a day that opens does."""
    started, judged, warned = time.perf_counter(), 0, 0
    after: str | None = ""
    book = await warned_book(Moment(conn, SCHEMA, DAY, CUSTOMERS * (EACH + 1)), "ent_1")
    while after is not None:
        found = await warned_ids(book.moment, "ent_1", after=after, limit=WARNED_AT_ONCE)
        page = await warned_page(book, SHIPPED_RULES.limit_drift, found)
        judged += len(page.customers)
        warned += sum(len(evaluate(each, SHIPPED_RULES, DAY)) for each in page.customers)
        after = found[-1] if len(found) == WARNED_AT_ONCE else None
    return time.perf_counter() - started, judged, warned


async def _transport_s(conn: asyncpg.Connection[Any]) -> float:
    started, after = time.perf_counter(), ""
    while True:
        rows = await conn.fetch(
            f"select customer_id from {SCHEMA}.customer where customer_id > $1 order by customer_id limit $2",
            after,
            CUSTOMERS_AT_ONCE,
        )
        if not rows:
            return time.perf_counter() - started
        some = [row["customer_id"] for row in rows]
        await conn.fetch(f"select * from {SCHEMA}.movement where customer_id = any($1)", some)
        after = some[-1]

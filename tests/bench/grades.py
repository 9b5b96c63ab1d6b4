"""Grades of 100,000 customers with 1,000,000 invoices, as the first activation of a model makes them: read from the
rows of risk-svc, forecast, and appended to the ledger. On the same rows, for the plain and the boosted model, a fit to
the whole history and the forecasts alone; the grades of a day that opens; the terms that a credit policy proposes as it
is set; and the early warnings of 20,000 customers as a day that opens raises them, appended too.

Rows are generated in SQL as the projection would have written them: each invoice with its issue, and with its payment
if it is paid. The ledger holds none of these events, only the last position. The reference of the same run is the
transport of the same movements, page by page. Set ``CUSTOMERS=20000`` for a smaller book.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import asyncpg
import uvloop
from msgspec.structs import replace

from encours.contracts import Event, encode
from encours.contracts.events.calendar import STREAM as CALENDAR
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_policy import CreditPolicySet
from encours.contracts.events.credit_warning import ConcentrationRule, CreditWarningRaised, WarningRulesSet
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.risk_terms import RiskTermsProposed, RiskTermsRule
from encours.contracts.events.score import STREAM, ScoreGraded, ScoreModelActivated
from encours.kernel.ids import derived_id, uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.projection.control import STORE_SETTINGS, install_control
from encours.projection.projector import create_indexes, create_tables
from encours.projection.schemas import schema_of
from encours.reading.read_db import ReadDb
from encours.testing.events import event
from encours.testing.history import stream_of
from encours.testing.servers import Installation, fresh_installation, running_cluster
from risk_svc.domain.policy import policy_of
from risk_svc.domain.score.grading import GradeCustomer
from risk_svc.domain.score.model import ModelKind
from risk_svc.domain.warning.episode import rules_of
from risk_svc.domain.warning.rules import SHIPPED as SHIPPED_RULES
from risk_svc.models import MODELS
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.payers import CUSTOMERS_AT_ONCE, fitted_history
from risk_svc.use_cases.grading import GradePayers, GradesOfDay, grade_all
from risk_svc.use_cases.policy_looks import FollowPolicies
from risk_svc.use_cases.warnings.days import WarningsOfDay
from tests.bench import Entry, entry
from tests.bench.processor import server_s

CUSTOMERS, EACH = int(os.environ.get("CUSTOMERS") or 100_000), 10
INVOICES = CUSTOMERS * EACH
DAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
LEDGER = "grades"
ENTITY = derived_id("ent", "bench")
SCHEMA = schema_of(Credit.name, LEDGER)
LAST = INVOICES + CUSTOMERS
"""Position of the last of the events whose rows are filled in."""
T = TypeVar("T")
KINDS: tuple[ModelKind, ...] = ("plain", "boosted")
TARGET_S = 60.0
FIT_TARGET_S = 120.0
WARNED = min(20_000, CUSTOMERS)
"""Customers with a limit, who are judged by the rules of early warnings."""
RULES = replace(SHIPPED_RULES, concentration=ConcentrationRule(share_bps=0, least_debtors=1))
"""Warning about each customer that owes anything, so that warnings are appended."""
_FILL = """
insert into {s}.customer (customer_id, entity_id, name, from_position, exposures)
  select 'cus_' || lpad(n::text, 32, '0'), '{entity}', 'Customer ' || n, n, '' from generate_series(1, {customers}) n;
insert into {s}.segment (customer_id, position, effective_on, segment)
  select customer_id, from_position, date '2024-01-01', 's' || from_position % 5 from {s}.customer;
insert into {s}.invoice (invoice_id, customer_id, currency, drafted, number, issued_on, due_on, total_minor,
                         issued_position, replaces, is_penalty, counted_minor)
  select 'inv_' || lpad(k::text, 32, '0'), 'cus_' || lpad((k % {customers} + 1)::text, 32, '0'), 'EUR', '', 'F' || k,
         on_, on_ + 30, 12000, {customers} + k, false, false, 0
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
insert into {s}.exposure (customer_id, currency, exposure_minor)
  select customer_id, currency, sum(open_minor) from {s}.movement group by customer_id, currency
  having sum(open_minor) <> 0;
insert into {s}.limit_request (limit_id, customer_id, entity_id, amount_minor, currency, max_days_past_due, valid_until,
                               requested_position, requested_on, state, approved_minor, approved_max_days,
                               decided_position, decided_on)
  select 'lim_' || n, 'cus_' || lpad(n::text, 32, '0'), '{entity}', 50000, 'EUR', 30, null, n, date '2024-01-01',
         'approved', 50000, 30, n, date '2024-01-01' from generate_series(1, {warned}) n;
"""


@dataclass(frozen=True, slots=True)
class _Took:
    """Time of a piece of work, and processor time of this process and of the database server meanwhile."""

    wall_s: float
    cpu_s: float


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with (
        running_cluster() as cluster,
        fresh_installation(cluster) as installation,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(_measure(installation))


async def _measure(installation: Installation) -> list[Entry]:
    async with AsyncExitStack() as stack:
        conn = await asyncpg.connect(installation.store_url("risk"), server_settings=STORE_SETTINGS)
        stack.push_async_callback(conn.close)
        await _fill(conn)
        reference_s = await _transport_s(conn)
        await _begin_ledger(installation.admin_url("ledger"), conn)
        ledger = await Ledger.open(installation.ledger_url("risk"))
        stack.push_async_callback(ledger.close)
        db = await ReadDb.open(installation.store_url("risk"), ledger=ledger, models=MODELS)
        stack.push_async_callback(db.close)

        return [
            _entry(*measured, reference_s)
            async for measured in _measured(_Bench(installation, ledger, db, conn))
        ]


@dataclass(frozen=True, slots=True)
class _Bench:
    installation: Installation
    ledger: Ledger
    db: ReadDb
    store: asyncpg.Connection[Any]


async def _measured(of: _Bench) -> AsyncIterator[tuple[str, _Took, float]]:
    """Yield name, time and target of each piece of work."""
    ledger, db = of.ledger, of.db

    async def graded(_command: GradeCustomer, _entity_id: str, _day: date) -> None:
        """Grade nobody: what is measured is reading and forecasting."""

    for kind in KINDS:
        fitting = fitted_history(db, LEDGER, DAY, LAST, f"own-{kind}", kind)
        found, took = await _took(of.installation, fitting)
        yield f"{kind} model fitted to {INVOICES:,} invoices in the database", took, FIT_TARGET_S
        forecasts = grade_all(ledger, db, LEDGER, DAY, found.fitted.model, graded)
        _, took = await _took(of.installation, forecasts)
        yield f"{CUSTOMERS:,} customers read and forecast by the {kind} model", took, TARGET_S

    _, took = await _took(of.installation, GradePayers(ledger, db).look(LEDGER))
    grades = await _count(ledger, ScoreGraded.TYPE)
    assert grades == CUSTOMERS
    yield f"first activation: {grades:,} grades from {INVOICES:,} invoices, appended", took, TARGET_S

    (opened,) = await ledger.read_types(LEDGER, [DayOpened.TYPE], LAST, 1)
    _, took = await _took(of.installation, WarningsOfDay(ledger, db).open_day(opened))
    warned = await _count(ledger, CreditWarningRaised.TYPE)
    assert warned > WARNED / 4
    name = f"early warnings of {WARNED:,} customers with {WARNED * EACH:,} invoices, {warned:,} appended"
    yield name, took, TARGET_S

    await _show_grades(of)
    # The second day after the activation: the first looks at all once more.
    for version in (3, 4):
        await _append(ledger, DayOpened(day=DAY, late=False), version)
    *_, opened = await ledger.read_types(LEDGER, [DayOpened.TYPE], LAST, 3)
    _, took = await _took(of.installation, GradesOfDay(ledger, db).open_day(opened, DAY))
    yield f"grades of a day that opens, {CUSTOMERS:,} customers", took, TARGET_S

    await _set_policy(of)
    _, took = await _took(of.installation, FollowPolicies(ledger, db).look(LEDGER))
    proposed = await _count(ledger, RiskTermsProposed.TYPE)
    assert proposed
    yield (
        f"terms by rule as a credit policy is set, {CUSTOMERS:,} customers, {proposed:,} proposed",
        took,
        TARGET_S,
    )


async def _show_grades(of: _Bench) -> None:
    """Fill in the rows of the grades, as the projection would."""
    rows = await of.ledger.query(
        """select convert_from(data, 'UTF8')::jsonb ->> 'customer_id' as customer_id, position, effective_on,
                  convert_from(data, 'UTF8')::jsonb ->> 'grade' as grade
           from ledger.event where type = $1""",
        ScoreGraded.TYPE,
    )
    await of.store.copy_records_to_table(
        "grade",
        schema_name=SCHEMA.strip('"'),
        columns=("customer_id", "position", "effective_on", "grade"),
        records=map(tuple, rows),
    )
    await of.store.execute(f"analyze {SCHEMA}.grade")
    await _seen_to_head(of)


async def _set_policy(of: _Bench) -> None:
    rule = RiskTermsRule(kind="deposit", grades=("D", "E"), share_bps=5_000)
    policy = event(
        CreditPolicySet, credit_policy_id=policy_of(ENTITY), entity_id=ENTITY, version=1, terms_rules=(rule,)
    )
    await _append(of.ledger, policy, 1)
    head = (await of.ledger.head(LEDGER)).position
    await of.store.execute(f"insert into {SCHEMA}.order_policy values ($1, false, $2)", ENTITY, head)
    await _seen_to_head(of)


async def _seen_to_head(of: _Bench) -> None:
    head = (await of.ledger.head(LEDGER)).position
    await of.store.execute("update encours.checkpoint set position = $1 where ledger = $2", head, LEDGER)


def _entry(name: str, took: _Took, target_s: float, reference_s: float) -> Entry:
    return entry(
        f"{name} (processor time {took.cpu_s:.1f} s)",
        took.wall_s,
        "s",
        reference="transport of all movements, s",
        reference_value=reference_s,
        target=f"{target_s:.0f} s",
        met=took.wall_s < target_s,
    )


async def _took(installation: Installation, work: Awaitable[T]) -> tuple[T, _Took]:
    def spent_s() -> float:
        return time.process_time() + server_s(installation.cluster)

    before, started = spent_s(), time.perf_counter()
    found = await work
    wall_s = time.perf_counter() - started
    return found, _Took(wall_s, spent_s() - before)


async def _fill(conn: asyncpg.Connection[Any]) -> None:
    model = Credit()
    await install_control(conn)
    await create_tables(conn, SCHEMA, model, keys=True)
    statement = _FILL.format(s=SCHEMA, customers=CUSTOMERS, each=EACH, day=DAY, warned=WARNED, entity=ENTITY)
    await conn.execute(statement, timeout=300)
    await create_indexes(conn, SCHEMA, model.rows)
    await conn.execute("vacuum analyze")


async def _begin_ledger(dsn: str, store: asyncpg.Connection[Any]) -> None:
    """Begin the ledger at the position of the rows, with rules and a model in use, which the read model has seen."""
    ledger = await Ledger.open(dsn)
    try:
        info = await ledger.create_ledger(LEDGER, "sandbox", "Europe/Paris", clock_at=NOW)
        (last,) = await ledger.query(
            """insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version, event_id,
                                         command_id, stream, type, entity, actor, data)
               values ($1, $2, 1, $3, $4, $5, $6, $6, $7, $8, '', 'bench', $9) returning position""",
            LAST, NOW - timedelta(hours=1), DAY, info.id, DayOpened.VERSION, uuid7(), CALENDAR, DayOpened.TYPE,
            encode(DayOpened(day=DAY, late=False)),
        )  # fmt: skip
        assert last["position"] == LAST
        known = encode(event(CustomerRegistered, customer_id="<id>", entity_id=ENTITY)).decode()
        await ledger.query(
            f"""insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version,
                                          event_id, command_id, stream, type, entity, actor, data)
                select n, $1, 1, $2, $3, $4, gen_random_uuid(), gen_random_uuid(), id, $5, $6, 'bench',
                       convert_to(replace($7, '<id>', id), 'UTF8')
                from (select n, 'cus_' || lpad(n::text, 32, '0') as id from generate_series(1, {CUSTOMERS}) n) made""",
            NOW - timedelta(hours=2), DAY, info.id, CustomerRegistered.VERSION, CustomerRegistered.TYPE, ENTITY, known,
        )  # fmt: skip
        for each in (
            event(EntityRegistered, entity_id=ENTITY, time_zone="Europe/Paris"),
            event(
                WarningRulesSet, warning_rules_id=rules_of(ENTITY), entity_id=ENTITY, version=1, rules=RULES
            ),
            DayOpened(day=DAY, late=False),
            event(ScoreModelActivated, score_models_id=STREAM, version="default-1", replaces="default-1"),
        ):
            await _append(ledger, each, 2 if isinstance(each, DayOpened) else 1)
        head = await ledger.head(LEDGER)
    finally:
        await ledger.close()
    await store.execute(
        """insert into encours.checkpoint (ledger, model, service, model_version, epoch, position, state)
           values ($1, $2, 'risk-svc', $3, $4, $5, 'following')""",
        LEDGER, Credit.name, Credit.version, head.epoch, head.position,
    )  # fmt: skip


async def _append(ledger: Ledger, data: Event, version: int) -> None:
    stream = CALENDAR if isinstance(data, DayOpened) else stream_of(data)
    entity = ENTITY if stream in (ENTITY, rules_of(ENTITY), policy_of(ENTITY)) else ""
    made = NewEvent(stream, version, data, entity, DAY, uuid7())
    await ledger.append(
        Append(ledger=LEDGER, command_id=uuid7(), fingerprint=b"bench", events=(made,), actor="bench")
    )


async def _count(ledger: Ledger, kind: str) -> int:
    (row,) = await ledger.query("select count(*) from ledger.event where type = $1", kind)
    found: int = row["count"]
    return found


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

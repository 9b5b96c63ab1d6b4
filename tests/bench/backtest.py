"""Back-test: 20,000 customers, 12 months, 80,000 invoices, the default policy.

Measured is the process that the worker starts, with the reading of the ledger and the storing of each message. The
reference is the rebuild of the read model `cases` from the same events: the same fold, without a decision. Set
``CUSTOMERS=100000`` for the full size.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from dunning_svc.backtest.results import BacktestResult, Costs
from dunning_svc.backtest.store import Backtest, BacktestStore
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY
from dunning_svc.read_models.cases.model import Cases
from encours.contracts import Event, encode
from encours.contracts.common import Address
from encours.contracts.events.calendar import STREAM, DayOpened
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.ids import derived_id
from encours.projection.rebuild import rebuild
from encours.testing.events import applied, event, issued
from encours.testing.servers import Installation, fresh_installation, running_cluster
from tests.bench import Entry, entry

CUSTOMERS = int(os.environ.get("CUSTOMERS") or 20_000)
DAYS = 365
QUARTER = 90
LIMIT_MIB = 400
TARGET_RATIO = 0.1
FIRST = date(2025, 1, 1)
LEDGER = "backtest"
ENTITY = derived_id("ent", "bench")
_ADDRESS = Address(lines=("2 place Bellecour",), postal_code="69002", city="Lyon", country="FR")
_COLUMNS = (
    "position", "recorded_at", "version", "effective_on", "ledger", "schema_version", "event_id", "command_id",
    "stream", "type", "entity", "actor", "data",
)  # fmt: skip


def history(customers: int = CUSTOMERS) -> Iterator[tuple[date, str, int, Event]]:
    """Yield day, stream, version and payload: an invoice per customer and quarter, paid 20 to 94 days later."""
    yield FIRST, ENTITY, 1, event(EntityRegistered, entity_id=ENTITY, name="Créancier", time_zone="UTC")
    for number in range(customers):
        customer = f"cus_{number:032x}"
        registered = event(
            CustomerRegistered,
            customer_id=customer,
            entity_id=ENTITY,
            name="Débiteur",
            email="a@example.com",
            address=_ADDRESS,
        )
        yield FIRST, customer, 1, registered
    paid: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for day in range(DAYS):
        on, quarter = FIRST + timedelta(days=day), day // QUARTER
        yield on, STREAM, day + 1, DayOpened(day=on, late=False)
        for number in range(day % QUARTER, customers, QUARTER):
            yield on, _invoice(number, quarter), 1, _issued(number, quarter, on)
            paid[day + 20 + (number * 7 + quarter * 13) % 75].append((number, quarter))
        for number, earlier in paid.pop(day, ()):
            invoice_id = _invoice(number, earlier)
            yield (
                on,
                invoice_id,
                2,
                applied(
                    28_800,
                    invoice_id=invoice_id,
                    customer_id=f"cus_{number:032x}",
                    payment_id=f"pay_{number * 5 + earlier:032x}",
                    allocation_id=derived_id("alo", invoice_id),
                    received_on=on,
                ),
            )


def _invoice(number: int, quarter: int) -> str:
    return f"inv_{number * 5 + quarter:032x}"


def _issued(number: int, quarter: int, on: date) -> Event:
    return issued(
        28_800,
        invoice_id=_invoice(number, quarter),
        customer_id=f"cus_{number:032x}",
        number=f"FAC-{number}-{quarter}",
        issued_on=on,
        supply_on=on,
        due_on=on + timedelta(days=30),
    )


async def fill(dsn: str, customers: int = CUSTOMERS) -> int:
    """Write the history into a ledger of its own; return the number of its events."""
    conn = await asyncpg.connect(dsn)
    ledger_id = await conn.fetchval(
        "insert into ledger.ledgers (name, epoch, kind, time_zone) values ($1, 1, 'sandbox', 'UTC') returning id",
        LEDGER,
    )
    rows: list[tuple[Any, ...]] = []
    position = 0
    for position, (on, stream, version, data) in enumerate(history(customers), 1):
        at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
        same = UUID(int=position)
        rows.append(
            (position, at, version, on, ledger_id, data.VERSION, same, same, stream, data.TYPE, ENTITY, "bench",
             encode(data))
        )  # fmt: skip
        if len(rows) == 20_000:
            await _copy(conn, rows)
    await _copy(conn, rows)
    await conn.execute("vacuum analyze ledger.event")
    await conn.close()
    return position


async def _copy(conn: asyncpg.Connection, rows: list[tuple[Any, ...]]) -> None:
    await conn.copy_records_to_table("event", schema_name="ledger", columns=_COLUMNS, records=rows)
    rows.clear()


async def _tested(installation: Installation, position: int) -> BacktestResult:
    pool = await asyncpg.create_pool(installation.store_url("dunning"), min_size=1, max_size=1)
    store = BacktestStore(pool)
    await store.prepare()
    wanted = Backtest(
        id=derived_id("bkt", "bench"),
        ledger=LEDGER,
        policy_id=DEFAULT_ID,
        version=DEFAULT_POLICY.version,
        first_on=FIRST,
        last_on=FIRST + timedelta(days=DAYS),
        position=position,
        costs=Costs(),
        fingerprint=b"bench",
        asked_by="bench",
        asked_on=FIRST,
    )
    await store.add(wanted)
    environment = os.environ | {
        "ENCOURS_LEDGER_URL": installation.ledger_url("dunning"),
        "ENCOURS_STORE_URL": installation.store_url("dunning"),
    }
    command = (sys.executable, "-m", "dunning_svc", "backtest", wanted.id)
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True)
    done = await store.get(LEDGER, wanted.id)
    await pool.close()
    assert done is not None
    assert done.result is not None, done.problem
    return done.result


async def run() -> list[Entry]:
    """Entries for ``var/bench.json``."""
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        events = await fill(installation.admin_url("ledger"))
        started = time.perf_counter()
        rebuilt = await rebuild(
            ledger_dsn=installation.ledger_url("dunning"),
            store_dsn=installation.store_url("dunning"),
            service="dunning-svc",
            model=Cases(),
            ledger=LEDGER,
        )
        bare = events / (time.perf_counter() - started)
        assert rebuilt.position == events
        result = await _tested(installation, events)
    assert result.totals.messages > CUSTOMERS
    measured = result.measured
    return against_rebuild(
        f"back-test of {CUSTOMERS:,} customers, 12 months",
        measured.events / measured.seconds,
        measured.peak_mib,
        model="cases",
        rebuilt=bare,
        ratio=TARGET_RATIO,
        limit_mib=LIMIT_MIB,
    )


def against_rebuild(
    name: str, rate: float, peak_mib: float, *, model: str, rebuilt: float, ratio: float, limit_mib: int
) -> list[Entry]:
    """Entries of a back-test: events/s beside a rebuild of its read model, and peak memory."""
    return [
        entry(
            name,
            rate,
            "events/s",
            reference=f"rebuild of `{model}` from the same events",
            reference_value=rebuilt,
            target=f"{ratio} x the reference",
            met=rate >= ratio * rebuilt,
        ),
        entry(
            "peak memory of that back-test",
            peak_mib,
            "MiB",
            reference="limit",
            reference_value=limit_mib,
            target=f"{limit_mib} MiB",
            met=peak_mib < limit_mib,
        ),
    ]

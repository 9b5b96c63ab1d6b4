"""A small read model over real contract events, a ledger to feed it from, and a worker to run it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import uuid4

import asyncpg
from pydantic import SecretStr

from encours.contracts import Event, Recorded, types
from encours.contracts.common import Terms
from encours.contracts.events.calendar import STREAM as CALENDAR
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.invoice import InvoiceIssued, PaymentApplied
from encours.kernel.ids import uuid7
from encours.ledger import Append, Appended, Ledger, NewEvent
from encours.projection.read_model import Conn, Reactor, ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from encours.reading.read_db import ReadDb
from encours.service.worker import Worker
from encours.testing.servers import Installation
from encours.transport.client import NatsConnection

LEDGER = "toy"
POISON = 666
"""A payment of this amount makes `project` raise."""
UNWRITABLE = 667
"""A payment of this amount makes a row that the database refuses."""
DAY = date(2026, 1, 1)
TERMS = Terms(due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4000)


class Item(Row, kw_only=True):
    TABLE = "item"
    KEY = ("invoice_id",)
    INDEXES = ("(customer_id) where open_minor > 0",)
    invoice_id: str
    customer_id: str
    due_on: date
    open_minor: int
    payments: list[str]
    last_position: int


class Customer(Row, kw_only=True):
    TABLE = "customer"
    KEY = ("customer_id", "currency")
    customer_id: str
    currency: str
    open_minor: int
    items: int


class Receipt(Row, kw_only=True):
    TABLE = "receipt"
    KEY = ("position",)
    FINAL = True
    position: int
    amount_minor: int


class Today(Row, kw_only=True):
    TABLE = "today"
    KEY = ("one",)
    one: bool
    day: date


class OpenItems(ReadModel):
    name = "toy_items"
    version = 1
    rows = (Item, Customer, Receipt, Today)
    applies = frozenset({InvoiceIssued.TYPE, PaymentApplied.TYPE})
    ignores = frozenset(types()) - applies

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], tuple[object, ...]]]:
        yield Item, (e.stream,)
        if isinstance(
            e.data, InvoiceIssued
        ):  # the customer of a payment is not named: it is fetched when asked for
            yield Customer, (e.data.customer_id, e.data.currency)

    def project(self, e: Recorded, rows: RowCache) -> None:
        match e.data:
            case InvoiceIssued() as d:
                rows.put(
                    Item(
                        invoice_id=e.stream,
                        customer_id=d.customer_id,
                        due_on=d.due_on,
                        open_minor=d.total_minor,
                        payments=[],
                        last_position=e.position,
                    )
                )
                self._change(rows, d.customer_id, d.currency, d.total_minor, 1)
            case PaymentApplied() as d:
                item = rows.get(Item, e.stream)
                if item is None:
                    raise LookupError(f"no invoice {e.stream}")
                item.open_minor -= d.amount_minor
                item.payments = [*item.payments, d.payment_id]
                item.last_position = 2**70 if d.amount_minor == UNWRITABLE else e.position
                rows.put(item)
                rows.put(Receipt(position=e.position, amount_minor=d.amount_minor))
                self._change(rows, item.customer_id, d.currency, -d.amount_minor, 0)
                if d.amount_minor == POISON:
                    raise ValueError("poison")
            case _:
                raise AssertionError(e.type)

    def _change(self, rows: RowCache, customer_id: str, currency: str, amount_minor: int, items: int) -> None:
        customer = rows.get(Customer, customer_id, currency) or Customer(
            customer_id=customer_id, currency=currency, open_minor=0, items=0
        )
        customer.open_minor += amount_minor
        customer.items += items
        rows.put(customer)

    async def on_days_opened(self, conn: Conn, schema: str, days: list[date]) -> None:
        await conn.execute(
            f"insert into {schema}.today values (true, $1) on conflict (one) do update set day = excluded.day",
            days[-1],
        )


@dataclass(frozen=True)
class Settings:
    ledger_url: SecretStr
    store_url: SecretStr
    nats_url: SecretStr
    relay_url: SecretStr


def settings_of(installation: Installation) -> Settings:
    return Settings(
        SecretStr(installation.ledger_url()),
        SecretStr(installation.store_url()),
        SecretStr(installation.nats_url()),
        SecretStr(installation.nats_url("relay")),
    )


def issued(invoice_id: str, customer_id: str, total_minor: int) -> InvoiceIssued:
    return InvoiceIssued(
        invoice_id=invoice_id,
        customer_id=customer_id,
        number=f"T-{invoice_id[-6:]}",
        series=None,
        issued_on=DAY,
        supply_on=DAY,
        due_on=DAY + timedelta(days=30),
        currency="EUR",
        vat=(),
        net_minor=total_minor,
        vat_minor=0,
        total_minor=total_minor,
        terms=TERMS,
        reference=None,
        salesperson=None,
        origin="import",
    )


def paid(invoice_id: str, customer_id: str, amount_minor: int) -> PaymentApplied:
    return PaymentApplied(
        invoice_id=invoice_id,
        customer_id=customer_id,
        currency="EUR",
        payment_id="pay_1",
        allocation_id="alo_1",
        amount_minor=amount_minor,
        received_on=DAY,
    )


class Feed:
    """Appends to the toy ledger and remembers the versions of its streams."""

    def __init__(self, ledger: Ledger, name: str = LEDGER) -> None:
        self.ledger = ledger
        self.name = name
        self.versions: dict[str, int] = {}
        self.position = 0

    async def __call__(self, *events: tuple[str, Event]) -> int:
        """Append events, each with its stream, as one command; the last position."""
        new = []
        for stream, data in events:
            self.versions[stream] = self.versions.get(stream, 0) + 1
            new.append(NewEvent(stream, self.versions[stream], data, "ent_toy", DAY, uuid7()))
        done: Appended = await self.ledger.append(
            Append(ledger=self.name, command_id=uuid4(), fingerprint=b"f", events=tuple(new), actor="tester")
        )
        self.position = done.last_position
        return done.last_position

    async def invoices(self, count: int, *, first: int = 0, customers: int = 7, chunk: int = 500) -> int:
        """Invoices of 100.00 each with a first payment of 30.00."""
        for start in range(first, first + count, chunk):
            batch: list[tuple[str, Event]] = []
            for number in range(start, min(start + chunk, first + count)):
                invoice, customer = f"inv_{number:06d}", f"cus_{number % customers}"
                batch.append((invoice, issued(invoice, customer, 10_000)))
                batch.append((invoice, paid(invoice, customer, 3_000)))
            await self(*batch)
        return self.position

    async def day(self, day: date) -> int:
        return await self((CALENDAR, DayOpened(day=day, late=False)))


@asynccontextmanager
async def feed_into(installation: Installation, name: str = LEDGER) -> AsyncIterator[Feed]:
    ledger = await Ledger.open(installation.admin_url())
    try:
        await ledger.create_ledger(name, "live", "Europe/Paris")
        yield Feed(ledger, name)
    finally:
        await ledger.close()


@asynccontextmanager
async def worker_on(
    installation: Installation,
    models: Sequence[ReadModel] | None = None,
    reactors: dict[str, Reactor] | None = None,
) -> AsyncIterator[Worker]:
    ledger = await Ledger.open(installation.ledger_url())
    nats = NatsConnection(installation.nats_url(), "toy-svc worker")
    worker = Worker(settings_of(installation), ledger, nats, "toy-svc", models or [OpenItems()], reactors)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(running, 20)
        await nats.close()
        await ledger.close()


@asynccontextmanager
async def reading(
    installation: Installation, models: Sequence[ReadModel] | None = None
) -> AsyncIterator[ReadDb]:
    ledger = await Ledger.open(installation.ledger_url())
    db = await ReadDb.open(installation.store_url(), ledger=ledger, models=models or [OpenItems()])
    try:
        yield db
    finally:
        await db.close()
        await ledger.close()


async def rows_of(db: ReadDb, table: str, order: str, model: str = "toy_items") -> list[asyncpg.Record]:
    async with db.snapshot(model, LEDGER) as (conn, schema, _):
        rows: list[asyncpg.Record] = await conn.fetch(f"select * from {schema}.{table} order by {order}")
    return rows

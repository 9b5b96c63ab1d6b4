"""An aged balance, as of any date and known at any moment, is what a naive replay of the events gives.

Random histories (late, partial and undone payments, credits, disputes, effective dates out of order) go through the
real projection into PostgreSQL and the real queries read them; the replay below is written from the rules alone and
shares no code with either.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encours.contracts import Event, calendar, encode, entity, invoice, payment
from encours.contracts.common import Terms
from encours.streaming.control import STORE_SETTINGS
from encours.streaming.fact import Fact
from encours.streaming.parking import Parking
from encours.streaming.projector import Projection, create_indexes, create_tables
from encours.testing.servers import Installation
from encours.web.paging import Page
from reporting_svc.measures.bands import STANDARD, Bands
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.figures import aged
from reporting_svc.read_models.receivables.overdue import overdue
from reporting_svc.read_models.scope import Moment, Scope

ENTITY = "ent_" + "e" * 32
DAY_0 = date(2026, 1, 1)
CUSTOMERS = ["cus_" + digit * 32 for digit in "12"]
TERMS = Terms(due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4000)
EVERY_ROW = Page(limit=500, columns=("row_key",), descending=False, nullable=False, last=None, check="")
EVERY_ITEM = Page(limit=500, columns=("invoice_id",), descending=False, nullable=False, last=None, check="")
T = TypeVar("T")


# --- histories -----------------------------------------------------------------------------------------------------


@dataclass
class Books:
    """Just enough memory to write plausible events; `log` is what the ledger would hold."""

    log: list[Fact] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    today: date = DAY_0
    open: dict[str, int] = field(default_factory=dict)
    owner: dict[str, tuple[str, str]] = field(default_factory=dict)
    disputes: list[tuple[str, str, int]] = field(default_factory=list)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def id(self, prefix: str) -> str:
        return f"{prefix}_{next(self.serial):032x}"

    def record(self, stream: str, event: Event, effective_on: date) -> None:
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        position = len(self.log) + 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=position)
        number = UUID(int=position)
        owned = "" if stream == calendar.STREAM else ENTITY
        self.log.append(
            Fact(
                position, stream, version, event.TYPE, 1, owned, number, effective_on, at, "test", number,
                None, None, None, None, encode(event), "random",
            )
        )  # fmt: skip


def issue(b: Books, n: int, day: date, amount: int) -> None:
    invoice_id, customer = b.id("inv"), CUSTOMERS[n % 2]
    currency = "USD" if n % 7 == 6 else "EUR"
    b.open[invoice_id], b.owner[invoice_id] = amount, (customer, currency)
    event = invoice.InvoiceIssued(
        invoice_id=invoice_id, customer_id=customer, number=f"F-{len(b.log)}", series=None, issued_on=day,
        supply_on=day, due_on=day + timedelta(days=n % 61), currency=currency, vat=(), net_minor=amount, vat_minor=0,
        total_minor=amount, terms=TERMS, reference=None, salesperson=None, origin="issued",
    )  # fmt: skip
    b.record(invoice_id, event, day)


def pay(b: Books, n: int, day: date, amount: int) -> None:
    """A payment by a known payer (or not), put on that payer's open invoices for a share of it."""
    payment_id = b.id("pay")
    customer = None if n % 5 == 4 else CUSTOMERS[n % 2]
    currency = "USD" if n % 7 == 6 else "EUR"
    event = payment.PaymentReceived(
        payment_id=payment_id, customer_id=customer, received_on=day, amount_minor=amount, currency=currency,
        method="transfer", remittance_text=None, external_ref=None, origin="issued",
    )  # fmt: skip
    b.record(payment_id, event, day)
    b.payments[payment_id] = {
        "customer": customer, "currency": currency, "amount": amount, "parts": [], "on": day, "left": amount,
    }  # fmt: skip
    if customer is not None and n % 3:
        allocate(b, payment_id, day)


def allocate(b: Books, payment_id: str, day: date) -> None:
    paid = b.payments[payment_id]
    parts = []
    for invoice_id, left in b.open.items():
        part = min(left, paid["left"])
        if part > 0 and b.owner[invoice_id] == (paid["customer"], paid["currency"]):
            parts.append((b.id("alo"), invoice_id, part))
            b.open[invoice_id] -= part
            paid["left"] -= part
    if not parts:
        return
    paid["parts"] += parts
    b.record(payment_id, payment.PaymentAllocated(**_parts(payment_id, paid, parts)), day)
    for allocation_id, invoice_id, part in parts:
        applied = invoice.PaymentApplied(
            invoice_id=invoice_id, customer_id=paid["customer"], currency=paid["currency"], payment_id=payment_id,
            allocation_id=allocation_id, amount_minor=part, received_on=paid["on"],
        )  # fmt: skip
        b.record(invoice_id, applied, day)


def _parts(payment_id: str, paid: dict[str, Any], parts: list[tuple[str, str, int]]) -> dict[str, Any]:
    return {
        "payment_id": payment_id, "customer_id": paid["customer"], "currency": paid["currency"],
        "allocations": tuple(
            payment.Allocation(
                allocation_id=allocation_id, invoice_id=invoice_id, amount_minor=part, rule="oldest_due",
                basis="test", evidence=None,
            )
            for allocation_id, invoice_id, part in parts
        ),
    }  # fmt: skip


def release(b: Books, n: int, day: date, amount: int, cause: str = "released") -> None:
    found = [p for p, paid in b.payments.items() if paid["parts"]]
    if found:
        _release(b, found[n % len(found)], day, cause)


def _release(b: Books, payment_id: str, day: date, cause: str) -> None:
    paid = b.payments[payment_id]
    parts, paid["parts"] = paid["parts"], []
    if not parts:
        return
    b.record(payment_id, payment.PaymentReleased(**_parts(payment_id, paid, parts)), day)
    for allocation_id, invoice_id, part in parts:
        b.open[invoice_id] += part
        paid["left"] += part
        undone = invoice.PaymentUnapplied(
            invoice_id=invoice_id, customer_id=paid["customer"], currency=paid["currency"], payment_id=payment_id,
            allocation_id=allocation_id, amount_minor=part, cause=cause,  # type: ignore[arg-type]
        )  # fmt: skip
        b.record(invoice_id, undone, day)


def reverse(b: Books, n: int, day: date, amount: int) -> None:
    if not b.payments:
        return
    payment_id = list(b.payments)[n % len(b.payments)]
    _release(b, payment_id, day, "reversed")
    paid = b.payments.pop(payment_id)
    event = payment.PaymentReversed(
        payment_id=payment_id, customer_id=paid["customer"], amount_minor=paid["amount"], currency=paid["currency"],
        cause="returned debit",
    )  # fmt: skip
    b.record(payment_id, event, day)


def identify(b: Books, n: int, day: date, amount: int) -> None:
    for payment_id, paid in b.payments.items():
        if paid["customer"] is None:
            paid["customer"] = CUSTOMERS[n % 2]
            event = payment.PaymentIdentified(
                payment_id=payment_id, customer_id=paid["customer"], amount_minor=paid["amount"],
                currency=paid["currency"],
            )  # fmt: skip
            b.record(payment_id, event, day)
            return


def allocate_later(b: Books, n: int, day: date, amount: int) -> None:
    found = [p for p, paid in b.payments.items() if paid["customer"] is not None and paid["left"]]
    if found:
        allocate(b, found[n % len(found)], day)


def credit(b: Books, n: int, day: date, amount: int) -> None:
    found = [i for i, left in b.open.items() if left]
    if not found:
        return
    invoice_id = found[n % len(found)]
    part = min(amount, b.open[invoice_id])
    b.open[invoice_id] -= part
    customer, currency = b.owner[invoice_id]
    event = invoice.InvoiceCredited(
        invoice_id=invoice_id, customer_id=customer, currency=currency, credit_note_id=b.id("cre"),
        number=f"A-{len(b.log)}", series="AV", issued_on=day, net_minor=part, vat_minor=0, total_minor=part,
        whole=not b.open[invoice_id], cause="goods returned", origin="issued",
    )  # fmt: skip
    b.record(invoice_id, event, day)


def contest(b: Books, n: int, day: date, amount: int) -> None:
    if not b.open:
        return
    invoice_id = list(b.open)[n % len(b.open)]
    customer, currency = b.owner[invoice_id]
    dispute_id = b.id("dis")
    b.disputes.append((dispute_id, invoice_id, amount))
    event = invoice.ShareDisputed(
        invoice_id=invoice_id,
        customer_id=customer,
        currency=currency,
        dispute_id=dispute_id,
        amount_minor=amount,
    )
    b.record(invoice_id, event, day)


def settle_dispute(b: Books, n: int, day: date, amount: int) -> None:
    if not b.disputes:
        return
    dispute_id, invoice_id, share = b.disputes.pop(n % len(b.disputes))
    customer, currency = b.owner[invoice_id]
    event = invoice.ShareUndisputed(
        invoice_id=invoice_id, customer_id=customer, currency=currency, dispute_id=dispute_id, amount_minor=share,
        outcome="rejected",
    )  # fmt: skip
    b.record(invoice_id, event, day)


def open_day(b: Books, n: int, day: date, amount: int) -> None:
    b.today += timedelta(days=1 + n % 40)
    b.record(calendar.STREAM, calendar.DayOpened(day=b.today, late=False), b.today)


ACTS = [
    issue, issue, issue, pay, pay, release, reverse, identify, allocate_later, credit, contest, settle_dispute,
    open_day, open_day,
]  # fmt: skip
steps = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
        st.integers(0, 1000),
        st.integers(-40, 60),
        st.integers(1, 50).map(lambda x: x * 1000),
    ),
    min_size=5,
    max_size=40,
)


def history(acts: list[tuple[Any, int, int, int]]) -> Books:
    books = Books()
    registered = entity.EntityRegistered(
        entity_id=ENTITY, name="Encours SAS", country="FR", currency="EUR", time_zone="Europe/Paris", legal_form=None,
        siren=None, vat_id=None, address=None, iban=None,
    )  # fmt: skip
    books.record(ENTITY, registered, DAY_0)
    for act, n, days, amount in acts:
        act(books, n, books.today + timedelta(days=days), amount)
    return books


# --- the naive replay ----------------------------------------------------------------------------------------------


@dataclass
class Expected:
    bands: list[int] = field(default_factory=lambda: [0] * 6)
    disputed: int = 0
    unapplied: int = 0
    account: int = 0


def replay(log: list[Fact], as_of: date, known_to: int) -> dict[tuple[str, str], Expected]:
    """By customer and currency. Payments of unknown payers are the customer ''."""
    items: dict[str, dict[str, Any]] = {}
    found: dict[tuple[str, str], Expected] = {}

    def of(customer: str | None, currency: str) -> Expected:
        return found.setdefault((customer or "", currency), Expected())

    for fact in log:
        data: Any = fact.recorded().data
        if fact.type == "invoice.issued":
            items[data.invoice_id] = {"fact": data, "open": 0, "disputed": 0}
        if fact.position > known_to or fact.effective_on > as_of:
            continue
        match fact.type:
            case "invoice.issued":
                items[data.invoice_id]["open"] += data.total_minor
                of(data.customer_id, data.currency).account += data.total_minor
            case "invoice.credited":
                items[data.invoice_id]["open"] -= data.total_minor
                of(data.customer_id, data.currency).account -= data.total_minor
            case "invoice.payment_applied":
                items[data.invoice_id]["open"] -= data.amount_minor
            case "invoice.payment_unapplied":
                items[data.invoice_id]["open"] += data.amount_minor
            case "invoice.share_disputed":
                items[data.invoice_id]["disputed"] += data.amount_minor
            case "invoice.share_undisputed":
                items[data.invoice_id]["disputed"] -= data.amount_minor
            case "payment.received":
                of(data.customer_id, data.currency).unapplied += data.amount_minor
                of(data.customer_id, data.currency).account -= data.amount_minor
            case "payment.identified":
                for customer, sign in (("", -1), (data.customer_id, 1)):
                    of(customer, data.currency).unapplied += sign * data.amount_minor
                    of(customer, data.currency).account -= sign * data.amount_minor
            case "payment.allocated":
                of(data.customer_id, data.currency).unapplied -= sum(a.amount_minor for a in data.allocations)
            case "payment.released":
                of(data.customer_id, data.currency).unapplied += sum(a.amount_minor for a in data.allocations)
            case "payment.reversed":
                of(data.customer_id, data.currency).unapplied -= data.amount_minor
                of(data.customer_id, data.currency).account += data.amount_minor
    for item in items.values():
        late = (as_of - item["fact"].due_on).days
        band = (
            0
            if late <= 0
            else 1
            if late <= 30
            else 2
            if late <= 60
            else 3
            if late <= 90
            else 4
            if late <= 120
            else 5
        )
        expected = of(item["fact"].customer_id, item["fact"].currency)
        expected.bands[band] += item["open"]
        expected.disputed += max(0, min(item["open"], item["disputed"]))
    return {key: e for key, e in found.items() if any(e.bands) or e.unapplied or e.account}


# --- the test ------------------------------------------------------------------------------------------------------


class Store:
    """A connection to the service's database, on a loop of its own."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.conn: asyncpg.Connection[Any] = self.run(asyncpg.connect(url, server_settings=STORE_SETTINGS))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        self.run(self.conn.close())
        self.runner.close()


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


async def project(conn: asyncpg.Connection[Any], schema: str, log: list[Fact], batch: int) -> None:
    """As the worker does it: prefetch, fold, write and settle a batch, then forget what settling may have changed."""
    model = Receivables()
    await create_tables(conn, schema, model, keys=True)
    await create_indexes(conn, schema, model)
    projection = Projection(model, schema, Parking())
    for start in range(0, len(log), batch):
        async with conn.transaction():
            assert await projection.fold(conn, log[start : start + batch]) is None
            await projection.write(conn)
            await projection.settle(conn)
        projection.forget()
    assert not projection.parking.streams


async def content(conn: asyncpg.Connection[Any], schema: str) -> list[Any]:
    tables = ["item", "item_movement", "unapplied_movement", "account_movement", "balance", "clock"]
    return [sorted(map(tuple, await conn.fetch(f"select * from {schema}.{table}"))) for table in tables]


async def asked(
    conn: asyncpg.Connection[Any], schema: str, moment: Moment, bands: Bands = STANDARD
) -> tuple[dict[tuple[str, str], Expected], str]:
    found = await aged(conn, schema, Scope(), moment, bands=bands, page=EVERY_ROW)
    rows = [found.figures(row) for row in found.rows]
    assert all(figures.tied for figures in (*found.sums, *rows))
    for total in found.sums:
        mine = [figures for figures in rows if figures.currency == total.currency]
        assert list(total.bands) == [sum(column) for column in zip(*(f.bands for f in mine), strict=True)]
        assert total.outstanding == sum(figures.outstanding for figures in mine)
        assert total.customers == len(mine)
    return {
        (f.customer_id, f.currency): Expected(list(f.bands), f.disputed, f.unapplied, f.ledger) for f in rows
    }, found.source


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=steps,
    batch=st.sampled_from([1, 3, 7, 1000]),
    days=st.lists(st.integers(-60, 200), min_size=3, max_size=3),
)
def test_as_of_three_dates_and_known_at_two_moments_equal_a_naive_replay(
    store: Store, acts: list[tuple[Any, int, int, int]], batch: int, days: list[int]
) -> None:
    log = history(acts).log
    head = len(log)
    store.run(project(store.conn, "live", log, batch))
    for as_of in [DAY_0 + timedelta(days=n) for n in days]:
        for known_to in (head, head // 2):
            expected = replay(log, as_of, known_to)
            got, _ = store.run(asked(store.conn, "live", Moment(as_of, known_to)))
            assert got == expected, f"as of {as_of}, known to {known_to} of {head}"
        now, _ = store.run(asked(store.conn, "live", Moment(as_of)))
        assert now == replay(log, as_of, head), f"as of {as_of}, from the rows of now"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=steps, batch=st.sampled_from([1, 2, 5, 11]))
def test_day_by_day_and_all_at_once_give_the_same_rows_and_the_bands_of_today(
    store: Store, acts: list[tuple[Any, int, int, int]], batch: int
) -> None:
    books = history(acts)
    store.run(project(store.conn, "live", books.log, batch))
    store.run(project(store.conn, "rebuilt", books.log, 100_000))
    assert store.run(content(store.conn, "live")) == store.run(content(store.conn, "rebuilt"))
    day = max((f.effective_on for f in books.log), default=DAY_0)
    open_day(books, (max(day, books.today) - books.today).days, DAY_0, 0)
    store.run(project(store.conn, "live", books.log, batch))
    got, source = store.run(asked(store.conn, "live", Moment(books.today)))
    expected = replay(books.log, books.today, len(books.log))
    if books.today >= day:
        assert source == "balance"
    assert got == expected


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=steps, days=st.integers(-30, 150), known=st.booleans())
def test_the_overdue_list_is_what_the_bands_past_due_hold(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int, known: bool
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000))
    moment = Moment(DAY_0 + timedelta(days=days), len(log) if known else None)
    for currency in ("EUR", "USD"):
        scope = Scope(currency=currency)
        late = store.run(overdue(store.conn, "live", scope, moment, EVERY_ITEM))
        sums = store.run(aged(store.conn, "live", scope, moment)).sums
        assert late.past_due_minor == (sums[0].overdue if sums else 0)
        assert late.open_minor == sum(row["open_minor"] for row in late.rows)
        assert late.invoices == len(late.rows)
        assert all(row["due_on"] < moment.as_of and row["open_minor"] > 0 for row in late.rows)

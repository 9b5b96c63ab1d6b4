"""Custom reports on random histories: rows, sums and tie-outs of every source are those of a naive replay."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.events.parties.customer import FieldValue
from encours.contracts.events.parties.field import InvoiceFieldsSet
from encours.contracts.events.sales.dispute import DisputeOpened, DisputeResolved
from encours.contracts.events.schedule import ReportOptions
from encours.kernel.money import Money
from encours.reading.moment import TimeTravel, View
from encours.testing.events import event as sample
from encours.testing.servers import Installation
from reporting_svc.domain.report.document import ReportPlan, plan_of
from reporting_svc.exports.reports import ExportedReport, TooManyCustomers
from reporting_svc.exports.store import Export
from reporting_svc.http.reports.bodies import DocumentBody
from reporting_svc.read_models.collection.query import collection
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.report_sources.parties import dispute_columns, invoice_fields
from reporting_svc.read_models.tie_out.query import FiguresDoNotTie
from reporting_svc.reports.run import ReportRun, run_report
from tests.integration.money_acts import promise
from tests.integration.naive_delays import outcomes
from tests.integration.naive_portfolios import portfolio
from tests.integration.random_questions import FILTERS, Question, ask, group_of, random_history
from tests.integration.receivable_histories import CUSTOMERS, DAY_0, ENTITY, Books, history, issue, replay
from tests.integration.store import Store, project

HISTORIES = 40 if "DEEP" in os.environ else 3
UNSCOPED = tuple(each for each in FILTERS if each != "collector")
"""Filters of questions that a report has conditions for."""
BANDS = ("not_due", "1-30", "31-60", "61-90", "91-120", "121+")


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def answer(store: Store, asked: Question, head: int, plan: ReportPlan, entity_id: str | None) -> ReportRun:
    """Run a report in a transaction, as a snapshot is one."""

    async def run() -> ReportRun:
        async with store.conn.transaction():
            return await run_report(asked.view(store, head), plan, entity_id)

    return store.run(run())


class Asking:
    """Questions to one history."""

    def __init__(self, store: Store, asked: Question, books: Books) -> None:
        self.store, self.asked, self.log = store, asked, books.log
        self.known = asked.known(books.log)
        self.currency = asked.scope.currency

    def run(self, source: str, columns: list[str], **document: Any) -> ReportRun:
        """Run a report within the scope of the question, which is written as conditions."""
        scope = self.asked.scope
        named = ["customer_id", "currency", "segment", "salesperson"]
        if source == "collection":
            named = ["currency"]
        conditions = [
            {"column": name, "operator": "is", "values": [value]}
            for name in named
            if (value := getattr(scope, name)) is not None
        ]
        body = {"source": source, "columns": columns, "limit": 10_000} | document
        plan = plan_of(DocumentBody.model_validate(body | {"conditions": conditions}).to_document())
        run = answer(self.store, self.asked, len(self.log), plan, scope.entity_id)
        assert all(each.figures.tied for each in run.tied_out)
        return run

    def rows(self, source: str, columns: list[str], **document: Any) -> list[tuple[Any, ...]]:
        """Return values without currencies; none is of another currency than the one asked for."""
        found = self.run(source, columns, **document).table
        place = [each.name for each in found.columns].index("currency")
        assert {row[place] for row in found.rows} <= {self.currency}
        return [
            tuple(v.amount_minor if isinstance(v, Money) else v for n, v in enumerate(row) if n != place)
            for row in found.rows
        ]

    def expected(self, day: date | None = None) -> dict[str, Any]:
        """Return the naive figures by customer, without regard to "" for none."""
        return self.asked.expected(self.log, day or self.asked.as_of)


def check_items(asking: Asking) -> None:
    parts = ("outstanding", "disputed", "conceded", "on_plan", "overdue", "promised", "placed")
    found = asking.rows("open_items", [f"sum:{name}" for name in parts], group_by=["customer_id"])
    expected = {
        customer: (sum(e.bands), e.disputed, e.conceded, e.on_plan, e.overdue, e.promised, e.placed)
        for customer, e in asking.expected().items()
    }
    summed = {row[0]: row[1:] for row in found}
    assert {c: sums for c, sums in summed.items() if any(sums)} == {
        c: sums for c, sums in expected.items() if any(sums)
    }
    by_band = dict(asking.rows("open_items", ["sum:outstanding"], group_by=["band"]))
    for n, name in enumerate(BANDS):
        assert by_band.get(name, 0) == sum(e.bands[n] for e in asking.expected().values())
    listed = asking.rows(
        "open_items", ["outstanding", "disputed", "on_plan", "collectable", "days_past_due", "due_on"]
    )
    for outstanding, disputed, on_plan, collectable, days, due_on in listed:
        assert collectable == outstanding - disputed - on_plan
        assert days == (asking.asked.as_of - due_on).days


def check_aged(asking: Asking) -> None:
    parts = ("disputed", "conceded", "overdue", "on_plan", "promised", "placed", "unapplied", "outstanding")
    found = asking.rows("aged_balance", ["customer_id", *BANDS, *parts])
    assert {row[0] or "": row[1:] for row in found} == {
        customer: (
            *e.bands,
            e.disputed,
            e.conceded,
            e.overdue,
            e.on_plan,
            e.promised,
            e.placed,
            e.unapplied,
            e.account,
        )
        for customer, e in asking.expected().items()
    }
    for by in ("entity_id", "segment", "salesperson", "field:channel"):
        sums = Counter[str | None]()
        for customer, e in asking.expected().items():
            named = by.removesuffix("_id")
            sums[group_of(named, customer, asking.asked, asking.log)] += e.account
        assert dict(asking.rows("aged_balance", ["sum:outstanding"], group_by=[by])) == dict(sums), by


def check_turnover(asking: Asking) -> None:
    first = asking.asked.as_of - timedelta(days=45)
    columns = ["billed", "credited", "collected", "reversed", "other", "turnover"]
    found = asking.rows(
        "turnover", [f"sum:{name}" for name in columns], group_by=["customer_id"], since=first.isoformat()
    )
    before, after = asking.expected(first - timedelta(days=1)), asking.expected()
    for customer, billed, credited, collected, reverted, other, turnover in found:
        name = customer or ""
        change = (after[name].account if name in after else 0) - (
            before[name].account if name in before else 0
        )
        assert turnover == billed - credited
        assert billed - credited - collected + reverted + other == change


def check_delays(asking: Asking) -> None:
    first = asking.asked.as_of - timedelta(days=200)
    columns = ["customer_id", "due_on", "owed", "uncovered", "settled_on"]
    found = asking.rows("payment_delays", columns, since=first.isoformat())
    naive = outcomes(asking.log, asking.asked.as_of, asking.known, asking.currency or "")
    expected = [
        row[:5] for row in naive if row[0] in asking.asked.customers and first <= row[1] <= asking.asked.as_of
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def check_promises(asking: Asking) -> None:
    last: dict[str, Any] = {}
    for event in asking.log[: asking.known]:
        if event.type.startswith("promise.") and event.effective_on <= asking.asked.as_of:
            last[event.stream] = event
    expected = []
    for event in last.values():
        data: Any = event.recorded().data
        if data.currency == asking.currency and data.customer_id in asking.asked.customers:
            state = event.type.removeprefix("promise.")
            received = getattr(data, "received_minor", 0)
            expected.append((data.promise_id, state, data.promised_on, data.amount_minor, received))
    found = asking.rows("promises", ["promise_id", "state", "promised_on", "amount", "received"])
    assert sorted(found) == sorted(expected)


def check_collection(asking: Asking) -> None:
    view = asking.asked.view(asking.store, len(asking.log))
    first = asking.asked.as_of - timedelta(days=70)
    found = asking.rows("collection", ["start", "opening", "sales", "closing"], since=first.isoformat())
    if found:
        scope = replace(asking.asked.scope, customer_id=None, segment=None, salesperson=None)
        months = asking.store.run(collection(view, scope, first, "entity", 90))
        assert found == [
            (m.first, m.opening.outstanding_minor, m.sales_minor, m.closing.outstanding_minor) for m in months
        ]


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_source_is_that_of_a_naive_replay(store: Store, seed: int) -> None:
    chance = random.Random(1000 + seed)
    books = random_history(chance)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    for check in (check_items, check_aged, check_turnover, check_delays, check_promises, check_collection):
        for _ in range(2):
            check(Asking(store, ask(store, chance, books, UNSCOPED), books))


def test_without_a_currency_each_has_rows_of_its_own(store: Store) -> None:
    books = random_history(random.Random(7))
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    asked = ask(store, random.Random(1), books, UNSCOPED)
    body = {"source": "aged_balance", "columns": ["sum:outstanding"]}
    plan = plan_of(DocumentBody.model_validate(body).to_document())
    run = answer(store, asked, len(books.log), plan, None)
    shown = {row[0]: row[1] for row in run.table.rows}
    tied = [each.figures for each in run.tied_out]
    assert shown == {
        each.currency: Money(each.ledger, each.currency) for each in tied if each.currency in shown
    }


@pytest.mark.parametrize(
    ("day", "known", "state", "reasons", "site"),
    [
        (4, 6, None, None, None),
        (5, 6, "open", ("price",), "north"),
        (7, 6, "open", ("delivery", "price"), "north"),
        (10, 6, "open", ("delivery",), "south"),
        (10, 2, "open", ("delivery", "price"), None),
        (12, 6, "withdrawn", ("delivery",), "south"),
    ],
)
def test_disputes_and_fields_of_an_invoice_are_those_of_the_day_and_the_moment(
    store: Store, day: int, known: int, state: str | None, reasons: Any, site: str | None
) -> None:
    """The later dispute is the first to be resolved on record; what is set last is recorded before it."""
    books = history([(issue, 0, 0, 5000)])
    (invoice_id,), before = books.open, len(books.log)
    given: dict[str, Any] = {"invoice_id": invoice_id, "customer_id": CUSTOMERS[0]}

    def dispute(digit: str, cls: Any, on: int, **fields: Any) -> None:
        event = sample(cls, dispute_id=f"dis_{digit * 32}", **given, **fields)
        books.record(event.dispute_id, event, DAY_0 + timedelta(days=on))

    def fields(value: str, on: int) -> None:
        values = (FieldValue(field_code="site", value=value),)
        event = sample(InvoiceFieldsSet, **given, fields=values)
        books.record(invoice_id, event, DAY_0 + timedelta(days=on))

    dispute("1", DisputeOpened, 7, category="delivery")
    dispute("2", DisputeOpened, 5, category="price")
    dispute("2", DisputeResolved, 10, outcome="rejected")
    dispute("1", DisputeResolved, 12, outcome="withdrawn")
    fields("south", 8)
    fields("north", 5)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    time = TimeTravel(DAY_0 + timedelta(days=day), before + known, None, is_now=False)
    view = View(store.conn, "live", time, granted=None)
    shown = store.run(dispute_columns(view, [invoice_id])).get(invoice_id, {})
    assert (shown.get("dispute_state"), shown.get("dispute_reason")) == (state, reasons)
    found = store.run(invoice_fields(view, [invoice_id])).get(invoice_id, {})
    assert found.get("invoice_field:site") == site


DAMAGES = {
    "turnover": ("sum:billed", "day_sum", "account_minor", "movements of the accounts"),
    "open_items": ("sum:outstanding", "item", "open_minor", "open items add up"),
    "aged_balance": ("sum:outstanding", "balance", "account_minor", "customers' account"),
    "collection": ("sum:sales", "movement", "item_minor", "closing balances"),
    "payment_delays": ("sum:owed", "movement", "item_minor", "parts"),
    "promises": ("sum:amount", "promised_payment", "amount_minor", "promises"),
}
"""By source: what is shown, the amount of the read model to which a cent is added, and part of the refusal."""


@pytest.mark.parametrize("source", DAMAGES)
def test_a_run_whose_rows_do_not_add_up_to_the_account_is_none(store: Store, source: str) -> None:
    shown, table, column, said = DAMAGES[source]
    # A promise that is made, and broken later, has a row for each.
    books = history([(issue, 0, 0, 5000), (promise, 6, 0, 1000)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    asked = Question(DAY_0 + timedelta(days=30), None, Scope(), frozenset())
    store.run(store.conn.execute("insert into live.aging_day (id, day) values (1, $1)", asked.as_of))
    body = {"source": source, "columns": [shown]}
    if source == "turnover":
        body |= {"since": "today"}
    plan = plan_of(DocumentBody.model_validate(body).to_document())
    answer(store, asked, len(books.log), plan, None)
    damage = f"update live.{table} set {column} = {column} + 1"
    if source == "promises":
        damage += " where state <> 'made'"
    store.run(store.conn.execute(damage))
    with pytest.raises(FiguresDoNotTie, match=said) as refused:
        answer(store, asked, len(books.log), plan, None)
    issued = next(each.position for each in books.log if each.type == "invoice.issued")
    assert refused.value.extra["first_position"] == (issued if table == "movement" else len(books.log))


@dataclass
class Reading:
    """Read model of the store, as an export opens it."""

    store: Store

    @asynccontextmanager
    async def snapshot(self, *_: str) -> AsyncIterator[tuple[Any, str, bool]]:
        async with self.store.conn.transaction():
            yield self.store.conn, "live", False


def test_an_export_has_the_rows_of_its_options_and_is_no_file_where_they_are_too_many(store: Store) -> None:
    books = random_history(random.Random(7))
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    day, known = books.today, len(books.log)

    async def rows(most: int, kind: Any = "aged_balance", **options: str) -> list[Any]:
        export = Export(
            id="xpt_1", ledger="books", entity_id=ENTITY, kind=kind, layout="csv", first_on=day,
            last_on=day, position=known, accounts={}, report=ReportOptions(**options), fingerprint=b"",  # type: ignore[arg-type]
            asked_by="test",
        )  # fmt: skip
        report = ExportedReport(Reading(store), export, {}, most)  # type: ignore[arg-type]
        names = [column.name for column in report.columns()]
        return [dict(zip(names, row, strict=True)) async for found in report.rows() for row in found]

    expected = replay(books.log, day, known)
    whole = store.run(rows(len(expected)))
    assert {(row["customer_id"], row["currency"]): row["outstanding"].minor for row in whole} == {
        key: e.account for key, e in expected.items()
    }
    grouped = store.run(rows(1, group_by="salesperson", bands="30", by="issue_date"))
    assert {"not_due", "1-30", "31+"} <= grouped[0].keys()
    for currency in {currency for _, currency in expected}:
        sums = [row["outstanding"].minor for row in grouped if row["currency"] == currency]
        assert sum(sums) == sum(e.account for (_, of), e in expected.items() if of == currency)
    mine = store.run(rows(len(expected), salesperson="sales-2"))
    assert {row["customer_id"] for row in mine} == {
        c for c, _ in expected if portfolio(c, books.log, day, known)["salesperson"] == "sales-2"
    }
    with pytest.raises(TooManyCustomers):
        store.run(rows(len(expected) - 1))
    store.run(store.conn.execute("update live.movement set account_minor = account_minor + 1"))
    for asked in (rows(len(expected)), rows(1, group_by="segment"), rows(1, "open_items")):
        with pytest.raises(FiguresDoNotTie):
            store.run(asked)

"""An aged balance, as of any date and known at any moment, is what a naive replay of the events gives.

Random histories (late, partial and undone payments, credits, disputes, effective dates out of order) go through the
real projection into PostgreSQL and the real queries read them; the replay is written from the rules alone and shares
no code with either. ``DEEP=1``: twenty times as many.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import Any, TypeVar, cast

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct

from encours.contracts.books import movements
from encours.contracts.events.invoice import PaymentApplied
from encours.kernel.bands import STANDARD, Bands
from encours.ledger.stored import StoredEvent
from encours.projection.bulk import BulkReader, EventGroup
from encours.projection.shadow import WAYS, Refused, Shadow, Way
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.testing.servers import Installation
from reporting_svc.read_models.aged_balance.query import aged
from reporting_svc.read_models.overdue.query import overdue
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import add_subtotal, chain_for
from reporting_svc.read_models.tie_out.query import FiguresDoNotTie, OwnSum, require_aged_tied
from reporting_svc.read_models.turnover.query import by_group, by_period, groups_sums, opening
from tests.integration.money_acts import penalise
from tests.integration.naive_portfolios import amend
from tests.integration.receivable_histories import (
    CUSTOMERS,
    DAY_0,
    Expected,
    allocate_later,
    contest,
    history,
    issue,
    open_day,
    pay,
    plan,
    replay,
    reschedule,
    settle_dispute,
    steps,
    steps_with,
)
from tests.integration.store import Store, project

EVERY_ROW = Page(limit=500, columns=("row_key",), descending=False, nullable=False, last=None, check="")
EVERY_ITEM = Page(limit=500, columns=("row_key",), descending=False, nullable=False, last=None, check="")
T = TypeVar("T")


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


class Log:
    """The part of a bulk reader that gives a history."""

    beheaded = ()

    def __init__(self, log: list[StoredEvent]) -> None:
        self._log = log

    async def groups(
        self, after: int, upto: int, wanted: frozenset[str]
    ) -> AsyncIterator[tuple[int, Iterator[EventGroup]]]:
        async for reached, events in self.pages(after, upto, wanted):
            alike: dict[tuple[str, int, str, date], list[StoredEvent]] = {}
            for event in events:
                key = event.type, event.schema_version, event.entity, event.effective_on
                alike.setdefault(key, []).append(event)
            yield (
                reached,
                (
                    EventGroup(*key, [e.position for e in found], b",".join(e.raw for e in found))
                    for key, found in alike.items()
                ),
            )

    async def pages(
        self, after: int, upto: int, wanted: frozenset[str], *, page: int = 7
    ) -> AsyncIterator[tuple[int, Iterator[StoredEvent]]]:
        for start in range(after, upto, page):
            reached = min(start + page, upto)
            yield reached, iter([event for event in self._log[start:reached] if event.type in wanted])


async def rebuild(conn: asyncpg.Connection[Any], log: list[StoredEvent], way: Way, upto: int) -> str:
    """Fill a shadow up to a position, go on to the end as it would behind a live model; its schema."""
    shadow = Shadow(cast("BulkReader", Log(log)), conn, Receivables(), "random", way, 250_000)
    assert await shadow.fill(upto) is None
    await shadow.finish()
    await shadow.catch_up(len(log))
    assert not shadow.projection.parking
    return shadow.schema


async def content(conn: asyncpg.Connection[Any], schema: str) -> list[Any]:
    tables = [
        "customer",
        "portfolio",
        "item",
        "item_instalment",
        "movement",
        "balance",
        "day_sum",
        "aging_day",
    ]
    return [sorted(map(repr, await conn.fetch(f"select * from {schema}.{table}"))) for table in tables]


def view(store: Store, as_of: date, known_to: int | None = None) -> View:
    """The live tables as of a day, as known at a position or now."""
    time = TimeTravel(as_of, known_to or 0, None if known_to is None else str(known_to), known_to is None)
    return View(store.conn, "live", time, granted=None)


async def asked(view: View, bands: Bands = STANDARD) -> tuple[dict[tuple[str, str], Expected], str]:
    found = await aged(view, Scope(), bands=bands, page=EVERY_ROW)
    rows = [found.figures(row) for row in found.rows]
    assert all(figures.tied for figures in (*found.sums, *rows))
    for total in found.sums:
        mine = [figures for figures in rows if figures.currency == total.currency]
        assert list(total.bands) == [sum(column) for column in zip(*(f.bands for f in mine), strict=True)]
        assert total.outstanding == sum(figures.outstanding for figures in mine)
        assert total.customers == len({figures.customer_id for figures in mine} - {""})
    return {
        (f.customer_id, f.currency): Expected(
            list(f.bands),
            f.disputed,
            f.conceded,
            f.overdue,
            f.on_plan,
            f.unapplied,
            f.ledger,
            f.promised,
            f.placed,
            f.insured,
        )
        for f in rows
    }, found.source


PAID_BEFORE_ISSUED = [
    (issue, 0, 2, 1000), (issue, 0, 40, 1000), (pay, 0, 0, 1000), (allocate_later, 0, 0, 0), (reschedule, 0, 0, 1000),
]  # fmt: skip
OTHER_SUMS = [
    (issue, 1, 0, 1000),
    (plan, 0, 0, 0),
    (penalise, 0, 0, 1000),
    (issue, 28, 0, 500),
    (pay, 2, 1, 1200),
    (open_day, 9, 0, 0),
]
"""An account of which an amount is on a plan alone, a penalty that is paid, and an invoice of VAT alone."""
TIMES = 20 if "DEEP" in os.environ else 1
ACCEPTED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(
    max_examples=16 * TIMES,
    deadline=None,
    suppress_health_check=ACCEPTED,
)
@given(
    acts=steps,
    batch=st.sampled_from([1, 3, 7, 1000]),
    days=st.lists(st.integers(-60, 200), min_size=3, max_size=3),
)
def test_as_of_three_dates_and_known_at_two_moments_equal_a_naive_replay(
    store: Store, acts: list[tuple[Any, int, int, int]], batch: int, days: list[int]
) -> None:
    books = history(acts)
    log, head = books.log, len(books.log)
    store.run(project(store.conn, "live", log, batch, Receivables()))
    for as_of in [DAY_0 + timedelta(days=n) for n in days]:
        for known_to in (head, books.ends[len(books.ends) // 2]):
            expected = replay(log, as_of, known_to)
            got, _ = store.run(asked(view(store, as_of, known_to)))
            assert got == expected, f"as of {as_of}, known to {known_to} of {head}"
        now, _ = store.run(asked(view(store, as_of)))
        assert now == replay(log, as_of, head), f"as of {as_of}, from the rows of now"


@settings(
    max_examples=10 * TIMES,
    deadline=None,
    suppress_health_check=ACCEPTED,
)
@given(
    acts=steps_with(amend),
    batch=st.sampled_from([1, 2, 5, 11]),
    share=st.sampled_from([0, 60, 100]),
    other_way=st.sampled_from(WAYS),
)
@example(acts=PAID_BEFORE_ISSUED, batch=1, share=0, other_way="mapped")
@example(acts=OTHER_SUMS, batch=1, share=100, other_way="mapped")
def test_day_by_day_and_all_at_once_give_the_same_rows_and_the_bands_of_today(
    store: Store, acts: list[tuple[Any, int, int, int]], batch: int, share: int, other_way: Way
) -> None:
    books = history(acts)
    store.run(project(store.conn, "live", books.log, batch, Receivables()))
    live = store.run(content(store.conn, "live"))
    for way in {"mapped", other_way}:
        schema = store.run(rebuild(store.conn, books.log, way, len(books.log) * share // 100))
        assert store.run(content(store.conn, schema)) == live, way
    day = max((f.effective_on for f in books.log), default=DAY_0)
    open_day(books, (max(day, books.today) - books.today).days, DAY_0, 0)
    store.run(project(store.conn, "live", books.log, batch, Receivables()))
    got, source = store.run(asked(view(store, books.today)))
    expected = replay(books.log, books.today, len(books.log))
    if books.today >= day:
        assert source == "balance"
    assert got == expected


@settings(
    max_examples=8 * TIMES,
    deadline=None,
    suppress_health_check=ACCEPTED,
)
@given(acts=steps, days=st.integers(-30, 150), known=st.booleans())
def test_the_overdue_list_is_what_the_bands_past_due_hold(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int, known: bool
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    moment = view(store, DAY_0 + timedelta(days=days), len(log) if known else None)
    for currency in ("EUR", "USD"):
        scope = Scope(currency=currency)
        late = store.run(overdue(moment, scope, EVERY_ITEM))
        sums = store.run(aged(moment, scope)).sums
        assert late.past_due_minor == (sums[0].overdue if sums else 0)
        assert late.open_minor == sum(row["open_minor"] for row in late.rows)
        assert late.invoices == len({row["invoice_id"] for row in late.rows})
        assert late.conceded_minor == sum(row["conceded_minor"] for row in late.rows)
        owed = {row["row_key"]: row["open_minor"] - row["conceded_minor"] for row in late.rows}
        assert len(owed) == len(late.rows)
        assert all(row["due_on"] < moment.time.as_of for row in late.rows)
        assert all(minor > 0 for minor in owed.values())
        expected = replay(log, moment.time.as_of, len(log))
        assert late.past_due_minor == sum(e.overdue for (_, of), e in expected.items() if of == currency)


def test_bands_of_each_opened_day_are_those_of_a_naive_replay(store: Store) -> None:
    """An item, or an instalment, is due on each of the days around the edges of bands; one is wholly conceded."""
    conceded: list[Any] = [
        (issue, 0, -150, 4_000),
        (contest, 0, -140, 4_000),
        (settle_dispute, 0, -130, 4_000),
    ]
    due: list[Any] = [(issue, 0, day, 1_000 - day) for day in range(-125, 0)]
    due += [(issue, n, 0, 2_000 + n) for n in range(41)]
    agreed: list[Any] = [(reschedule, n, -60, 400) for n in range(1, 40)]
    # Of those due tomorrow, on the day after it, and later.
    in_part: list[Any] = [(act, n, 0, 500) for n in (127, 128, 131) for act in (contest, settle_dispute)]
    books = history([*conceded, *due, *agreed, *in_part])
    for steps_on in (0, 0, 2, 28, 38):
        open_day(books, steps_on, DAY_0, 0)
        store.run(project(store.conn, "live", books.log, 1, Receivables()))
        found, source = store.run(asked(view(store, books.today)))
        assert source == "balance"
        assert found == replay(books.log, books.today, len(books.log)), books.today
        late = store.run(overdue(view(store, books.today), Scope(), EVERY_ITEM))
        listed = {row["invoice_id"] for row in late.rows}
        assert late.invoices == len(listed) < len(late.rows)
        assert next(iter(books.open)) not in listed


@settings(max_examples=60 * TIMES, deadline=None)
@given(acts=steps)
def test_every_event_of_a_history_balances(acts: list[tuple[Any, int, int, int]]) -> None:
    for event in history(acts).log:
        entries = movements(event.recorded())
        assert sum(m.item_minor for m in entries) - sum(m.cash_minor for m in entries) == sum(
            m.account_minor for m in entries
        )


@settings(
    max_examples=4 * TIMES,
    deadline=None,
    suppress_health_check=ACCEPTED,
)
@given(acts=steps, days=st.integers(-30, 150))
def test_the_books_balance_at_every_position_also_within_a_command(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    for position in range(1, len(log) + 1):
        store.run(asked(view(store, DAY_0 + timedelta(days=days), position)))
    for start in range(0, len(log), 9):
        store.run(project(store.conn, "live", log[: start + 9], 1000, Receivables()))
        store.run(asked(view(store, DAY_0 + timedelta(days=days))))


def test_a_movement_of_a_kind_that_no_query_names_reaches_every_figure(store: Store) -> None:
    books = history([(issue, 0, 0, 5000), (issue, 0, 0, 3000)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    head, day = len(books.log), books.today + timedelta(days=10)
    store.run(
        store.conn.execute(
            """insert into live.movement select position + 1, line, -2000, 0, 0, 0, 0, -2000, 0, $1, entity,
               customer_id, invoice_id, null, currency, 'forgiven', null from live.movement
               order by position desc limit 1""",
            day,
        )
    )
    moment, scope = view(store, day, head + 1), Scope(currency="EUR")
    (total,) = store.run(aged(moment, scope)).sums
    late = store.run(overdue(view(store, day + timedelta(365), head + 1), scope, EVERY_ITEM))
    (period,) = store.run(by_period(moment, scope, "day", day))
    before = store.run(opening(moment, scope, day))
    assert (total.outstanding, total.tied, late.open_minor) == (6000, True, 6000)
    assert (period.other, period.change, before + period.change) == (-2000, -2000, 6000)


def test_totals_of_the_past_are_tied_to_sums_by_day(store: Store) -> None:
    books = history([(issue, n % 3, n, 1_000) for n in range(40)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", 10)):
        pass
    moment = view(store, DAY_0 + timedelta(days=60), len(books.log) - 5)

    async def tied() -> int:
        found = await aged(moment, Scope(), page=EVERY_ROW)
        return sum(
            each.figures.outstanding for each in await require_aged_tied(moment, Scope(), found, STANDARD)
        )

    assert store.run(tied()) == 35_000
    part = store.run(chain_for(moment, Scope(), "day")).added[0].part
    altered = f"update live.subtotal_{part}_day set account_minor = account_minor + 1 where effective_on = $1"
    store.run(store.conn.execute(altered, DAY_0))
    with pytest.raises(FiguresDoNotTie, match="movements of the accounts"):
        store.run(tied())


def test_groups_of_the_past_are_tied_to_sums_by_day(store: Store) -> None:
    """Columns of entries are other rows: an altered amount in them makes groups that are not the whole."""
    books = history([(issue, n % 3, n, 1_000) for n in range(40)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", 10)):
        pass
    moment = view(store, DAY_0 + timedelta(days=60), len(books.log) - 5)

    def sums() -> list[OwnSum]:
        periods = store.run(by_period(moment, Scope(), "month", DAY_0))
        groups = store.run(by_group(moment, Scope(), "month", DAY_0, "customer"))
        return groups_sums(groups, periods, DAY_0)

    assert [each.minor == each.expected_minor for each in sums()] == [True] * 8
    first = "set_byte(account_minor, 7, get_byte(account_minor, 7) + 1)"
    store.run(
        store.conn.execute(
            f"update live.entry_column set account_minor = {first} where first_day = $1", DAY_0
        )
    )
    assert {each.of for each in sums() if each.minor != each.expected_minor} == {
        "groups (billed)",
        "groups (change)",
    }


def test_a_history_with_an_event_that_cannot_be_applied_is_folded_and_its_stream_parked(store: Store) -> None:
    books = history([(issue, 0, 0, 5000), (pay, 1, 0, 5000)])
    books.record("inv_" + "9" * 32, replace_struct(applied(), invoice_id="inv_" + "9" * 32), books.today)
    log = Log(books.log)

    def shadow(way: Way) -> Shadow:
        return Shadow(cast("BulkReader", log), store.conn, Receivables(), "random", way, 250_000)

    with pytest.raises(Refused):
        store.run(shadow("mapped").fill(len(books.log)))
    folded = shadow("folded")
    assert store.run(folded.fill(len(books.log))) is None
    assert list(folded.projection.parking.streams) == ["inv_" + "9" * 32]


def applied() -> PaymentApplied:
    return PaymentApplied(
        invoice_id="", customer_id=CUSTOMERS[0], currency="EUR", payment_id="pay_" + "1" * 32,
        allocation_id="alo_" + "1" * 32, amount_minor=100, received_on=DAY_0,
    )  # fmt: skip

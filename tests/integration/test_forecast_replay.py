"""The basis of a cash forecast, as of any date and known at any moment, is what a naive count of the events gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encours.contracts.common import Instalment
from encours.contracts.events import promises
from encours.contracts.events.figure import FigureParameters
from encours.contracts.events.invoice import InvoicePlanned
from encours.contracts.events.money.plan import PlanAgreed, PlanBroken, PlanRescheduled, PlanResumed
from encours.contracts.events.parties.insolvency import InsolvencyOpened
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.reading.merges import survivors_at
from encours.reading.moment import Granted, TimeTravel, View
from encours.testing.events import event as sample
from encours.testing.servers import Installation
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.forecast.cash import OpenDebt
from reporting_svc.domain.forecast.debts import PaidDebts
from reporting_svc.domain.forecast.made import make_forecast
from reporting_svc.domain.forecast.owed import Expectable, LeftOut
from reporting_svc.jobs import published_forecast
from reporting_svc.jobs.forecast_store import ForecastStore, ForecastWork, KeptForecast
from reporting_svc.jobs.published_forecast import kept_or_made
from reporting_svc.read_models.figures.query import measured, measured_with
from reporting_svc.read_models.figures.sources import SOURCES
from reporting_svc.read_models.forecast.query import ForecastBasis, forecast_basis
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from tests.integration import naive_delays
from tests.integration.money_acts import merge
from tests.integration.receivable_histories import (
    CUSTOMERS,
    DAY_0,
    ENTITY,
    Books,
    credit_one,
    history,
    issue,
    pay,
    replay,
    steps,
)
from tests.integration.store import Store, project


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def basis(store: Store, as_of: date, known_to: int | None, **scope: Any) -> ForecastBasis:
    view = View(
        store.conn, "live", TimeTravel(as_of, known_to or 10**9, None, known_to is None), granted=None
    )
    return store.run(forecast_basis(view, Scope(**{"currency": "EUR"} | scope)))


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=steps, days=st.integers(-10, 200), share=st.integers(20, 100))
def test_debts_and_history_are_those_of_a_naive_count(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int, share: int
) -> None:
    log = history(acts).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    as_of, known_to = DAY_0 + timedelta(days=days), max(1, len(log) * share // 100)
    found = basis(store, as_of, known_to)
    expected = [e for (_, of), e in replay(log, as_of, known_to).items() if of == "EUR"]
    assert found.owed.outstanding_minor == sum(e.account for e in expected)
    debts = found.history
    left = debts.owed - debts.paid(as_of.toordinal())[0]
    names = [debts.debtors[place] for place in debts.debtor]
    assert sorted(zip(names, debts.due, debts.owed, left, strict=True)) == sorted(
        (customer, due_on.toordinal(), owed, uncovered)
        for customer, due_on, owed, uncovered, *_ in naive_delays.outcomes(log, as_of, known_to, "EUR")
    )
    assert all(debts.fund_day <= as_of.toordinal())


def promise(b: Books, kind: Any, invoice_id: str, on: date, **given: Any) -> None:
    named = {"promise_id": "prm_" + "1" * 32, "customer_id": CUSTOMERS[0], "invoice_ids": (invoice_id,)}
    asked = {"currency": "EUR", "amount_minor": 3000, "promised_on": DAY_0 + timedelta(days=40)}
    b.record(named["promise_id"], sample(kind, **named | asked | given), on)  # type: ignore[arg-type]


def test_promises_plans_and_proceedings_count_from_their_day_and_from_when_they_were_known(
    store: Store,
) -> None:
    b = history([(issue, 0, 0, 5000), (issue, 1, 0, 8000)])
    (first, second), day = list(b.open), [DAY_0 + timedelta(days=n) for n in range(100)]
    promise(b, promises.PromiseMade, first, day[10])
    promised_at = len(b.log)
    promise(b, promises.PromiseBroken, first, day[45], received_minor=0)
    dues = (Instalment(due_on=day[60], amount_minor=4000), Instalment(due_on=day[90], amount_minor=4000))
    plan = {"plan_id": "pln_" + "2" * 32, "customer_id": CUSTOMERS[1], "currency": "EUR"}
    b.record(plan["plan_id"], sample(PlanAgreed, **plan, instalments=dues, total_minor=8000), day[20])
    planned = sample(
        InvoicePlanned, invoice_id=second, customer_id=CUSTOMERS[1], currency="EUR", plan_id=plan["plan_id"],
        amount_minor=8000,
    )  # fmt: skip
    b.record(second, planned, day[20])
    b.record(plan["plan_id"], sample(PlanBroken, **plan), day[62])
    opened = {"customer_id": CUSTOMERS[0], "insolvency_id": "ins_" + "3" * 32, "opened_on": day[70]}
    b.record(CUSTOMERS[0], sample(InsolvencyOpened, **opened), day[70])
    store.run(project(store.conn, "live", b.log, 1000, Receivables()))

    def debts(n: int, known_to: int | None = None) -> list[tuple[int, int, bool]]:
        found: list[OpenDebt] = basis(store, day[n], known_to).owed.debts
        return sorted((d.due - day[0].toordinal(), d.minor, d.promised is not None) for d in found)

    assert debts(5) == [(0, 5000, False), (1, 8000, False)]
    assert debts(15) == [(0, 2000, False), (0, 3000, True), (1, 8000, False)]
    assert debts(25, promised_at) == [(0, 2000, False), (0, 3000, True), (1, 8000, False)]
    assert debts(25) == [(0, 2000, False), (0, 3000, True), (60, 4000, False), (90, 4000, False)]
    assert debts(50) == [(0, 5000, False), (60, 4000, False), (90, 4000, False)]
    assert debts(65) == [(0, 5000, False), (1, 8000, False)]
    assert debts(75) == [(1, 8000, False)]
    own = basis(store, day[75], None, customer_id=CUSTOMERS[0])
    assert (own.owed.left_out.in_proceedings_minor, own.owed.outstanding_minor, own.within) == (
        5000,
        5000,
        frozenset({CUSTOMERS[0]}),
    )
    assert len(own.history.owed) == 2


def test_what_has_ended_is_not_expected_and_what_was_resumed_is(store: Store) -> None:
    b = history(
        [(issue, 0, 0, 5000), (issue, 1, 0, 8000), (issue, 0, 0, 300), (pay, 0, 1, 700), (pay, 3, 1, 900)]
    )
    (first, second, third), day = list(b.open), [DAY_0 + timedelta(days=n) for n in range(100)]
    for _ in range(2):  # more than was owed
        b.open[third] = 300
        credit_one(b, third, 0, day[1], 300)
    promise(b, promises.PromiseMade, first, day[10])
    promise(b, promises.PromiseWithdrawn, first, day[12])
    plan = {"plan_id": "pln_" + "2" * 32, "customer_id": CUSTOMERS[1], "currency": "EUR"}
    acts = (
        (PlanAgreed, 20, (60, 90)),
        (PlanRescheduled, 30, (70, 80)),
        (PlanBroken, 40, ()),
        (PlanResumed, 50, ()),
    )
    for kind, on, due in acts:
        dues = (
            {"instalments": tuple(Instalment(due_on=day[n], amount_minor=4000) for n in due)} if due else {}
        )
        b.record(plan["plan_id"], sample(kind, **plan, **dues), day[on])
    planned = sample(
        InvoicePlanned, invoice_id=second, customer_id=CUSTOMERS[1], currency="EUR", plan_id=plan["plan_id"],
        amount_minor=8000,
    )  # fmt: skip
    b.record(second, planned, day[20])
    merge(b, 0, day[55], 0)
    store.run(project(store.conn, "live", b.log, 1000, Receivables()))

    def debts(n: int) -> list[tuple[int, int, bool]]:
        view = View(store.conn, "live", TimeTravel(day[n], len(b.log), None, is_now=True), granted=None)
        found = basis(store, day[n], None, merged=store.run(survivors_at(view))).owed.debts
        return sorted((d.due - day[0].toordinal(), d.minor, d.promised is not None) for d in found)

    assert debts(11) == [(0, 1000, False), (0, 3000, True), (1, 7100, False)]
    assert debts(13) == [(0, 4000, False), (1, 7100, False)]
    assert debts(25) == [(0, 4000, False), (60, 3100, False), (90, 4000, False)]
    assert debts(35) == [(0, 4000, False), (70, 3100, False), (80, 4000, False)]
    assert debts(45) == [(0, 4000, False), (1, 7100, False)]
    assert debts(52) == [(0, 4000, False), (70, 3100, False), (80, 4000, False)]
    assert debts(56) == [(0, 3100, False), (70, 4000, False), (80, 4000, False)]


def test_a_forecast_is_kept_by_question_and_position_and_asked_for_once_at_a_time(store: Store) -> None:
    def wanted(position: int, granted: Granted = None, **scope: Any) -> ForecastWork:
        view = View(store.conn, "live", TimeTravel(DAY_0, position, None, is_now=True), granted)
        until = DAY_0 + timedelta(days=7)
        return ForecastWork.wanted("kept", view, Scope(currency="EUR", **scope), "week", until, "key:me")

    async def told() -> None:
        pool = await open_pool(store.url, "test forecasts", size=1, settings=STORE_SETTINGS)
        kept = ForecastStore(pool)
        await kept.prepare()
        assert await kept.latest(wanted(5)) is None
        assert await kept.latest(wanted(6)) is None
        waiting = await kept.next_waiting()
        assert waiting is not None
        begun = await kept.begin(waiting.id)
        assert begun is not None
        assert (begun.position, begun.asked) == (5, wanted(5).asked)
        assert await kept.complete(begun, KeptForecast(made=made, took_s=0.1))

        found = await kept.latest(wanted(9))
        assert found is not None
        assert found.result is not None
        assert (found.position, found.result.made) == (5, made)
        assert [found.agrees(*seen) for seen in ((5, 1087), (5, 1086), (9, 1086))] == [True, False, True]
        assert await kept.next_waiting() is None, "it rests"
        assert await kept.made(wanted(9), since=9) is None
        assert await kept.made(wanted(5), since=5) == found
        for other in (wanted(4), wanted(9, granted=("ent_1",)), wanted(9, segment="Public")):
            assert await kept.made(other) is None

        await pool.execute(
            "update encours_forecasts.forecast set completed_at = now() - interval '61 seconds'"
        )
        assert await kept.latest(wanted(9)) == await kept.made(wanted(5))
        again = await kept.next_waiting()
        assert again is not None
        assert again.position == 9
        await kept.keep(wanted(12), made, 3.5)
        last = await kept.latest(wanted(12))
        assert last is not None
        assert (last.position, last.rest_s) == (12, 70)
        await close_pool(pool)

    day = DAY_0.toordinal()
    owed = Expectable([OpenDebt("a", "", day + 3, 1000), OpenDebt("b", "", day - 9, 77)], LeftOut(7, 0, 5, 2))
    made = make_forecast(owed, PaidDebts.of([]), day, [day + 7])
    assert made.outstanding_minor == owed.outstanding_minor == 1087
    store.run(told())


def test_a_forecast_is_published_as_it_is_kept_which_is_as_it_would_be_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[Any] = [(issue if n % 4 < 2 else pay, n, -n, 9000 + n) for n in range(16, 0, -1)]
    log = history([*acts, (issue, 0, 1, 70_000), (issue, 1, 1, 30_000)]).log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    asked = FigureQuestion("cash-forecast", ENTITY, None, "EUR", FigureParameters(as_of=DAY_0 + timedelta(9)))
    view = View(store.conn, "live", TimeTravel(asked.as_of, len(log), None, is_now=False), None)
    bare = store.run(measured(view, asked))

    async def told() -> None:
        pool = await open_pool(store.url, "test forecasts", size=1, settings=STORE_SETTINGS)
        kept = ForecastStore(pool)
        sources = {**SOURCES, "forecast": kept_or_made(kept, "published", "key:me")}
        wanted = ForecastWork.wanted(
            "published", view, Scope(ENTITY, currency="EUR"), "week", asked.until, "key:me"
        )
        for from_s, is_kept in ((60.0, False), (0.0, True)):
            monkeypatch.setattr(published_forecast, "KEPT_FROM_S", from_s)
            assert (await measured_with(view, asked, sources=sources))[0] == bare
            assert (await kept.made(wanted) is not None) == is_kept
        monkeypatch.setitem(SOURCES, "forecast", None)
        assert (await measured_with(view, asked, sources=sources))[0] == bare
        await close_pool(pool)

    assert bare.parts.amounts["expected"] > 0
    store.run(told())

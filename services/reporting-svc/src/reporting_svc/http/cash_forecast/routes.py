"""``GET /v1/cash-forecast``: cash that open receivables bring, and past forecasts beside what came."""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.contracts.events.figure import PeriodLength
from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.domain.forecast.accuracy import PastForecasts, PastWeek
from reporting_svc.domain.forecast.cash import HORIZON_DAYS, ends_of, require_horizon
from reporting_svc.domain.forecast.made import make_forecast
from reporting_svc.http.cash_forecast.answers import AccuracyOut, CashForecastOut
from reporting_svc.http.scope import Ask, Asked
from reporting_svc.http.snapshot import snapshot
from reporting_svc.jobs.forecast_store import KEPT_FROM_S, PARTS, ForecastStore, ForecastWork
from reporting_svc.read_models.forecast.making import ForecastInMaking
from reporting_svc.read_models.forecast.query import ForecastBasis, forecast_basis

router = Router(tags=["Receivables"])


@router.get("/v1/cash-forecast", response_model=CashForecastOut, summary="Cash expected by period")
async def cash_forecast(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    by: Annotated[PeriodLength, Parameter(description="Length of the periods; weeks are ISO 8601.")] = "week",
    until: Annotated[
        BusinessDate | None,
        Parameter(description="Last day, at most 366 days after as_of, 92 by day; 91 after it if not given."),
    ] = None,
) -> Response:
    """Cash that the open receivables bring after as_of, with ranges and with what due dates alone would say.

    Sales to come are not in it.
    """
    last = until or q.as_of + timedelta(days=HORIZON_DAYS)
    require_horizon(q.as_of, last, by)
    store = await forecasts(q)
    while True:
        try:
            return await _kept_or_made(q, asked, by, last, store)
        except ForecastInMaking as other:
            await other.ended.wait()


async def _kept_or_made(
    q: Query, asked: Asked, by: PeriodLength, last: date, store: ForecastStore
) -> Response:
    """Answer with the forecast that is kept for the question, or make it. Raises :class:`ForecastInMaking`."""
    async with snapshot(q, asked) as books:
        ledger, actor = q.caller.ledger, q.caller.actor
        wanted = ForecastWork.wanted(ledger, books.view, books.scope, by, last, actor)
        kept = await store.made_then(wanted, books.total.outstanding, books.view.conn)
        if kept is not None:
            tied = await books.require_tied(PARTS, kept.outstanding_minor)
            return q.respond(CashForecastOut.of(books, tied, by, last, kept))
        with store.requested.making(wanted.id):
            began = time.monotonic()
            basis = await forecast_basis(books.view, books.scope)
            tied = await books.require_tied(PARTS, basis.owed.outstanding_minor)
            on, ends = q.as_of.toordinal(), [end.toordinal() for end in ends_of(q.as_of, last, by)]
            made = await asyncio.to_thread(make_forecast, basis.owed, basis.history, on, ends)
            if (took_s := time.monotonic() - began) >= KEPT_FROM_S:
                await store.keep(wanted, made, took_s)
    return q.respond(CashForecastOut.of(books, tied, by, last, made))


async def forecasts(q: Query) -> ForecastStore:
    """Return the table of forecasts."""
    store: ForecastStore = q.services.extras["forecasts"]
    await store.prepare()
    return store


@router.get(
    "/v1/cash-forecast/accuracy", response_model=AccuracyOut, summary="Past cash forecasts and what came"
)
async def cash_forecast_accuracy(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    weeks: Annotated[int, Parameter(ge=1, le=52, description="Weeks before as_of that are compared.")] = 13,
) -> Response:
    """Forecasts that could have been made in each past week, what came, and the error of due dates alone.

    They are made anew from the payments by their days; a forecast sees none of a later day.
    """
    async with snapshot(q, asked) as books:
        basis = await forecast_basis(books.view, books.scope)
    judged = await asyncio.to_thread(_judged, basis, q.as_of.toordinal(), weeks)
    return q.respond(AccuracyOut.of(books, judged))


def _judged(basis: ForecastBasis, on: int, weeks: int) -> list[PastWeek]:
    return PastForecasts(basis.history, basis.within).judged(on, weeks)

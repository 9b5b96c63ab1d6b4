"""``GET /v1/cash-forecast``: cash that open receivables bring, and past forecasts beside what came."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from reporting_svc.domain.forecast.accuracy import PastForecasts, PastWeek
from reporting_svc.domain.forecast.cash import PeriodLength, ends_of, forecast
from reporting_svc.domain.forecast.curves import PaymentCurves
from reporting_svc.http.cash_forecast.answers import AccuracyOut, CashForecastOut, MadeForecast
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.forecast.query import ForecastBasis, forecast_basis

router = Router(tags=["Receivables"])
HORIZON_DAYS = 91
MAX_DAYS = 366
MOST_SINGLE_DAYS = 92


@router.get("/v1/cash-forecast", response_model=CashForecastOut, summary="Cash expected by period")
async def cash_forecast(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    by: Annotated[PeriodLength, Parameter(description="Length of the periods; weeks are ISO 8601.")] = "week",
    until: Annotated[
        BusinessDate | None,
        Parameter(description="Last day, at most 366 after as_of; 91 after it if not given."),
    ] = None,
) -> Response:
    """Cash that the open receivables bring after as_of, with ranges and with what due dates alone would say.

    Sales to come are not in it.
    """
    last = until or q.as_of + timedelta(days=HORIZON_DAYS)
    if not 0 < (last - q.as_of).days <= MAX_DAYS:
        raise Invalid(f"until lies after as_of, by at most {MAX_DAYS} days.", "/until")
    if by == "day" and (last - q.as_of).days > MOST_SINGLE_DAYS:
        raise Invalid(f"By day, until lies at most {MOST_SINGLE_DAYS} days after as_of.", "/until")
    async with snapshot(q, asked) as books:
        basis = await forecast_basis(books.view, books.scope)
    ends = [end.toordinal() for end in ends_of(q.as_of, last, by)]
    made = await asyncio.to_thread(_made, basis, q.as_of.toordinal(), ends)
    return q.respond(CashForecastOut.of(books, by, last, basis.owed, made))


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


def _made(basis: ForecastBasis, on: int, ends: list[int]) -> MadeForecast:
    history = PastForecasts(basis.history)
    calibration = history.calibration(on)
    curves = PaymentCurves(basis.history, on)
    found = forecast(basis.owed.debts, curves, on, ends, calibration.trend, history.last_day(on))
    return MadeForecast(found, calibration, curves.debts)

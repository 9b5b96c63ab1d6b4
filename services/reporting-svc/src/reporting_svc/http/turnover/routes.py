"""``GET /v1/turnover``: billed and collected, by day, week or month."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.http.turnover.answers import TurnoverOut
from reporting_svc.read_models.turnover.query import Period, by_period, opening

router = Router(tags=["Receivables"])
MAX_DAYS = 3660


@router.get("/v1/turnover", response_model=TurnoverOut, summary="Billed and collected by period")
async def turnover(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    by: Annotated[Period, Parameter(description="Length of the periods.")] = "month",
    since: Annotated[
        BusinessDate | None,
        Parameter(alias="from", description="First day; a year back if not given. The last day is as_of."),
    ] = None,
) -> Response:
    """Amounts billed, credited, collected and reversed up to as_of."""
    first = since or _year_back(q.as_of)
    if not 0 <= (q.as_of - first).days <= MAX_DAYS:
        raise Invalid(f"from lies at most {MAX_DAYS} days before as_of, and not after it.", "/from")
    async with snapshot(q, asked) as books:
        before = await opening(books.view, books.scope, first)
        periods = await by_period(books.view, books.scope, by, first)
    return q.respond(TurnoverOut.of(books, by, first, periods, before))


def _year_back(day: date) -> date:
    return date(day.year - 1, day.month, 1)

"""``GET /v1/dashboard``: an overview in one snapshot."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.http.dashboard.answers import DashboardOut
from reporting_svc.http.scope import AskInCurrency
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.aged_balance.query import KEY
from reporting_svc.read_models.dso.query import days_sales_outstanding
from reporting_svc.read_models.receivables.penalties import open_penalties
from reporting_svc.read_models.turnover.query import by_period

router = Router(tags=["Receivables"])
LARGEST = Page(limit=5, columns=("overdue", KEY), descending=True, nullable=False, last=None, check="")
WINDOW_DAYS = 30


@router.get("/v1/dashboard", response_model=DashboardOut, summary="The figures of a first look")
async def dashboard(
    q: Annotated[Query, reading("reports:read")],
    asked: AskInCurrency,
    days: Annotated[int, Parameter(ge=1, le=1830, description="Period of the DSO, ending with as_of.")] = 90,
) -> Response:
    """Ageing, DSO, what came in and went out lately, and who owes most: one snapshot, one tie-out."""
    async with snapshot(q, asked, page=LARGEST) as books:
        first = books.view.time.as_of - timedelta(days=WINDOW_DAYS - 1)
        penalties = await open_penalties(books.view, books.scope, books.conversion)
        dso = await days_sales_outstanding(
            books.view, books.scope, books.total, penalties, days, books.conversion
        )
        lately = await by_period(books.view, books.scope, "day", first, books.conversion)
    largest = [books.aged.figures(row) for row in books.aged.rows[: LARGEST.limit] if row["overdue"] > 0]
    return q.respond(DashboardOut.of(books, penalties, dso, lately, largest))

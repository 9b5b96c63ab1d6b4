"""``GET /v1/dso``: days sales outstanding, simple and countback."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.http.dso.answers import DsoOut
from reporting_svc.http.scope import AskInCurrency
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.dso import query
from reporting_svc.read_models.receivables.penalties import open_penalties

router = Router(tags=["Receivables"])


@router.get("/v1/dso", response_model=DsoOut, summary="Days sales outstanding, simple and countback")
async def days_sales_outstanding(
    q: Annotated[Query, reading("reports:read")],
    asked: AskInCurrency,
    days: Annotated[
        int, Parameter(ge=1, le=1830, description="Length of the period that ends with as_of.")
    ] = 90,
) -> Response:
    """Outstanding in days of turnover; see `GET /v1/definitions` for each definition."""
    async with snapshot(q, asked) as books:
        penalties = await open_penalties(books.view, books.scope, books.conversion)
        dso = await query.days_sales_outstanding(
            books.view, books.scope, books.total, penalties, days, books.conversion
        )
    return q.respond(DsoOut.of(books, dso))

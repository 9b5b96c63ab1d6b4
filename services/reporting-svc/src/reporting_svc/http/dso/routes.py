"""``GET /v1/dso``: days sales outstanding, simple and countback."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.http.dso.answers import DsoGroups, DsoOut
from reporting_svc.http.scope import AskInCurrency
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.dso import query
from reporting_svc.read_models.dso.query import DsoGrouping, divided
from reporting_svc.read_models.receivables.groups import labels_of

router = Router(tags=["Receivables"])


@router.get("/v1/dso", response_model=DsoOut, summary="Days sales outstanding, simple and countback")
async def days_sales_outstanding(
    q: Annotated[Query, reading("reports:read")],
    asked: AskInCurrency,
    days: Annotated[
        int, Parameter(ge=1, le=1830, description="Length of the period that ends with as_of.")
    ] = 90,
    group_by: Annotated[
        DsoGrouping | None,
        Parameter(
            description="Also by group, in `groups`; by month at the ends of the last twelve months, of each group "
            "too. Customers are in their group of as_of."
        ),
    ] = None,
) -> Response:
    """Outstanding in days of turnover; see `GET /v1/definitions` for each definition."""
    async with snapshot(q, asked, by=group_by and divided(group_by)[1]) as books:
        penalties = await open_penalties(books.view, books.scope, books.conversion)
        billed = await query.billed_months(books.view, books.scope, days, books.conversion)
        dso = query.days_sales_outstanding(books.total, penalties, billed, q.as_of, days)
        tied = await books.require_movements_tied(query.MONTHS, billed.balance_minor)
        groups = DsoGroups(tied, None, {}, {})
        if group_by is not None:
            groups = await _groups(books, group_by, days)
    return q.respond(DsoOut.of(books, dso, groups))


async def _groups(books: ReceivablesSnapshot, by: DsoGrouping, days: int) -> DsoGroups:
    found = await query.grouped_days(books.view, books.scope, by, days, books.conversion)
    tied = await books.require_tied("groups and the open penalties", found.balance_minor)
    named = sorted({group for _, group in found.measured if group is not None})
    names = await labels_of(books.view, books.scope, divided(by)[1], named)
    return DsoGroups(tied, by, found.measured, names)

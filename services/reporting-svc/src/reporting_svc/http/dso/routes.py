"""``GET /v1/dso``: days sales outstanding, simple and countback."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from reporting_svc.http.dso.answers import DsoGroups, DsoOut
from reporting_svc.http.scope import AskInCurrency
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.read_models.aged_balance.penalties import OpenPenalties, open_penalties
from reporting_svc.read_models.dso import query
from reporting_svc.read_models.dso.query import DsoGroup
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
        DsoGroup | None,
        Parameter(
            description="Also by group, in `groups`; by month at the ends of the last twelve months. Customers are in "
            "their group of as_of. Not together with `report_currency`."
        ),
    ] = None,
) -> Response:
    """Outstanding in days of turnover; see `GET /v1/definitions` for each definition."""
    if group_by is not None and asked.report_currency is not None:
        raise Invalid("Groups are in one currency: leave out report_currency or group_by.", "/group_by")
    async with snapshot(q, asked, by=group_by) as books:
        penalties = await open_penalties(books.view, books.scope, books.conversion)
        dso = await query.days_sales_outstanding(
            books.view, books.scope, books.total, penalties, days, books.conversion
        )
        groups = await _groups(books, group_by, days, penalties)
    return q.respond(DsoOut.of(books, dso, groups))


async def _groups(
    books: ReceivablesSnapshot, by: DsoGroup | None, days: int, penalties: OpenPenalties
) -> DsoGroups:
    if by is None:
        return DsoGroups(await books.require_bands_tied(), None, {}, {})
    found = await query.grouped_days(books.view, books.scope, by, days)
    standing = list(found.values())[-1:] if by == "month" else found.values()
    receivables = sum(each.receivables_minor for each in standing)
    tied = await books.require_tied("groups and the open penalties", receivables + penalties.open_minor)
    named = [group for group in found if group is not None]
    names = {} if by == "month" else await labels_of(books.view, books.scope, by, named)
    return DsoGroups(tied, by, found, names)

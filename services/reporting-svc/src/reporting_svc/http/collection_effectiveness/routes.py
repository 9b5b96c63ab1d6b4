"""``GET /v1/collection-effectiveness``: collection by month, and what lateness ties up."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from reporting_svc.domain.measures.collection import eleven_months_before
from reporting_svc.http.collection_effectiveness.answers import CollectionOut
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.collection.query import collection
from reporting_svc.read_models.receivables.groups import GroupBy

router = Router(tags=["Receivables"])
MAX_MONTHS = 36


@router.get(
    "/v1/collection-effectiveness", response_model=CollectionOut, summary="Collection effectiveness by month"
)
async def collection_effectiveness(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    group_by: Annotated[GroupBy | None, Parameter(description="A row for each group and month.")] = None,
    since: Annotated[
        BusinessDate | None,
        Parameter(alias="from", description="A day of the first month; 11 months back if not given."),
    ] = None,
    days: Annotated[
        int, Parameter(ge=1, le=1830, description="Period of the DSO, ending with the month.")
    ] = 90,
) -> Response:
    """Collection effectiveness index, overdue rate, DSO, days delinquent and working capital, month by month.

    The last month ends with as_of.
    """
    first = since or eleven_months_before(q.as_of)
    span = (q.as_of.year - first.year) * 12 + q.as_of.month - first.month
    if first > q.as_of or span >= MAX_MONTHS:
        raise Invalid(f"Choose from at most {MAX_MONTHS - 1} months before as_of, and not after it.", "/from")
    async with snapshot(q, asked, by=group_by) as books:
        periods = await collection(books.view, books.scope, first, group_by, days)
        penalties = await open_penalties(books.view, books.scope, None)
        closing = sum(each.closing.outstanding_minor for each in periods if each.last == q.as_of)
        own = closing + penalties.open_minor
        tied = await books.require_tied("closing balances and the open penalties", own)
    return q.respond(CollectionOut.of(books, tied, group_by, days, periods))

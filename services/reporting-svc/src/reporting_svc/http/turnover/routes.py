"""``GET /v1/turnover``: billed and collected, by day, week or month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.http.periods import first_day
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.http.turnover.answers import TurnoverGroups, TurnoverOut, TurnoverProductsOut
from reporting_svc.read_models.receivables.groups import labels_of
from reporting_svc.read_models.turnover.kept import Period
from reporting_svc.read_models.turnover.products import by_product
from reporting_svc.read_models.turnover.query import (
    CHANGES,
    Turnover,
    TurnoverGroup,
    by_group,
    by_period,
    groups_sums,
    opening,
)

router = Router(tags=["Receivables"])
MOST_GROUPS = 100


@router.get("/v1/turnover", response_model=TurnoverOut, summary="Billed and collected by period")
async def turnover(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    by: Annotated[Period, Parameter(description="Length of the periods.")] = "month",
    since: Annotated[
        BusinessDate | None,
        Parameter(alias="from", description="First day; a year back if not given. The last day is as_of."),
    ] = None,
    group_by: Annotated[
        Literal["entity", "customer", "segment", "salesperson", "collector", "product"] | None,
        Parameter(
            description="Also by group, the largest turnover first; at most 100 groups are shown. By product with "
            "cost and margin, in `products`."
        ),
    ] = None,
) -> Response:
    """Amounts billed, credited, collected and reversed up to as_of."""
    first = first_day(since, q.as_of)
    async with snapshot(q, asked, by=group_by) as books:
        before = await opening(books.view, books.scope, first)
        periods = await by_period(books.view, books.scope, by, first)
        changed = sum(each.change for each in periods)
        tied = await books.require_tied(CHANGES, before + changed)
        groups = products = None
        if group_by == "product":
            found = await by_product(books.view, books.scope, by, first, periods)
            await books.require_each_tied(found.sums)
            products = TurnoverProductsOut.of(found.rows, MOST_GROUPS, first, books.total.currency)
        elif group_by:
            groups = await _groups(books, by, periods, first, group_by)
    return q.respond(TurnoverOut.of(books, tied, by, first, periods, before, groups, products))


async def _groups(
    books: ReceivablesSnapshot, by: Period, periods: Sequence[Turnover], first: date, group_by: TurnoverGroup
) -> TurnoverGroups:
    found = await by_group(books.view, books.scope, by, first, group_by)
    await books.require_each_tied(groups_sums(found, periods, first))
    shown = list(found)[:MOST_GROUPS]
    names = await labels_of(
        books.view, books.scope, group_by, [value for value in shown if value is not None]
    )
    return TurnoverGroups(group_by, {value: found[value] for value in shown}, len(found) - len(shown), names)

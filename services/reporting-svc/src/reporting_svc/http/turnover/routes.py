"""``GET /v1/turnover``: billed and collected, by day, week or month."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate, money_json
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from reporting_svc.domain.measures.definitions import TURNOVER
from reporting_svc.http.answers import tie_out_json
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.http.turnover.answers import TurnoverOut, row_json
from reporting_svc.read_models.receivables.turnover import Period, Turnover, by_period, opening

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
        total = books.total
        before = await opening(books.conn, books.schema, books.scope, books.moment, first)
        periods = await by_period(books.conn, books.schema, books.scope, books.moment, by, first)
    body = {
        "definition": TURNOVER.id,
        "currency": total.currency,
        "by": by,
        "data": [row_json(period, total.currency) for period in periods],
        "next_cursor": None,
        "totals": row_json(_sum(first, periods), total.currency),
        "opening": money_json(before, total.currency),
        "tie_out": tie_out_json(total, buckets=before + sum(period.change for period in periods)),
        **books.end(),
    }
    return q.respond(body)


def _year_back(day: date) -> date:
    return date(day.year - 1, day.month, 1)


def _sum(first: date, periods: list[Turnover]) -> Turnover:
    columns = ("billed", "credited", "net", "collected", "reversed", "change")
    return Turnover(first, *(sum(getattr(period, column) for period in periods) for column in columns))

"""``GET /v1/dso``: days sales outstanding, simple and countback."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import money_json
from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.domain.measures import definitions, dso
from reporting_svc.http.answers import tie_out_json
from reporting_svc.http.dso.answers import DsoOut
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.read_models.receivables.turnover import billed_since, months_back

router = Router(tags=["Receivables"])


@router.get("/v1/dso", response_model=DsoOut, summary="Days sales outstanding, simple and countback")
async def days_sales_outstanding(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    days: Annotated[
        int, Parameter(ge=1, le=1830, description="Length of the period that ends with as_of.")
    ] = 90,
) -> Response:
    """Outstanding in days of turnover; see `GET /v1/definitions` for each definition."""
    async with snapshot(q, asked) as books:
        figures = await dso_json(books, days)
    body = {
        "currency": books.total.currency,
        **figures,
        "tie_out": tie_out_json(books.total),
        **books.end(),
    }
    return q.respond(body)


async def dso_json(books: ReceivablesSnapshot, days: int) -> dict[str, Any]:
    """The figures of :class:`DsoFigures`, of one snapshot."""
    conn, schema, scope, moment, total = books.conn, books.schema, books.scope, books.moment, books.total
    first = moment.as_of - timedelta(days=days - 1)
    turnover = await billed_since(conn, schema, scope, moment, first)
    counted = dso.countback(total.outstanding, await months_back(conn, schema, scope, moment))
    simple = dso.simple(total.outstanding, turnover, days)
    best = dso.simple(total.bands[0], turnover, days)
    return {
        "period_days": days,
        "receivables": money_json(total.outstanding, total.currency),
        "turnover": money_json(turnover, total.currency),
        "simple": _days(definitions.DSO_SIMPLE, dso.rounded(simple)),
        "countback": {
            **_days(definitions.DSO_COUNTBACK, dso.rounded(counted.days)),
            "months": counted.months,
            "exhausted": counted.exhausted,
        },
        "best_possible": _days(definitions.BPDSO, dso.rounded(best)),
        "average_days_delinquent": _days(definitions.ADD, dso.rounded(dso.delinquent(simple, best))),
    }


def _days(definition: definitions.Definition, days: float | None) -> dict[str, Any]:
    return {"definition": definition.id, "days": days}

"""``GET /v1/dashboard``: the figures of a first look, all of one moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import MoneyModel, money_json
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.http.aged_balance import AgedRow, Total, row_json
from reporting_svc.http.answers import Report, sums_json, tie_out_json
from reporting_svc.http.dso import DsoFigures, dso_json
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.measures.bands import STANDARD
from reporting_svc.measures.definitions import AGED_BY_DUE_DATE
from reporting_svc.read_models.receivables.figures import KEY
from reporting_svc.read_models.receivables.turnover import Turnover, by_period

router = Router(tags=["Receivables"])
LARGEST = Page(limit=5, columns=("overdue", KEY), descending=True, nullable=False, last=None, check="")
WINDOW_DAYS = 30


class DashboardOut(Report):
    """`largest_overdue` are the five customers with most past due; `last_30_days` end with as_of."""

    definition: str
    totals: Total
    overdue_share: float | None
    dso: DsoFigures
    last_30_days: dict[str, MoneyModel]
    largest_overdue: list[AgedRow]


@router.get("/v1/dashboard", response_model=DashboardOut, summary="The figures of a first look")
async def dashboard(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    days: Annotated[int, Parameter(ge=1, le=1830, description="Period of the DSO, ending with as_of.")] = 90,
) -> Response:
    """Ageing, DSO, what came in and went out lately, and who owes most: one snapshot, one tie-out."""
    async with snapshot(q, asked, page=LARGEST) as books:
        total, found = books.total, books.aged
        sales = await dso_json(books, days)
        first = books.moment.as_of - timedelta(days=WINDOW_DAYS - 1)
        lately = await by_period(books.conn, books.schema, books.scope, books.moment, "day", first)
    largest = [row_json(found, row, STANDARD) for row in found.rows[: LARGEST.limit] if row["overdue"] > 0]
    gross = sum(total.bands)
    body = {
        "definition": AGED_BY_DUE_DATE.id,
        "currency": total.currency,
        "totals": {"customers": total.customers, **sums_json(total, STANDARD)},
        "overdue_share": round(total.overdue / gross, 4) if gross > 0 else None,
        "dso": sales,
        "last_30_days": _lately(lately, total.currency),
        "largest_overdue": largest,
        "tie_out": tie_out_json(total),
        **books.end(),
    }
    return q.respond(body)


def _lately(periods: list[Turnover], currency: str) -> dict[str, Any]:
    return {
        name: money_json(sum(getattr(period, name) for period in periods), currency)
        for name in ("billed", "credited", "collected", "reversed")
    }

"""``GET /v1/dashboard``: the figures of a first look, all of one moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.domain.measures.bands import STANDARD
from reporting_svc.domain.measures.definitions import AGED_BY_DUE_DATE
from reporting_svc.http.aged_balance.answers import row_json
from reporting_svc.http.answers import sums_json, tie_out_json
from reporting_svc.http.dashboard.answers import DashboardOut, lately_json
from reporting_svc.http.dso.routes import dso_json
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.receivables.figures import KEY
from reporting_svc.read_models.receivables.turnover import by_period

router = Router(tags=["Receivables"])
LARGEST = Page(limit=5, columns=("overdue", KEY), descending=True, nullable=False, last=None, check="")
WINDOW_DAYS = 30


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
        "last_30_days": lately_json(lately, total.currency),
        "largest_overdue": largest,
        "tie_out": tie_out_json(total),
        **books.end(),
    }
    return q.respond(body)

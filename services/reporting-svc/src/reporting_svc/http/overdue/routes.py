"""``GET /v1/overdue``: unpaid invoices and instalments past their due dates."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.http.overdue.answers import OverdueOut
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.overdue.query import KEY, SORTS, overdue

router = Router(tags=["Receivables"])
PAGE = paging(*SORTS, default="due_on", key=KEY, columns=SORTS)


@router.get("/v1/overdue", response_model=OverdueOut, summary="Invoices and instalments past their due dates")
async def list_overdue(
    q: Annotated[Query, reading("reports:read")], page: Annotated[Page, PAGE], asked: Ask
) -> Response:
    """Overdue invoices, as of any business date, as known at any moment; each instalment is a row of its own."""
    async with snapshot(q, asked, insured=True) as books:
        late = await overdue(books.view, books.scope, page)
        tied = await books.require_tied("items past due", late.past_due_minor, books.total.overdue)
    return q.respond(OverdueOut.of(books, tied, late, page))

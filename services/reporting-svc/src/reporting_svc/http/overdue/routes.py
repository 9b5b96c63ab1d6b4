"""``GET /v1/overdue``: the list of unpaid invoices past their due date."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.models import money_json
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import OVERDUE
from reporting_svc.http.answers import tie_out_json
from reporting_svc.http.overdue.answers import OverdueOut, row_json
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.receivables.overdue import SORTS, overdue

router = Router(tags=["Receivables"])
PAGE = paging(*SORTS, default="due_on", key="invoice_id", columns=SORTS)


@router.get("/v1/overdue", response_model=OverdueOut, summary="Invoices past their due date")
async def list_overdue(
    q: Annotated[Query, reading("reports:read")], page: Annotated[Page, PAGE], asked: Ask
) -> Response:
    """Overdue invoices, as of any business date, as known at any moment."""
    async with snapshot(q, asked) as books:
        total = books.total
        late = await overdue(books.conn, books.schema, books.scope, books.moment, page)
    body = {
        "definition": OVERDUE.id,
        "currency": total.currency,
        **page.body(late.rows, lambda row: row_json(row, books.moment.as_of)),
        "totals": {
            "invoices": late.invoices,
            "outstanding": money_json(late.open_minor, total.currency),
            "disputed": money_json(late.disputed_minor, total.currency),
        },
        "tie_out": tie_out_json(total, also=late.past_due_minor == total.overdue),
        **books.end(),
    }
    return q.respond(body)

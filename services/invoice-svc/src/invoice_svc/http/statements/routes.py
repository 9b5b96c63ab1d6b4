"""Route of a customer's statement of account."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.contracts.events.money.statement import StatementScope
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from encours.reading.pages import Page
from invoice_svc.http.common import CustomerId
from invoice_svc.http.csv_pages import CSV, CSV_RESPONSE
from invoice_svc.http.customers.answers import CUSTOMER_ANSWER
from invoice_svc.http.reads import read
from invoice_svc.http.statements.answers import StatementOut, csv_of
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.promises.query import promises_shown
from invoice_svc.read_models.statements import query
from invoice_svc.read_models.statements.content import content_sha256, customers_of

router = Router(tags=["Customers"])
PAGE = paging("entry", default="entry", key=query.ENTRY_KEY, columns={"entry": query.ENTRY_KEY})
First = Annotated[
    BusinessDate | None,
    QueryParam(alias="from", description="First day of the entries; the first of the month of `to`."),
]
Last = Annotated[
    BusinessDate | None, QueryParam(alias="to", description="Last day; that of `as_of` if not given.")
]


@router.get(
    "/v1/customers/{customer_id}/statement",
    response_model=StatementOut,
    responses={200: CSV_RESPONSE},
)
async def get_statement(
    customer_id: CustomerId,
    q: Annotated[Query, reading("invoices:read")],
    page: Annotated[Page, PAGE],
    from_: First = None,
    to: Last = None,
    scope: StatementScope = "own",
) -> Response:
    """Statement of account [relevé de compte]: the balance before, every entry by business date, the balance after.

    Opening balance plus debit less credit is the closing balance, in each currency, for any two days and as known at
    any moment. The open items of the last day stand beside it, aged by due date, and promises to pay. `scope` takes
    the accounts of all for whom the customer pays (`payer`) or of its group (`group`) on the last day. With
    `Accept: text/csv` the page's entries come as CSV.
    """
    _, _, time = await read(q, CUSTOMER_ANSWER, customer_id)
    last = to or time.as_of
    first = from_ or last.replace(day=1)
    _require_order(first, last, time.as_of)
    async with replace(q, as_of=last, min_position=max(q.min_position, time.position)).view(NAME) as view:
        customers = await customers_of(view, customer_id, scope)
        rows = await query.entries(view, page, customers, first)
        if CSV in q.request.headers.get("accept", ""):
            return csv_of(page, rows)
        accounts = await query.accounts(view, customers, first)
        items = await query.open_items(view, customers)
        sha256 = await content_sha256(view, customers, first, accounts, items)
        promises = await promises_shown(view, customers, first)
    moment = replace(view.time, as_of=time.as_of)
    statement = StatementOut.of(customer_id, scope, customers, first, last, accounts, items, sha256, promises)
    return q.respond(page.body(rows, StatementOut.entry) | statement | replace(view, time=moment).echo())


def _require_order(first: date, last: date, as_of: date) -> None:
    if last > as_of:
        raise Invalid(f"A statement ends on {as_of}, the day of the question, or before.", "/to")
    if first > last:
        raise Invalid(f"A statement begins on its last day, {last}, or before.", "/from")

"""Routes of cases."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.http.cases.answers import CaseList, CaseOut
from dunning_svc.http.identifiers import CustomerId
from dunning_svc.read_models.cases import query
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import cases_at
from dunning_svc.read_models.promises.query import broken_promises
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Cases"])
Reading = Annotated[Query, reading("dunning:read")]
PAGE = paging("customer_id", default="customer_id", key="customer_id")


@router.get("/v1/cases", response_model=CaseList)
async def list_cases(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
) -> Response:
    """List the customers with open items, and the highest step taken for each item.

    Customers who owed nothing at that date are left out, so a page may have fewer entries than `limit`.
    """
    async with q.view(MODEL) as view:
        customers = await query.customers(view, page, customer_id)
        ids = [row["customer_id"] for row in customers[: page.limit]]
        position, as_of = view.time.position, view.time.as_of
        rows = await cases_at(q.ledger, view.conn, view.schema, q.caller.ledger, ids, position, as_of)
        merged = rows.survivors(as_of)
        broken = await broken_promises(view, [record for each in ids for record in merged.records(each)])
    body: dict[str, Any] = page.body(
        customers, lambda row: CaseOut.of(rows, row["customer_id"], as_of, broken)
    )
    body["data"] = [case for case in body["data"] if case is not None]
    return q.respond(body | view.time.echo())

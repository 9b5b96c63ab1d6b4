"""Routes of thank-yous."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.http.identifiers import CustomerId
from dunning_svc.http.thanks.answers import ThanksList, ThanksOut
from dunning_svc.read_models.cases.fold.thanks import ThanksStatus, thank_yous
from dunning_svc.read_models.cases.model import MODEL
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Reminders and tasks"])
Reading = Annotated[Query, reading("dunning:read")]
PAGE = paging("position", default="-position", key="position")


@router.get("/v1/thanks", response_model=ThanksList)
async def list_thanks(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    status: Annotated[ThanksStatus | None, Parameter()] = None,
) -> Response:
    """List thank-yous for paid invoices with their outcomes. A policy decides who is thanked."""
    async with q.view(MODEL) as view:
        rows = await thank_yous(view, page, customer_id=customer_id, status=status)
    return q.respond(page.body(rows, ThanksOut.of) | view.time.echo())

"""``GET /v1/aged-balance`` [balance âgée]."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.bands import STANDARD, Bands
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import AGED_BY_DUE_DATE, AGED_BY_ISSUE_DATE
from reporting_svc.http.aged_balance.answers import AgedBalanceOut
from reporting_svc.http.scope import AskInCurrency
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.aged_balance.query import KEY, SORTS, Basis
from reporting_svc.read_models.receivables.penalties import open_penalties

router = Router(tags=["Receivables"])
PAGE = paging(*SORTS, default="-outstanding", key=KEY, columns=SORTS)


@router.get("/v1/aged-balance", response_model=AgedBalanceOut, summary="Aged balance by customer")
async def aged_balance(
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    asked: AskInCurrency,
    bands: Annotated[
        str | None,
        Parameter(
            max_length=80,
            description="Last days of the closed bands.",
            examples=["30,60,90"],
            pattern=r"^[0-9]{1,4}(,[0-9]{1,4})*$",
        ),
    ] = None,
    by: Annotated[
        Literal["due_date", "issue_date"], Parameter(description="The date that days are counted from.")
    ] = "due_date",
) -> Response:
    """Open amounts in bands of days past due, as of any business date, as known at any moment.

    Sum of bands - unapplied cash = outstanding = balance of the customers' account.
    """
    chosen = Bands.parse(bands) if bands is not None else STANDARD
    basis: Basis = "due_on" if by == "due_date" else "issued_on"
    definition = AGED_BY_DUE_DATE if by == "due_date" else AGED_BY_ISSUE_DATE
    async with snapshot(q, asked, bands=chosen, basis=basis, page=page) as books:
        penalties = await open_penalties(books.view, books.scope, books.conversion)
        return q.respond(AgedBalanceOut.of(books, page, chosen, definition, penalties))

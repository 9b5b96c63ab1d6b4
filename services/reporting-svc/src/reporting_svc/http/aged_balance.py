"""``GET /v1/aged-balance`` [balance âgée]."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.http.answers import Report, Sums, sums_json, tie_out_json
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.measures.bands import STANDARD, Bands
from reporting_svc.measures.definitions import AGED_BY_DUE_DATE, AGED_BY_ISSUE_DATE
from reporting_svc.read_models.receivables.figures import KEY, SORTS, Aged, Basis, Row

router = Router(tags=["Receivables"])
PAGE = paging(*SORTS, default="-outstanding", key=KEY, columns=SORTS)


class AgedRow(Sums):
    """A customer of an entity; ``customer_id`` null is money of payers not yet identified."""

    customer_id: str | None
    entity_id: str
    name: str | None
    external_ref: str | None


class Total(Sums):
    """All customers in scope."""

    customers: int


class AgedBalanceOut(Report):
    """One page of customers; `totals` and `tie_out` are of all of them."""

    definition: str
    bands: list[str]
    data: list[AgedRow]
    next_cursor: str | None
    totals: Total


@router.get("/v1/aged-balance", response_model=AgedBalanceOut, summary="Aged balance by customer")
async def aged_balance(
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    asked: Ask,
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
    async with snapshot(q, asked, bands=chosen, basis=basis, page=page) as books:
        total = books.total
    definition = AGED_BY_DUE_DATE if by == "due_date" else AGED_BY_ISSUE_DATE
    body = {
        "definition": definition.id,
        "currency": total.currency,
        "bands": list(chosen.names),
        **page.body(books.aged.rows, lambda row: row_json(books.aged, row, chosen)),
        "totals": {"customers": total.customers, **sums_json(total, chosen)},
        "tie_out": tie_out_json(total),
        **books.end(),
    }
    return q.respond(body)


def row_json(found: Aged, row: Row, bands: Bands) -> dict[str, Any]:
    """:class:`AgedRow` as plain JSON."""
    figures = found.figures(row)
    return {
        "customer_id": figures.customer_id or None,
        "entity_id": figures.entity,
        "name": figures.name,
        "external_ref": figures.external_ref,
        **sums_json(figures, bands),
    }

"""``GET /v1/open-items``: the invoices and instalments behind an aged balance, or behind one band of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.bands import STANDARD, Bands
from encours.kernel.errors import Invalid
from encours.reading.pages import Page
from reporting_svc.http.aged_balance.routes import AskedBands
from reporting_svc.http.open_items.answers import OpenItemsOut
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.overdue.query import KEY, SORTS, DueRange, listed_parts

router = Router(tags=["Receivables"])
PAGE = paging(*SORTS, default="due_on", key=KEY, columns=SORTS)


@router.get("/v1/open-items", response_model=OpenItemsOut, summary="Open items behind an aged balance")
async def list_open_items(
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    asked: Ask,
    bands: AskedBands = None,
    band: Annotated[
        str | None,
        Parameter(max_length=20, description="One band by its name, such as `not_due` or `31-60`."),
    ] = None,
) -> Response:
    """Open invoices and instalments, whose sum is that of the bands, or of the band that is named."""
    chosen = Bands.parse(bands) if bands is not None else STANDARD
    if band is not None and band not in chosen.names:
        raise Invalid(f"The bands are {', '.join(chosen.names)}.", "/band")
    place = None if band is None else chosen.names.index(band)
    async with snapshot(q, asked, bands=chosen, insured=True) as books:
        due = DueRange() if place is None else due_range(chosen, place, books.view.time.as_of)
        rows = await listed_parts(books.view, books.scope, page, due, "open_minor <> 0")
    minor = sum(books.total.bands) if place is None else books.total.bands[place]
    return q.respond(OpenItemsOut.of(books, rows, page, chosen, band, minor))


def due_range(bands: Bands, place: int, as_of: date) -> DueRange:
    """Return the due dates of the band at a place."""
    edges = [as_of - timedelta(days=days) for days in bands.thresholds]
    return DueRange(
        first=edges[place] if place < len(edges) else None, before=edges[place - 1] if place else None
    )

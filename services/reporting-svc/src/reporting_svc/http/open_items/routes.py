"""``GET /v1/open-items``: the invoices and instalments behind an aged balance, or behind one cell of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.bands import STANDARD, Bands
from encours.kernel.errors import Invalid
from encours.reading.pages import Page
from reporting_svc.http.aged_balance.routes import AskedBands, AskedBasis, GroupName
from reporting_svc.http.open_items.answers import ListedCell, OpenItemsOut
from reporting_svc.http.scope import AskedInCurrency, AskInCurrency
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.read_models.aged_balance.basis import COUNTED_FROM
from reporting_svc.read_models.aged_balance.query import aged_groups
from reporting_svc.read_models.overdue.query import KEY, SORTS, DayRange, OneGroup, listed_parts, listed_sum
from reporting_svc.read_models.receivables.groups import group_of
from reporting_svc.read_models.receivables.subtotals import Basis

router = Router(tags=["Receivables"])
PAGE = paging(*SORTS, default="due_on", key=KEY, columns=SORTS)


@router.get("/v1/open-items", response_model=OpenItemsOut, summary="Open items behind an aged balance")
async def list_open_items(
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    asked: AskInCurrency,
    bands: AskedBands = None,
    band: Annotated[
        str | None,
        Parameter(max_length=20, description="One band by its name, such as `not_due` or `31-60`."),
    ] = None,
    by: AskedBasis = "due_date",
    group_by: Annotated[
        GroupName | None,
        Parameter(
            description="Customers of one `group` of `GET /v1/aged-balance/groups`.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        Parameter(max_length=200, description="Its `group`; empty where that is null.", examples=["ann"]),
    ] = None,
) -> Response:
    """Open invoices and instalments, whose sum is that of the bands, or of the band and the group that are named."""
    chosen, counted = Bands.parse(bands) if bands else STANDARD, COUNTED_FROM[by]
    if band is not None and band not in chosen.names:
        raise Invalid(f"The bands are {', '.join(chosen.names)}.", "/band")
    place = None if band is None else chosen.names.index(band)
    one = _group(asked, group_by, group)
    async with snapshot(q, asked, bands=chosen, basis=counted.basis, by=group_by, insured=True) as books:
        days = DayRange.of_band(chosen, place, books.view.time.as_of, counted.basis)
        rows = await listed_parts(books.view, books.scope, page, days, "open_minor <> 0", one)
        sums = books.total.bands if one is None else await _sums(books, chosen, counted.basis, one)
        minor = sum(sums) if place is None else sums[place]
        listed = await listed_sum(books.view, books.scope, days, chosen, one, books.conversion)
        tied = await books.require_tied("open items of the list", listed, minor)
    cell = ListedCell(chosen, counted, band, group_by, one.value if one else None, minor)
    return q.respond(OpenItemsOut.of(books, tied, rows, page, cell))


def _group(asked: AskedInCurrency, group_by: str | None, group: str | None) -> OneGroup | None:
    if group_by is None:
        if group is not None:
            raise Invalid("Name what the group is of, group_by.", "/group_by")
        return None
    if group is None:
        raise Invalid("Name the group; leave it empty for customers that are in none.", "/group")
    if asked.report_currency is not None:
        raise Invalid("Groups are listed in their own currencies: name currency instead.", "/report_currency")
    return OneGroup(group_of(group_by), group or None)


async def _sums(books: ReceivablesSnapshot, bands: Bands, basis: Basis, one: OneGroup) -> tuple[int, ...]:
    """Return the bands of a group; 0 of one that has nothing."""
    groups = await aged_groups(books.view, books.scope, one.by, bands, basis)
    return next((each.figures.bands for each in groups if each.group == one.value), (0,) * len(bands.names))

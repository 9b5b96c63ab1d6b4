"""``GET /v1/aged-balance`` [balance âgée], and the same by group of customers."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query as Parameter
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from encours.contracts.events.schedule import CountedBy
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.bands import STANDARD, Bands
from encours.reading.pages import Page
from reporting_svc.http.aged_balance.answers import AgedBalanceOut, AgedGroupsOut
from reporting_svc.http.scope import AskInCurrency
from reporting_svc.http.snapshot import aged_snapshot
from reporting_svc.read_models.aged_balance.basis import COUNTED_FROM
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.aged_balance.query import KEY, SORTS, aged_groups
from reporting_svc.read_models.receivables.conversion import conversion_to
from reporting_svc.read_models.receivables.groups import group_of, labels_of
from reporting_svc.read_models.tie_out.query import require_rows_tied
from reporting_svc.read_models.tie_out.shares import require_groups_tied

BANDS = r"^[0-9]{1,4}(,[0-9]{1,4})*$"
_GROUP_BY = r"^(entity|segment|salesperson|collector|payer|group|field:[a-z][a-z0-9_]{0,39})$"
router = Router(tags=["Receivables"])


def _read_group(text: str) -> str:
    if re.fullmatch(_GROUP_BY, text) is None:
        raise PydanticCustomError(
            "group_by",
            "Write entity, segment, salesperson, collector, payer or group, or field: and the code of a custom field "
            "of customers, such as field:channel.",
        )
    return text


GroupName = Annotated[
    str,
    AfterValidator(_read_group),
    WithJsonSchema({"type": "string", "pattern": _GROUP_BY, "examples": ["collector"]}),
]
AskedBands = Annotated[
    str | None,
    Parameter(
        max_length=80,
        description="Last days of the closed bands.",
        examples=["30,60,90"],
        pattern=BANDS,
    ),
]
AskedBasis = Annotated[CountedBy, Parameter(description="The date that days are counted from.")]

PAGE = paging(*SORTS, default="-outstanding", key=KEY, columns=SORTS)


@router.get("/v1/aged-balance", response_model=AgedBalanceOut, summary="Aged balance by customer")
async def aged_balance(
    q: Annotated[Query, reading("reports:read")],
    page: Annotated[Page, PAGE],
    asked: AskInCurrency,
    bands: AskedBands = None,
    by: AskedBasis = "due_date",
) -> Response:
    """Open amounts in bands of days past due, as of any business date, as known at any moment.

    Sum of bands - unapplied cash = outstanding = balance of the customers' account. Currencies stand side by side, each
    with its sums; rows are ordered by the amounts as numbers, so name a currency to rank customers.
    """
    chosen, counted = Bands.parse(bands) if bands else STANDARD, COUNTED_FROM[by]
    opened = aged_snapshot(
        q,
        asked,
        bands=chosen,
        basis=counted.basis,
        page=page,
        insured=True,
        report_currency=asked.report_currency,
    )
    async with opened as books:
        await books.require_shares_tied()
        totals = []
        for total in books.tied:
            scope = books.scope if books.conversion else books.scope.within(total.figures.currency)
            totals.append((total, await open_penalties(books.view, scope, books.conversion)))
        return q.respond(AgedBalanceOut.of(books, page, chosen, counted.definition, totals))


@router.get(
    "/v1/aged-balance/groups", response_model=AgedGroupsOut, summary="Aged balance by group and currency"
)
async def aged_balance_groups(
    q: Annotated[Query, reading("reports:read")],
    asked: AskInCurrency,
    group_by: Annotated[
        GroupName,
        Parameter(
            description="`entity`, `segment`, `salesperson`, `collector`, `payer`, `group`, or `field:` and the "
            "code of a custom field of customers.",
        ),
    ] = "entity",
    bands: AskedBands = None,
    by: AskedBasis = "due_date",
) -> Response:
    """Open amounts in bands by what customers have in common, currencies side by side, each tied out by itself."""
    chosen, counted = Bands.parse(bands) if bands else STANDARD, COUNTED_FROM[by]
    opened = aged_snapshot(q, asked, bands=chosen, basis=counted.basis, by=group_by, insured=True)
    async with opened as books:
        view, scope, wanted = books.view, books.scope, asked.report_currency
        await books.require_shares_tied()
        conversion = await conversion_to(view, scope, wanted) if wanted else None
        groups = await aged_groups(view, scope, group_of(group_by), chosen, counted.basis, conversion)
        await require_rows_tied(view, scope, (each.figures for each in groups))
        tied = [await require_groups_tied(view, scope, groups, total) for total in books.aged.sums]
        names = await labels_of(
            view, scope, group_by, [each.group for each in groups if each.group is not None]
        )
    return q.respond(
        AgedGroupsOut.of(books, counted.definition, group_by, chosen, groups, tied, names, conversion)
    )

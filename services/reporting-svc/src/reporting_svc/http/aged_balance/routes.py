"""``GET /v1/aged-balance`` [balance âgée], and the same by group of customers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.bands import STANDARD, Bands
from encours.reading.merges import survivors_at
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import AGED_BY_DUE_DATE, AGED_BY_ISSUE_DATE
from reporting_svc.http.aged_balance.answers import AgedBalanceOut, AgedGroupsOut
from reporting_svc.http.answers import parked_fields
from reporting_svc.http.scope import AskInCurrency
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.aged_balance.query import KEY, SORTS, aged, aged_groups
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.conversion import conversion_to
from reporting_svc.read_models.receivables.groups import group_of, labels_of, with_collectors
from reporting_svc.read_models.receivables.insured import with_insured
from reporting_svc.read_models.receivables.penalties import open_penalties
from reporting_svc.read_models.receivables.query import check
from reporting_svc.read_models.receivables.subtotals import Basis
from reporting_svc.read_models.tie_out.query import require_tied

GROUP_BY = r"^(entity|segment|salesperson|collector|payer|group|field:[a-z][a-z0-9_]{0,39})$"
router = Router(tags=["Receivables"])
AskedBands = Annotated[
    str | None,
    Parameter(
        max_length=80,
        description="Last days of the closed bands.",
        examples=["30,60,90"],
        pattern=r"^[0-9]{1,4}(,[0-9]{1,4})*$",
    ),
]
AskedBasis = Annotated[
    Literal["due_date", "issue_date"], Parameter(description="The date that days are counted from.")
]
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

    Sum of bands - unapplied cash = outstanding = balance of the customers' account.
    """
    chosen = Bands.parse(bands) if bands is not None else STANDARD
    basis: Basis = "due_on" if by == "due_date" else "issued_on"
    definition = AGED_BY_DUE_DATE if by == "due_date" else AGED_BY_ISSUE_DATE
    async with snapshot(q, asked, bands=chosen, basis=basis, page=page, insured=True) as books:
        penalties = await open_penalties(books.view, books.scope, books.conversion)
        return q.respond(AgedBalanceOut.of(books, page, chosen, definition, penalties))


@router.get(
    "/v1/aged-balance/groups", response_model=AgedGroupsOut, summary="Aged balance by group and currency"
)
async def aged_balance_groups(
    q: Annotated[Query, reading("reports:read")],
    asked: AskInCurrency,
    group_by: Annotated[
        str,
        Parameter(
            pattern=GROUP_BY,
            description="`entity`, `segment`, `salesperson`, `collector`, `payer`, `group`, or `field:` and the "
            "code of a custom field of customers.",
            examples=["salesperson"],
        ),
    ] = "entity",
    bands: AskedBands = None,
    by: AskedBasis = "due_date",
) -> Response:
    """Open amounts in bands by what customers have in common, currencies side by side, each tied out by itself."""
    chosen = Bands.parse(bands) if bands is not None else STANDARD
    basis: Basis = "due_on" if by == "due_date" else "issued_on"
    async with q.view(Receivables.name) as view:
        scope = asked.scope(q)
        await check(view, scope)
        scope = await with_collectors(view, replace(scope, merged=await survivors_at(view)), group_by)
        scope = await with_insured(view, scope)
        totals = (await aged(view, scope, bands=chosen, basis=basis)).sums
        for total in totals:
            await require_tied(view, scope, total)
        wanted = asked.report_currency
        conversion = await conversion_to(view, scope, wanted) if wanted else None
        groups = await aged_groups(view, scope, group_of(group_by), chosen, basis, conversion)
        names = await labels_of(view, scope, [each.group for each in groups if each.group is not None])
        parked = await parked_streams(view.conn, Receivables.name, q.caller.ledger)
    definition = AGED_BY_DUE_DATE if by == "due_date" else AGED_BY_ISSUE_DATE
    shown = AgedGroupsOut.of(definition, group_by, chosen, groups, totals, names, conversion)
    return q.respond(shown | parked_fields(parked) | view.time.echo())

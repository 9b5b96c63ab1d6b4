"""``GET /v1/payment-delays``: how late customers pay, what is open included."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.domain.measures.ranking import ranking
from reporting_svc.http.payment_delays.answers import DelayReport, PaymentDelaysOut
from reporting_svc.http.periods import first_day
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.read_models.delays.figures import MOST_GROUPS, DelayGroup, delay_figures
from reporting_svc.read_models.delays.query import customer_names

router = Router(tags=["Receivables"])
MOST_CUSTOMERS = 100
"""Customers whose months are shown: those of 500 would be most of the answer."""


@router.get("/v1/payment-delays", response_model=PaymentDelaysOut, summary="Delays of payment")
async def payment_delays(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    group_by: Annotated[
        DelayGroup, Parameter(description="`month` is that of the due date; at most 500 groups are shown.")
    ] = "month",
    since: Annotated[
        BusinessDate | None,
        Parameter(alias="from", description="First due date; a year before as_of if not given."),
    ] = None,
) -> Response:
    """Mean, weighted and median delay with its distribution; what is open and late is given apart.

    With the fastest and slowest customers, calendar months, and the recovery of each month's billing: of all, and of
    each entity, segment, salesperson or collector, or the first hundred customers.
    """
    first = first_day(since, q.as_of)
    async with snapshot(q, asked, by=group_by) as books:
        report = await _report(books, first, group_by)
        tied = await books.require_tied("parts", report.figures.parts_minor)
    return q.respond(PaymentDelaysOut.of(books, tied, report))


async def _report(books: ReceivablesSnapshot, first: date, by: DelayGroup) -> DelayReport:
    figures = await delay_figures(books.view, books.scope, first, by)
    groups = dict(list(figures.groups().items())[:MOST_GROUPS])
    months = {} if by == "month" else figures.group_months()
    if by == "customer":
        months = {each: months[each] for each in list(groups)[:MOST_CUSTOMERS]}
    ends = ranking(figures.customers)
    shown = [each.customer_id for each in (*ends.fastest, *ends.slowest)]
    return DelayReport(
        by=by,
        figures=figures,
        total=figures.total,
        groups=groups,
        group_months=months,
        ranking=ends,
        names=await customer_names(books.view, shown),
    )

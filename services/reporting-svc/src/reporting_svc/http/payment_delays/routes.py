"""``GET /v1/payment-delays``: how late customers pay, what is open included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from reporting_svc.domain.measures.collection import ONE_DAY
from reporting_svc.domain.measures.delays import (
    Delays,
    DueOutcome,
    delay_months,
    fallen_due,
    grouped,
    grouped_months,
)
from reporting_svc.http.payment_delays.answers import DelayGroup, DelayReport, PaymentDelaysOut
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.read_models.delays.query import covered_debts, customer_names, group_names

router = Router(tags=["Receivables"])
MAX_DAYS = 3660
RANKED = 10
MOST_GROUPS = 500
LEAST_INVOICES = 3
Group = Callable[[DueOutcome], str | None]


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
    each entity, segment, salesperson or collector.
    """
    first = since or date(q.as_of.year - 1, q.as_of.month, 1)
    if not 0 <= (q.as_of - first).days <= MAX_DAYS:
        raise Invalid(f"from lies at most {MAX_DAYS} days before as_of, and not after it.", "/from")
    async with snapshot(q, asked, by=group_by) as books:
        report = await _report(books, first, group_by)
        covered = report.covered
        parts_minor = report.late_minor + covered.not_due_minor(q.as_of) + covered.beside_minor
        tied = await books.require_tied("parts", parts_minor)
    return q.respond(PaymentDelaysOut.of(books, tied, report))


async def _report(books: ReceivablesSnapshot, first: date, by: DelayGroup) -> DelayReport:
    view, on = books.view, books.view.time.as_of
    covered = await covered_debts(view, books.scope)
    outcomes = covered.outcomes
    due = fallen_due(outcomes, first, on)
    ranked = _ranking(grouped(due, on, lambda outcome: outcome.customer_id))
    slowest = ranked[::-1][:RANKED]
    group = await _group(books, by)
    groups = grouped(due, on, group)
    months = {} if by in ("month", "customer") else grouped_months(outcomes, first, on, group)
    return DelayReport(
        first=first,
        by=by,
        total=grouped(due, on, lambda _: None).get(None, Delays()),
        groups=dict(list(groups.items())[:MOST_GROUPS]),
        fastest=ranked[:RANKED],
        slowest=slowest,
        months=delay_months(outcomes, first, on),
        group_months=months,
        earlier=grouped(fallen_due(outcomes, date.min, first - ONE_DAY), on, lambda _: None).get(
            None, Delays()
        ),
        names=await customer_names(view, [customer for customer, _ in (*ranked[:RANKED], *slowest)]),
        least_invoices=LEAST_INVOICES,
        covered=covered,
    )


def _ranking(customers: Mapping[str | None, Delays]) -> list[tuple[str, Delays]]:
    """Return the customers with enough invoices, the fastest first."""
    known = [
        (delays.at_least, customer, delays)
        for customer, delays in customers.items()
        if customer and delays.at_least is not None
        and len(delays.settled) + len(delays.open_late) >= LEAST_INVOICES
    ]  # fmt: skip
    return [(customer, delays) for _, customer, delays in sorted(known, key=lambda each: each[:2])]


async def _group(books: ReceivablesSnapshot, by: DelayGroup) -> Group:
    if by == "month":
        return lambda outcome: outcome.due_on.isoformat()[:7]
    if by == "entity":
        return lambda outcome: outcome.entity
    if by == "customer":
        return lambda outcome: outcome.customer_id
    names = await group_names(books.view, books.scope, by)
    return lambda outcome: names.get(outcome.customer_id)

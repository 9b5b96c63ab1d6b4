"""Routes of /v1/deductions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from starlette.responses import Response

from encours.contracts.events.sales.dispute import Category
from encours.http.models import BusinessDate, ShortText
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Refusal
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from encours.reading.pages import Page
from invoice_svc.domain.dispute.recovery import recovered
from invoice_svc.domain.dispute.statistics import DeductionCase, sums_of
from invoice_svc.http.common import CustomerId, EntityId
from invoice_svc.http.deductions.answers import (
    DeductionCaseOut,
    DeductionListing,
    DeductionSummaryOut,
    DeductionSumsOut,
)
from invoice_svc.read_models.disputes import query
from invoice_svc.read_models.disputes.query import DisputeFilter
from invoice_svc.read_models.lists import NAME

MAX_SUMMED = 10_000
STREAMS_AT_ONCE = 500

router = Router(tags=["Disputes"])
PAGE = paging("id", "opened_on", default="id", key="dispute_id", columns={"id": "dispute_id"})
Reading = Annotated[Query, reading("invoices:read")]


class TooManyDeductions(Refusal):
    """More deductions than one summary adds up (422)."""

    code = "too-many-deductions"
    title = "Too many deductions for one summary"
    status = 422
    remedy = "Restrict it to a customer, a code, or a period by opened_from and opened_until."


@router.get("/v1/deductions", response_model=DeductionListing)
async def list_deductions(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
    status: Literal["open", "resolved"] | None = None,
    category: Category | None = None,
    code: ShortText | None = None,
    owner: ShortText | None = None,
) -> Response:
    """List deductions as of a date, with their outcome and what was recovered of invalid ones."""
    wanted = DisputeFilter(
        customer_id=customer_id,
        entity_id=entity_id,
        status=status,
        kind="deduction",
        category=category,
        code=code,
        owner=owner,
    )
    async with q.view(NAME) as view:
        rows = await query.deductions(view, page, wanted)
    found = {each.dispute_id: each for each in await _deductions(q, view, rows)}
    return q.respond(
        page.body(rows, lambda row: DeductionCaseOut.of(found[row["dispute_id"]])) | view.time.echo()
    )


@router.get("/v1/deduction-summary", response_model=DeductionSummaryOut)
async def sum_deductions(
    q: Reading,
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
    code: ShortText | None = None,
    opened_from: BusinessDate | None = None,
    opened_until: BusinessDate | None = None,
) -> Response:
    """Count and add up deductions by debtor and code as of a date: claimed, valid, invalid, recovered.

    Records that are merged count as the customer that stands for them.
    """
    wanted = DisputeFilter(
        customer_id=customer_id,
        entity_id=entity_id,
        kind="deduction",
        code=code,
        opened_from=opened_from,
        opened_until=opened_until,
    )
    async with q.view(NAME) as view:
        rows = await query.all_deductions(view, wanted, MAX_SUMMED)
        survivors = await survivors_at(view)
    if len(rows) > MAX_SUMMED:
        raise TooManyDeductions(f"There are more than {MAX_SUMMED:,} deductions.")
    found = await _deductions(q, view, rows)
    own = [replace(each, customer_id=survivors.of(each.customer_id)) for each in found]
    return q.respond({"data": [DeductionSumsOut.of(each) for each in sums_of(own)]} | view.time.echo())


async def _deductions(q: Query, view: View, rows: Sequence[Any]) -> list[DeductionCase]:
    """Return the deductions of the rows; what was recovered comes from the streams of their invoices."""
    invalid: dict[str, set[str]] = {}
    for row in rows:
        if row["invalid_minor"]:
            invalid.setdefault(row["invoice_id"], set()).add(row["dispute_id"])
    names, back = sorted(invalid), dict[str, int]()
    for at in range(0, len(names), STREAMS_AT_ONCE):
        streams = await q.ledger.read_streams(
            q.caller.ledger, names[at : at + STREAMS_AT_ONCE], upto=view.time.position
        )
        for invoice_id, events in streams.items():
            back |= recovered(events, view.time.as_of, invalid[invoice_id])
    return [DeductionCase(**row, recovered_minor=back.get(row["dispute_id"], 0)) for row in rows]

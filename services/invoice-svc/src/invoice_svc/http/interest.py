"""/v1/invoices/{id}/interest: what lateness costs, segment by segment."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response

from encours.http.models import BusinessDate, MoneyModel, money_json
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from invoice_svc.domain.invoice.amounts import percent
from invoice_svc.domain.invoice.interest import Segment, half_year_start, statement
from invoice_svc.domain.invoice.state import fold_as_of, require
from invoice_svc.domain.legal import late_payment_law
from invoice_svc.http import render
from invoice_svc.http.answers import stream_of
from invoice_svc.http.shapes import InvoiceId

router = Router(tags=["Invoices"])


class SegmentOut(BaseModel):
    """Days at one principal and one rate, the first and the last counted."""

    first_day: date
    last_day: date
    days: int
    principal: MoneyModel
    rate: str = Field(description="Percent a year.", examples=["13.15"])
    basis: str
    provisional: bool = Field(
        description="The rate of this half-year is not on file; the last known was taken."
    )
    interest: MoneyModel


class InterestOut(AsOf):
    """Penalties and flat fee for late payment up to a day. Neither bears VAT."""

    invoice_id: str
    on: date
    outstanding: MoneyModel
    segments: list[SegmentOut]
    interest: MoneyModel
    indemnity: MoneyModel
    total: MoneyModel = Field(description="Interest and indemnity.")
    policy: str


@router.get("/v1/invoices/{invoice_id}/interest", response_model=InterestOut)
async def get_interest(
    invoice_id: InvoiceId, q: Annotated[Query, reading("invoices:read")], on: BusinessDate | None = None
) -> Response:
    """Penalties from the day after the due date up to and including `on` (`as_of` if not given), and the flat fee."""
    events, time = await stream_of(q, invoice_id)
    day, law = on or time.as_of, late_payment_law()
    state = require(fold_as_of(events, time.as_of), invoice_id)
    q.caller.require_entity(state.entity_id)
    found = statement(state, day, law.default_rate)
    currency = state.currency

    def shown(segment: Segment) -> render.Json:
        legal = state.terms is not None and state.terms.penalty_rate_bps is None
        return {
            "first_day": segment.first_day.isoformat(),
            "last_day": segment.last_day.isoformat(),
            "days": segment.days,
            "principal": money_json(segment.principal_minor, currency),
            "rate": percent(segment.rate_bps),
            "basis": segment.basis,
            "provisional": legal and half_year_start(segment.first_day) > law.mro_known_until,
            "interest": money_json(segment.interest_minor, currency),
        }

    body = {
        "invoice_id": invoice_id,
        "on": day.isoformat(),
        "outstanding": money_json(state.outstanding_minor, currency),
        "segments": [shown(segment) for segment in found.segments],
        "interest": money_json(found.interest_minor, currency),
        "indemnity": money_json(found.indemnity_minor, currency),
        "total": money_json(found.interest_minor + found.indemnity_minor, currency),
        "policy": "PRINCIPAL_FIRST",
    }
    return q.respond(body | time.echo())

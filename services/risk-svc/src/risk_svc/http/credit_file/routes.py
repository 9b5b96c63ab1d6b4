"""The credit file of a customer."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.merges import survivors_at
from risk_svc.domain.customer import CreditCustomerNotFound
from risk_svc.domain.picture import ExposureScope
from risk_svc.http.credit_file.answers import CreditFileOut
from risk_svc.http.credit_file.parts import file_parts
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.score_models.asked import score_models_at
from risk_svc.models import CHECKS
from risk_svc.read_models.checks.model import latest_checks
from risk_svc.read_models.credit.query import picture_in_scope, pictures
from risk_svc.read_models.file.query import streams_of

router = Router(tags=["Credit file"])
Reading = Annotated[Query, reading("risk:read")]


@router.get("/v1/customers/{customer_id}/credit-file", response_model=CreditFileOut)
async def get_credit_file(customer_id: CustomerId, q: Reading, scope: ExposureScope = "limit") -> Response:
    """Get all that a credit decision on a customer rests on, as of a date, as known at an instant.

    Exposure in components, limits, checks, orders, holds, the badge, guarantees, insurance covers and insured parts,
    reported figures, score and forecast, open invoices, terms, the review, facts, comments, early warnings, and a
    timeline of their events. `scope` says whose exposure is added, as in `…/exposure`.
    """
    missing = CreditCustomerNotFound(customer_id)
    async with q.view("credit") as view:
        time = view.time
        found = await pictures(
            view.conn, view.schema, [customer_id], as_of=time.as_of, position=time.position
        )
        if customer_id not in found:
            raise missing
        picture = found[customer_id]
        q.caller.require_sight(picture.entity_id, missing)
        shown = await picture_in_scope(view, picture, scope)
        records = (await survivors_at(view)).records(picture.customer_id)
        own = await streams_of(view, records)
    async with q.view(CHECKS) as view:
        own.streams.extend(await latest_checks(view, records, time.position))
    models, _ = await score_models_at(q, time)
    parts = await file_parts(q, records, own, picture.entity_id, time)
    return q.respond(CreditFileOut.of(picture, shown, scope, models.model, parts, time))

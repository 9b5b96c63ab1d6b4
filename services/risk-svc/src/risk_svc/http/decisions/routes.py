"""Decisions on credit, taken again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from risk_svc.domain.reperform import CreditDecisionNotFound
from risk_svc.http.decisions.answers import CreditReperformedOut
from risk_svc.use_cases.reperform import CreditArchive

router = Router(tags=["Credit checks"])
Auditing = Annotated[Query, reading("risk:read", time_travel=False)]
CreditDecisionPath = Annotated[
    str,
    Path(
        pattern="^(dec|rsv)_[0-9a-f]{32}$",
        description="Id of a check or of a reservation.",
        examples=["dec_01890a5d5e3b7c1e9f0a4b6c8d0e2f14"],
    ),
]


@router.post("/v1/decisions/{decision_id}/reperform", response_model=CreditReperformedOut)
async def reperform_credit_decision(decision_id: CreditDecisionPath, q: Auditing) -> Response:
    """Decide again from the ledger at the position that a check or an order saw, and compare. Records nothing."""
    missing = CreditDecisionNotFound(decision_id)
    async with q.view("credit") as view:
        events = await q.ledger.read_stream(q.caller.ledger, decision_id, upto=view.time.position)
        if not events:
            raise missing
        q.caller.require_sight(events[0].entity, missing)
        archive = CreditArchive(q.ledger, q.caller.ledger, view.conn, view.schema)
        found = await archive.reperform(events)
    return q.respond(CreditReperformedOut.of(decision_id, found))

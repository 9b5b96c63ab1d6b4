"""Decisions on credit, taken again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.http.context import context
from encours.http.queries import Query, reading
from encours.http.routing import Router
from risk_svc.domain.reperform import CreditDecisionNotFound
from risk_svc.http.decisions.answers import CreditPeriodReperformedOut, CreditReperformedOut
from risk_svc.http.decisions.bodies import CreditPeriodBody
from risk_svc.use_cases.decisions.archive import CreditArchive
from risk_svc.use_cases.decisions.period import reperform_credit

router = Router(tags=["Credit checks"])
Auditing = Annotated[Query, reading("risk:read", time_travel=False)]
CreditDecisionPath = Annotated[
    str,
    Path(
        pattern="^(dec|rsv|lim|chd|bdg|rtm|grd|gua|wrn|cov|idl)_[0-9a-f]{32}$",
        description=(
            "Id of what was decided on: check, reservation, limit request, hold, badge, terms, grade, guarantee,"
            " warning, cover or deadline of a contract."
        ),
        examples=["dec_01890a5d5e3b7c1e9f0a4b6c8d0e2f14"],
    ),
]


@router.post("/v1/decisions/reperform", response_model=CreditPeriodReperformedOut)
async def reperform_credit_decisions(body: CreditPeriodBody, q: Auditing) -> Response:
    """Take all decisions on credit of a period again from the ledger, and list those that differ. Records nothing.

    They are checks, orders, overrides, limits that the formula proposed, decisions on limits, terms, guarantees,
    grades, holds and badges by policy, early warnings, stops of cover, and deadlines of credit insurance.
    """
    period = body.to_period()
    gets_on = context(q.request).extend_deadline
    found = await reperform_credit(q.ledger, q.db, q.caller.ledger, period, q.caller.entities, gets_on)
    return q.respond(CreditPeriodReperformedOut.shown(period, found))


@router.post("/v1/decisions/{decision_id}/reperform", response_model=CreditReperformedOut)
async def reperform_credit_decision(decision_id: CreditDecisionPath, q: Auditing) -> Response:
    """Decide again from the ledger at the position that a decision saw, and compare. Records nothing."""
    missing = CreditDecisionNotFound(decision_id)
    async with q.view("credit") as view:
        events = await q.ledger.read_stream(q.caller.ledger, decision_id, upto=view.time.position)
        if not events:
            raise missing
        q.caller.require_sight(events[0].entity, missing)
        archive = CreditArchive(q.ledger, q.caller.ledger, view.conn, view.schema)
        found = await archive.reperform(events)
    return q.respond(CreditReperformedOut.of(decision_id, found))

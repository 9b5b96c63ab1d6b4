"""Routes of decisions."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.ladder.explain import explain
from dunning_svc.http.decisions.answers import (
    DecisionOut,
    ExplanationOut,
    ReperformedOut,
    ReperformedPeriodOut,
)
from dunning_svc.http.decisions.bodies import PeriodBody
from dunning_svc.http.identifiers import DecisionPath
from dunning_svc.read_models.cases import query
from dunning_svc.read_models.cases.fold.decisions import document_of
from dunning_svc.read_models.cases.fold.policies import policies_in
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.query import DecisionNotFound
from dunning_svc.use_cases.decisions import reperform, reperform_period
from encours.http.context import context
from encours.http.queries import Query, reading
from encours.http.routing import Router

router = Router(tags=["Decisions"])
Reading = Annotated[Query, reading("dunning:read")]
Auditing = Annotated[Query, reading("dunning:read", time_travel=False)]


@router.get("/v1/decisions/{id}", response_model=DecisionOut)
async def get_decision(decision_id: DecisionPath, q: Reading) -> Response:
    """Get a stored decision, also one that suppressed a reminder."""
    async with q.view(MODEL) as view:
        row = await query.decision(view, decision_id)
    q.caller.require_sight(row.entity_id, DecisionNotFound(decision_id))
    return q.respond(DecisionOut.of(document_of(row), row.entity_id, view.time.echo()))


@router.get("/v1/decisions/{id}/explain", response_model=ExplanationOut)
async def explain_decision(
    decision_id: DecisionPath, q: Reading, lang: Annotated[Literal["fr", "en"], Parameter()] = "en"
) -> Response:
    """Explain a decision in sentences: policy, items, steps, unapplied payments, disputes and input events."""
    async with q.view(MODEL) as view:
        row = await query.decision(view, decision_id)
        q.caller.require_sight(row.entity_id, DecisionNotFound(decision_id))
        withdrawn = await query.withdrawal(view, decision_id)
        policies = await policies_in(view.conn, view.schema)
    event = document_of(row)
    policy = policies.version_of(event.basis)
    return q.respond(
        ExplanationOut.of(explain(event, policy, lang, withdrawn), event, lang, view.time.echo())
    )


@router.post("/v1/decisions/reperform", response_model=ReperformedPeriodOut)
async def reperform_decisions(body: PeriodBody, q: Auditing) -> Response:
    """Decide a period again from the ledger, and list the decisions that differ. Records nothing."""
    period = body.to_period()
    gets_on = context(q.request).extend_deadline
    found = await reperform_period(q.ledger, q.db, q.caller.ledger, period, q.caller.entities, gets_on)
    return q.respond(ReperformedPeriodOut.of(period, found))


@router.post("/v1/decisions/{id}/reperform", response_model=ReperformedOut)
async def reperform_decision(decision_id: DecisionPath, q: Auditing) -> Response:
    """Decide again from the ledger at the position of the decision, and compare. Records nothing."""
    async with q.view(MODEL) as view:
        row = await query.decision(view, decision_id)
        q.caller.require_sight(row.entity_id, DecisionNotFound(decision_id))
        again = await reperform(q.ledger, view.conn, view.schema, q.caller.ledger, row)
    return q.respond(ReperformedOut.of(again))

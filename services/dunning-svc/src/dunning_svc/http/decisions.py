"""Decisions: what was decided, why, and whether the ledger still leads to it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.ladder.events import DecisionEvent, stream_of
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.ladder.policy import POLICIES, Policy
from dunning_svc.http.schemas import (
    BasisOut,
    DecisionOut,
    DecisionPath,
    ExplanationOut,
    ItemOut,
    ReperformedOut,
)
from dunning_svc.read_models.cases import MODEL
from dunning_svc.read_models.decisions import document_of
from dunning_svc.read_models.rows import DecisionRow
from dunning_svc.use_cases.reperform import reperform
from dunning_svc.use_cases.views import select
from encours.contracts.dunning import DecisionBasis, ReminderRequested, ReminderSuppressed, TaskOpened
from encours.http.models import MoneyModel
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import NotFound
from encours.reading.moment import View

router = Router(tags=["Decisions"])
Reading = Annotated[Query, reading("dunning:read")]
Auditing = Annotated[Query, reading("dunning:read", time_travel=False)]

KINDS: dict[type[DecisionEvent], Literal["reminder", "suppressed", "task"]] = {
    ReminderRequested: "reminder",
    ReminderSuppressed: "suppressed",
    TaskOpened: "task",
}


async def _decision(view: View, q: Query, decision_id: str) -> DecisionRow:
    rows = await select(
        view.conn,
        view.schema,
        DecisionRow,
        "where decision_id = $1 and position <= $2 and day <= $3",
        decision_id,
        view.time.position,
        view.time.as_of,
    )
    if not rows:
        raise NotFound("decision", decision_id)
    q.caller.require_entity(rows[0].entity_id)
    return rows[0]


def basis(of: DecisionBasis) -> BasisOut:
    """What it rested on."""
    return BasisOut(
        policy_id=of.policy_id,
        policy_version=of.policy_version,
        position=of.position,
        input_events=list(of.input_events),
    )


def channel(event: DecisionEvent) -> str:
    """How it was to reach the customer."""
    return _policy(event).step(event.step).channel if isinstance(event, TaskOpened) else event.channel


def _policy(event: DecisionEvent) -> Policy:
    return POLICIES[event.basis.policy_id, event.basis.policy_version]


@router.get("/v1/decisions/{id}", response_model=DecisionOut)
async def get_decision(decision_id: DecisionPath, q: Reading) -> Response:
    """A decision as it was written down, suppressed ones too."""
    async with q.view(MODEL) as view:
        row = await _decision(view, q, decision_id)
    event = document_of(row)
    return q.respond(
        DecisionOut(
            id=decision_id,
            kind=KINDS[type(event)],
            subject_id=stream_of(event),
            customer_id=event.customer_id,
            entity_id=row.entity_id,
            day=event.day,
            channel=channel(event),
            step=event.step,
            cause=event.cause if isinstance(event, ReminderSuppressed) else None,
            amount=MoneyModel.of(event.amount_minor, event.currency),
            credit=MoneyModel.of(event.credit_minor, event.currency),
            items=[ItemOut.of(item, event.currency) for item in event.items],
            superseded=[] if isinstance(event, ReminderSuppressed) else list(event.superseded),
            basis=basis(event.basis),
            **view.time.echo(),
        )
    )


@router.get("/v1/decisions/{id}/explain", response_model=ExplanationOut)
async def explain_decision(
    decision_id: DecisionPath, q: Reading, lang: Annotated[Literal["fr", "en"], Parameter()] = "en"
) -> Response:
    """Why, in plain words: the ladder, the items, the step and its neighbours, credits, disputes, input events."""
    async with q.view(MODEL) as view:
        row = await _decision(view, q, decision_id)
        event = document_of(row)
        withdrawn = await view.conn.fetchval(
            f"select cause from {view.schema}.reminder where decision_id = $1 and outcome_position > position"
            " and outcome_position <= $2 and outcome_on <= $3",
            decision_id,
            view.time.position,
            view.time.as_of,
        )
    told = explain(event, _policy(event), lang, withdrawn)
    return q.respond(
        ExplanationOut(
            decision_id=decision_id,
            lang=lang,
            summary=told.summary,
            reasons=list(told.reasons),
            basis=basis(event.basis),
            **view.time.echo(),
        )
    )


@router.post("/v1/decisions/{id}/reperform", response_model=ReperformedOut)
async def reperform_decision(decision_id: DecisionPath, q: Auditing) -> Response:
    """Decide again from the ledger at the position that the decision saw, and compare. Writes nothing."""
    async with q.view(MODEL) as view:
        row = await _decision(view, q, decision_id)
        again = await reperform(q.ledger, view.conn, view.schema, q.caller.ledger, row)
    return q.respond(
        ReperformedOut(
            decision_id=decision_id,
            equal=again.equal,
            differences=[] if again.equal else again.differences(),
            position=again.stored.basis.position,
        )
    )

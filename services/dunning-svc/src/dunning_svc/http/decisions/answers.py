"""Answers about decisions."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import DecisionEvent, stream_of
from dunning_svc.domain.ladder.explain import Explanation
from dunning_svc.domain.policy.shipped import POLICIES
from dunning_svc.http.items import ItemOut, SuppressedStepOut
from dunning_svc.use_cases.decisions import Reperformed
from encours.contracts.events.dunning import DecisionBasis, ReminderRequested, ReminderSuppressed, TaskOpened
from encours.http.models import MoneyModel
from encours.http.queries import AsOf

Kind = Literal["reminder", "suppressed", "task"]
_KINDS: dict[type[DecisionEvent], Kind] = {
    ReminderRequested: "reminder",
    ReminderSuppressed: "suppressed",
    TaskOpened: "task",
}


class BasisOut(BaseModel):
    """Policy, ledger position and events that a decision is based on."""

    policy_id: str
    policy_version: int
    position: int
    input_events: list[int]

    @classmethod
    def of(cls, basis: DecisionBasis) -> BasisOut:
        """Return the basis of an event."""
        return cls(
            policy_id=basis.policy_id,
            policy_version=basis.policy_version,
            position=basis.position,
            input_events=list(basis.input_events),
        )


class DecisionOut(AsOf):
    """A stored decision."""

    id: str
    kind: Kind
    subject_id: str = Field(description="Id of the reminder or task.")
    customer_id: str
    entity_id: str
    day: date
    channel: str
    step: str
    cause: str | None
    amount: MoneyModel
    credit: MoneyModel
    items: list[ItemOut]
    superseded: list[str]
    suppressed: list[SuppressedStepOut] = Field(
        description="Due steps that are not taken, each with its cause, besides those of the items."
    )
    basis: BasisOut

    @classmethod
    def of(cls, event: DecisionEvent, entity_id: str, echo: dict[str, Any]) -> DecisionOut:
        """Return the decision of an event; ``echo`` holds the dates of the question."""
        return cls(
            id=event.decision_id,
            kind=_KINDS[type(event)],
            subject_id=stream_of(event),
            customer_id=event.customer_id,
            entity_id=entity_id,
            day=event.day,
            channel=_channel(event),
            step=event.step,
            cause=event.cause if isinstance(event, ReminderSuppressed) else None,
            amount=MoneyModel.of(event.amount_minor, event.currency),
            credit=MoneyModel.of(event.credit_minor, event.currency),
            items=[ItemOut.of(item, event.currency) for item in event.items],
            superseded=[] if isinstance(event, ReminderSuppressed) else list(event.superseded),
            suppressed=[SuppressedStepOut.of(step) for step in event.suppressed],
            basis=BasisOut.of(event.basis),
            **echo,
        )


def _channel(event: DecisionEvent) -> str:
    if not isinstance(event, TaskOpened):
        return event.channel
    return POLICIES[event.basis.policy_id, event.basis.policy_version].step(event.step).channel


class ExplanationOut(AsOf):
    """The reasons for a decision, in sentences."""

    decision_id: str
    lang: Literal["fr", "en"]
    summary: str
    reasons: list[str]
    basis: BasisOut

    @classmethod
    def of(
        cls, explained: Explanation, event: DecisionEvent, lang: Literal["fr", "en"], echo: dict[str, Any]
    ) -> ExplanationOut:
        """Return an explanation; ``echo`` holds the dates of the question."""
        return cls(
            decision_id=event.decision_id,
            lang=lang,
            summary=explained.summary,
            reasons=list(explained.reasons),
            basis=BasisOut.of(event.basis),
            **echo,
        )


class ReperformedOut(BaseModel):
    """Comparison of a stored decision with the one that its input in the ledger yields now."""

    decision_id: str
    equal: bool
    differences: list[str]
    position: int = Field(description="The ledger position that the decision was based on.")

    @classmethod
    def of(cls, again: Reperformed) -> ReperformedOut:
        """Return a comparison."""
        return cls(
            decision_id=again.stored.decision_id,
            equal=again.equal,
            differences=[] if again.equal else again.differences(),
            position=again.stored.basis.position,
        )


class PlannedOut(BaseModel):
    """The decision that a run would take for one customer."""

    customer_id: str
    entity_id: str
    kind: Kind
    channel: str
    step: str
    cause: str | None
    amount: MoneyModel
    credit: MoneyModel
    items: list[ItemOut]
    suppressed: list[SuppressedStepOut]

    @classmethod
    def of(cls, decision: Decision) -> PlannedOut:
        """Return a decision that is not stored."""
        is_task = decision.step.act in ("call", "litigation_file")
        return cls(
            customer_id=decision.customer_id,
            entity_id=decision.entity_id,
            kind="suppressed" if decision.cause else "task" if is_task else "reminder",
            channel=decision.step.channel,
            step=decision.step.code,
            cause=decision.cause,
            amount=MoneyModel.of(decision.amount_minor, decision.currency),
            credit=MoneyModel.of(decision.credit_minor, decision.currency),
            items=[ItemOut.of(item, decision.currency) for item in decision.items],
            suppressed=[SuppressedStepOut.of(step) for step in decision.suppressed],
        )

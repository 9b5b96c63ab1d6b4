"""Answers about decisions."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import DecisionEvent, stream_of
from dunning_svc.domain.ladder.explain import Explanation
from dunning_svc.http.items import DEBTORS, AwaitedOut, DunnedDebtorOut, HoursOut, ItemOut, SuppressedStepOut
from dunning_svc.use_cases.decisions import Period, Reperformed, ReperformedPeriod
from encours.contracts.events.dunning.reminders import (
    DecisionBasis,
    PolicyAlsoMet,
    PolicyChoice,
    ReminderRequested,
    ReminderSuppressed,
    TaskOpened,
)
from encours.contracts.events.dunning.together import PolicyApart
from encours.http.models import MoneyModel
from encours.http.queries import AsOf

_MISMATCHES_MAX = 1_000
Kind = Literal["reminder", "suppressed", "task"]
_KINDS: dict[type[DecisionEvent], Kind] = {
    ReminderRequested: "reminder",
    ReminderSuppressed: "suppressed",
    TaskOpened: "task",
}


class PolicyAlsoMetOut(BaseModel):
    """Another policy in force that the case meets, and that comes after the one applied."""

    policy_id: str
    version: int
    name: str
    priority: int

    @classmethod
    def of(cls, other: PolicyAlsoMet) -> PolicyAlsoMetOut:
        """Return the policy of an event."""
        return cls(
            policy_id=other.policy_id,
            version=other.policy_version,
            name=other.name,
            priority=other.priority,
        )


class PolicyApartOut(BaseModel):
    """Case of the same payer or group under another policy."""

    customer_id: str
    policy_id: str
    version: int
    name: str = Field(description="Name of the policy.")

    @classmethod
    def of(cls, other: PolicyApart) -> PolicyApartOut:
        """Return the case of an event."""
        return cls(
            customer_id=other.customer_id,
            policy_id=other.policy_id,
            version=other.policy_version,
            name=other.policy_name,
        )


class PolicyChoiceOut(BaseModel):
    """Grounds on which the policy was applied."""

    priority: int
    criteria: list[str] = Field(description="Criteria of the policy, all of which the case meets.")
    since: date = Field(
        description="The policy is applied since that day; steps due before are not made up for."
    )
    also_met: list[PolicyAlsoMetOut]
    apart: list[PolicyApartOut] = Field(
        description="First cases of the same payer or group that are decided apart, under another policy."
    )

    @classmethod
    def of(cls, choice: PolicyChoice) -> PolicyChoiceOut:
        """Return the choice of an event."""
        return cls(
            priority=choice.priority,
            criteria=list(choice.criteria),
            since=choice.since,
            also_met=[PolicyAlsoMetOut.of(each) for each in choice.also_met],
            apart=[PolicyApartOut.of(each) for each in choice.apart],
        )


class BasisOut(BaseModel):
    """Policy, ledger position and events that a decision is based on."""

    policy_id: str
    policy_version: int
    position: int
    input_events: list[int]
    choice: PolicyChoiceOut | None = Field(description="Null if the ledger had no other policy for the case.")

    @classmethod
    def of(cls, basis: DecisionBasis) -> BasisOut:
        """Return the basis of an event."""
        return cls(
            policy_id=basis.policy_id,
            policy_version=basis.policy_version,
            position=basis.position,
            input_events=list(basis.input_events),
            choice=None if basis.choice is None else PolicyChoiceOut.of(basis.choice),
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
    debtors: list[DunnedDebtorOut] = Field(description=DEBTORS)
    items: list[ItemOut]
    hours: HoursOut | None = Field(description="Hours in which the message may leave; null for any time.")
    approval: AwaitedOut | None = Field(description="Approval that the message needs; null for none.")
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
            debtors=[DunnedDebtorOut.of(each, event.currency) for each in event.debtors],
            items=[ItemOut.of(item, event.currency) for item in event.items],
            hours=HoursOut.of(event.hours) if isinstance(event, ReminderRequested) else None,
            approval=AwaitedOut.of(event.approval) if isinstance(event, ReminderRequested) else None,
            superseded=[] if isinstance(event, ReminderSuppressed) else list(event.superseded),
            suppressed=[SuppressedStepOut.of(step) for step in event.suppressed],
            basis=BasisOut.of(event.basis),
            **echo,
        )


def _channel(event: DecisionEvent) -> str:
    if not isinstance(event, TaskOpened):
        return event.channel
    return "phone" if event.kind == "call" else "file"


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


class MismatchOut(BaseModel):
    """A stored decision that does not follow from the ledger."""

    decision_id: str
    customer_id: str
    day: date
    differences: list[str]

    @classmethod
    def of(cls, again: Reperformed) -> MismatchOut:
        """Return a comparison that was not equal."""
        stored = again.stored
        return cls(
            decision_id=stored.decision_id,
            customer_id=stored.customer_id,
            day=stored.day,
            differences=again.differences(),
        )


class ReperformedPeriodOut(BaseModel):
    """Comparison of all decisions of a period with those that the ledger yields now."""

    first_on: date = Field(alias="from")
    last_on: date = Field(alias="to")
    position: int = Field(description="The ledger position up to which decisions were read.")
    decisions: int
    equal: int
    mismatches: list[MismatchOut] = Field(description="Decisions that differ, oldest first.")
    truncated: bool = Field(description="True if only the first 1,000 are listed; the counts include all.")

    @classmethod
    def of(cls, period: Period, found: ReperformedPeriod) -> ReperformedPeriodOut:
        """Return the comparisons."""
        listed = found.mismatches[:_MISMATCHES_MAX]
        return cls.model_validate(
            {
                "from": period.first,
                "to": period.last,
                "position": found.position,
                "decisions": found.decisions,
                "equal": found.decisions - len(found.mismatches),
                "mismatches": [MismatchOut.of(each) for each in listed],
                "truncated": len(listed) < len(found.mismatches),
            }
        )


class PlannedOut(BaseModel):
    """The decision that a run would take for one customer."""

    customer_id: str
    entity_id: str
    policy_id: str
    policy_version: int
    kind: Kind
    channel: str
    step: str
    cause: str | None
    amount: MoneyModel
    credit: MoneyModel
    debtors: list[DunnedDebtorOut] = Field(description=DEBTORS)
    items: list[ItemOut]
    hours: HoursOut | None = Field(description="Hours in which the message may leave; null for any time.")
    approval: AwaitedOut | None = Field(description="Approval that the message needs; null for none.")
    suppressed: list[SuppressedStepOut]

    @classmethod
    def of(cls, decision: Decision) -> PlannedOut:
        """Return a decision that is not stored."""
        is_task = decision.step.act in ("call", "litigation_file")
        return cls(
            customer_id=decision.customer_id,
            entity_id=decision.entity_id,
            policy_id=decision.policy_id,
            policy_version=decision.policy_version,
            kind="suppressed" if decision.cause else "task" if is_task else "reminder",
            channel=decision.step.channel,
            step=decision.step.code,
            cause=decision.cause,
            amount=MoneyModel.of(decision.amount_minor, decision.currency),
            credit=MoneyModel.of(decision.credit_minor, decision.currency),
            debtors=[DunnedDebtorOut.of(each, decision.currency) for each in decision.debtors],
            items=[ItemOut.of(item, decision.currency) for item in decision.items],
            hours=HoursOut.of(decision.hours),
            approval=AwaitedOut.of(decision.approval),
            suppressed=[SuppressedStepOut.of(step) for step in decision.suppressed],
        )

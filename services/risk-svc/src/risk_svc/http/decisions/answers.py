"""Answers about decisions on credit that were taken again."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from pydantic import BaseModel, Field

from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased, PayerBadgeGiven
from encours.contracts.events.credit_warning import CreditWarningEnded, CreditWarningRaised
from encours.contracts.events.guarantee import GuaranteeTaken
from encours.contracts.events.insurance import (
    CoverResumed,
    CoverStopped,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMissed,
)
from encours.contracts.events.limit_formula import LimitProposal
from encours.contracts.events.reservation import (
    ReservationDecided,
    ReservationOverridden,
    ReservationReleased,
)
from encours.contracts.events.risk import CreditChecked, LimitApproved, LimitRefused, LimitRequested
from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.contracts.events.score import ScoreGraded
from encours.http.models import BusinessDate
from risk_svc.domain.reperform import CreditDecisionEvent, CreditDifference
from risk_svc.use_cases.decisions.archive import CreditReperformed
from risk_svc.use_cases.decisions.period import CreditPeriod, CreditPeriodReperformed

CreditDecisionKind = Literal[
    "check", "order", "override", "closing", "limit_request", "limit", "terms", "terms_answer", "grade", "hold",
    "badge", "warning", "cover_stop", "deadline", "terms_withdrawal", "guarantee",
]  # fmt: skip
_KINDS: dict[str, CreditDecisionKind] = {
    CreditChecked.TYPE: "check",
    ReservationDecided.TYPE: "order",
    ReservationOverridden.TYPE: "override",
    ReservationReleased.TYPE: "closing",
    LimitRequested.TYPE: "limit_request",
    LimitApproved.TYPE: "limit",
    LimitRefused.TYPE: "limit",
    RiskTermsProposed.TYPE: "terms",
    RiskTermsAnswered.TYPE: "terms_answer",
    ScoreGraded.TYPE: "grade",
    CreditHoldPlaced.TYPE: "hold",
    CreditHoldReleased.TYPE: "hold",
    PayerBadgeGiven.TYPE: "badge",
    CreditWarningRaised.TYPE: "warning",
    CreditWarningEnded.TYPE: "warning",
    CoverStopped.TYPE: "cover_stop",
    CoverResumed.TYPE: "cover_stop",
    InsuranceDeadlineAlerted.TYPE: "deadline",
    InsuranceDeadlineMissed.TYPE: "deadline",
    RiskTermsWithdrawn.TYPE: "terms_withdrawal",
    GuaranteeTaken.TYPE: "guarantee",
}
_MISMATCHES_MAX = 1_000


class CreditDifferenceOut(BaseModel):
    """A field that differs."""

    field: str
    stored: Any
    recomputed: Any = Field(description="Null where the figures allow no decision.")

    @classmethod
    def of(cls, found: CreditDifference) -> CreditDifferenceOut:
        """Return a difference."""
        return cls(field=found.field, stored=found.stored, recomputed=found.recomputed)


class DecisionAgainOut(BaseModel):
    """A decision of the stream, and whether its figures give it again."""

    kind: CreditDecisionKind
    position: int = Field(description="Ledger position of the decision.")
    decided_on: BusinessDate
    seen_position: int | None = Field(
        description="Ledger position of the figures; null where it is not kept."
    )
    equal: bool
    problem: str | None = Field(description="Refusal, where the figures allow no decision.")
    differences: list[CreditDifferenceOut]

    @classmethod
    def of(cls, found: CreditReperformed) -> DecisionAgainOut:
        """Return a decision that was taken again."""
        differences = found.again.differences
        return cls(
            kind=_KINDS[found.event.type],
            position=found.event.position,
            decided_on=found.event.effective_on,
            seen_position=_seen(found.again.stored),
            equal=not differences,
            problem=found.again.problem,
            differences=[CreditDifferenceOut.of(each) for each in differences],
        )


class CreditReperformedOut(BaseModel):
    """Comparison of stored decisions with those that the ledger yields now."""

    decision_id: str
    equal: bool
    decisions: list[DecisionAgainOut] = Field(description="All of the stream, in order.")

    @classmethod
    def of(cls, decision_id: str, found: list[CreditReperformed]) -> CreditReperformedOut:
        """Return the comparisons."""
        decisions = [DecisionAgainOut.of(each) for each in found]
        return cls(decision_id=decision_id, equal=all(each.equal for each in decisions), decisions=decisions)


class CreditMismatchOut(DecisionAgainOut):
    """A decision that does not follow from the ledger."""

    stream: str = Field(description="Object that was decided on.")

    @classmethod
    def of(cls, found: CreditReperformed) -> CreditMismatchOut:
        """Return a decision that differs."""
        return cls(**DecisionAgainOut.of(found).model_dump(), stream=found.event.stream)


class CreditPeriodReperformedOut(BaseModel):
    """Comparison of all decisions on credit of a period with those that the ledger yields now."""

    first_on: BusinessDate = Field(alias="from")
    last_on: BusinessDate = Field(alias="to")
    position: int = Field(description="Ledger position up to which decisions were read.")
    decisions: int
    by_kind: dict[CreditDecisionKind, int]
    equal: int
    mismatches: list[CreditMismatchOut] = Field(description="Decisions that differ, oldest first.")
    truncated: bool = Field(description="True if only the first 1,000 are listed; the counts include all.")

    @classmethod
    def shown(cls, period: CreditPeriod, found: CreditPeriodReperformed) -> CreditPeriodReperformedOut:
        """Return the comparisons."""
        by_kind: Counter[CreditDecisionKind] = Counter()
        for name, count in found.decisions.items():
            by_kind[_KINDS[name]] += count
        listed = found.mismatches[:_MISMATCHES_MAX]
        return cls.model_validate(
            {
                "from": period.first,
                "to": period.last,
                "position": found.position,
                "decisions": by_kind.total(),
                "by_kind": dict(sorted(by_kind.items())),
                "equal": by_kind.total() - len(found.mismatches),
                "mismatches": [CreditMismatchOut.of(each) for each in listed],
                "truncated": len(listed) < len(found.mismatches),
            }
        )


def _seen(stored: CreditDecisionEvent) -> int | None:
    match stored:
        case CreditChecked() | ScoreGraded() | CreditHoldPlaced() | CreditHoldReleased() | PayerBadgeGiven():
            return stored.seen_position
        case ReservationDecided() | ReservationOverridden():
            return stored.basis.seen_position
        case LimitApproved() | LimitRefused():
            return stored.basis.seen_position if stored.basis else None
        case LimitRequested(proposal=LimitProposal() as proposal):
            return proposal.seen_position
        case RiskTermsProposed():
            return stored.figures.seen_position
        case RiskTermsWithdrawn():
            return stored.figures.seen_position if stored.figures else None
        case CreditWarningRaised() | CreditWarningEnded() | CoverStopped() | CoverResumed():
            return stored.seen_position
        case InsuranceDeadlineAlerted() | InsuranceDeadlineMissed():
            return stored.seen_position
        case _:
            return None

"""Answers about decisions on credit that were taken again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from encours.contracts.events.reservation import ReservationDecided, ReservationOverridden
from encours.contracts.events.risk import CreditChecked
from encours.http.models import BusinessDate
from risk_svc.domain.reperform import CreditDifference
from risk_svc.use_cases.reperform import CreditReperformed

CreditDecisionKind = Literal["check", "order", "override"]


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
    seen_position: int = Field(description="Ledger position of the figures.")
    equal: bool
    problem: str | None = Field(description="Refusal, where the figures allow no decision.")
    differences: list[CreditDifferenceOut]

    @classmethod
    def of(cls, found: CreditReperformed) -> DecisionAgainOut:
        """Return a decision that was taken again."""
        stored = found.again.stored
        kind: CreditDecisionKind
        match stored:
            case CreditChecked():
                kind, seen = "check", stored.seen_position
            case ReservationDecided():
                kind, seen = "order", stored.basis.seen_position
            case ReservationOverridden():
                kind, seen = "override", stored.basis.seen_position
        differences = found.again.differences
        return cls(
            kind=kind,
            position=found.event.position,
            decided_on=found.event.effective_on,
            seen_position=seen,
            equal=not differences,
            problem=found.again.problem,
            differences=[CreditDifferenceOut.of(each) for each in differences],
        )


class CreditReperformedOut(BaseModel):
    """Comparison of stored decisions with those that the ledger yields now."""

    decision_id: str
    equal: bool
    decisions: list[DecisionAgainOut] = Field(description="One for a check; each attempt at an order.")

    @classmethod
    def of(cls, decision_id: str, found: list[CreditReperformed]) -> CreditReperformedOut:
        """Return the comparisons."""
        decisions = [DecisionAgainOut.of(each) for each in found]
        return cls(decision_id=decision_id, equal=all(each.equal for each in decisions), decisions=decisions)

"""Terms that the credit desk proposes for a customer, and the answer. Stream: the terms of the customer.

Appended by risk-svc.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.score import CreditGrade

RiskTermsKind = Literal["deposit", "shorter_delay", "guarantee", "earlier_dunning"]


class PayerFigures(Value, frozen=True, kw_only=True):
    """Forecast of how the customer pays, as it was known at a position. Days are late days of the next invoice."""

    grade: CreditGrade
    probability_late_bps: int
    expected_tenths: int
    """Expected days late, in tenths of a day."""
    open_late: int
    model_version: str
    seen_position: int


class RiskTermsProposed(Event, frozen=True, kw_only=True):
    """Other terms are proposed for the customer because of its risk."""

    TYPE: ClassVar[str] = "risk_terms.proposed"
    risk_terms_id: str
    customer_id: str
    proposal_number: int
    """Number of the proposal among those for the customer, from 1."""
    kind: RiskTermsKind
    share_bps: int | None
    """Deposit, as a share of the order."""
    days: int | None
    """Days of payment that are proposed, or by which reminders begin earlier."""
    amount_minor: int | None
    """Amount of the guarantee."""
    currency: str | None
    text: str
    figures: PayerFigures


class RiskTermsAnswered(Event, frozen=True, kw_only=True):
    """The proposed terms were agreed with the customer, or were not."""

    TYPE: ClassVar[str] = "risk_terms.answered"
    risk_terms_id: str
    customer_id: str
    proposal_number: int
    accepted: bool
    text: str

"""Terms proposed for a customer because of its risk, and the answer. Stream: the terms of the customer.

Appended by risk-svc.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.score import CreditGrade

RiskTermsKind = Literal["deposit", "shorter_delay", "guarantee", "earlier_dunning", "early_discount"]


class RiskTermsRule(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Rule of a credit policy by which terms are proposed to customers of some grades."""

    kind: RiskTermsKind
    grades: tuple[CreditGrade, ...]
    share_bps: int | None = None
    """Deposit as a share of the order, early-payment discount of the invoice, guarantee of what is not secured."""
    days: int | None = None
    """Days of payment, days within which the discount is taken, or by which reminders begin earlier."""
    from_days_late: int | None = None
    """Least expected days late."""
    above_minor: int | None = None
    """Exposure of the customer without guarantees and insured parts that must be exceeded."""
    currency: str | None = None


class RiskTermsBasis(Value, frozen=True, kw_only=True):
    """Rule by which terms were proposed, and what it saw besides the forecast."""

    policy_version: int
    rule: RiskTermsRule
    unsecured_minor: int
    """Exposure of the customer without guarantees and insured parts."""
    currency: str


class PayerFigures(Value, frozen=True, kw_only=True):
    """Forecast of how the customer pays, as it was known at a position. Days are late days of the next invoice."""

    grade: CreditGrade
    probability_late_bps: int
    expected_tenths: int
    """Expected days late, in tenths of a day."""
    open_late: int
    model_version: str
    seen_position: int


class RiskTermsProposed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Other terms are proposed for the customer because of its risk."""

    TYPE: ClassVar[str] = "risk_terms.proposed"
    risk_terms_id: str
    customer_id: str
    proposal_number: int
    """Number of the proposal among those for the customer, from 1."""
    kind: RiskTermsKind
    share_bps: int | None
    """Deposit as a share of the order, or early-payment discount of the invoice."""
    days: int | None
    """Days of payment that are proposed, within which the discount is taken, or by which reminders begin earlier."""
    amount_minor: int | None
    """Amount of the guarantee."""
    currency: str | None
    text: str
    figures: PayerFigures
    basis: RiskTermsBasis | None = None
    """``None`` for terms that a person proposes."""


class RiskTermsAnswered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The proposed terms were agreed with the customer, or were not."""

    TYPE: ClassVar[str] = "risk_terms.answered"
    risk_terms_id: str
    customer_id: str
    proposal_number: int
    accepted: bool
    text: str
    role: str | None = None
    """Role that the answer needs; ``None`` where the entity's policy asks for none."""
    in_place_of: str | None = None
    """Actor that the decider substitutes."""
    obtain_by: date | None = None
    """Of an accepted guarantee: last day to obtain it; ``None`` before it was kept."""


class RiskTermsWithdrawn(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Proposed terms are no longer proposed; accepted ones end."""

    TYPE: ClassVar[str] = "risk_terms.withdrawn"
    risk_terms_id: str
    customer_id: str
    proposal_number: int
    accepted: bool
    """The terms had been accepted."""
    text: str
    figures: PayerFigures | None = None
    """Figures by which the rule gives the terms no longer; ``None`` by a person, and before they were kept."""
    policy_version: int | None = None
    """Version of the credit policy without the terms; ``None`` as for ``figures``."""
    role: str | None = None
    """Role that the end of accepted terms needs; ``None`` where the entity's policy asks for none."""
    in_place_of: str | None = None
    """Actor that the decider substitutes."""

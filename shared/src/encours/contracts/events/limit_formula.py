"""Formula by which limits are proposed, reported figures of customers, and reviews that are postponed.

Streams: the formula of an entity, the figures of a customer, the review of a customer. Appended by risk-svc. Shares are
in basis points, amounts in minor units.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.score import CreditGrade

ProposalComponentName = Literal["turnover", "equity", "reported_turnover"]


class GradeFactor(Value, frozen=True, kw_only=True):
    """Factor of the proposed amount for customers of a grade."""

    grade: CreditGrade
    factor_bps: int


class LimitFormulaSet(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Limits of the entity's customers are proposed by this formula from now on; all of it.

    The least of the shares that can be computed, times the factor of the grade, but no less than the insured part; at
    most the cap, rounded down.
    """

    TYPE: ClassVar[str] = "limit_formula.set"
    limit_formula_id: str
    entity_id: str
    version: int
    currency: str
    turnover_bps: int | None
    """Share of what the customer was billed in the year before."""
    equity_bps: int | None
    """Share of the equity in its last reported figures."""
    reported_turnover_bps: int | None
    """Share of the turnover in its last reported figures."""
    grade_factors: tuple[GradeFactor, ...]
    """One for each grade; a customer without an outcome of its own counts with the grade of its segment."""
    insured_bps: int
    """Share of the credit insurance in force that the proposal is not below."""
    cap_minor: int | None
    round_to_minor: int
    max_days_past_due: int
    valid_days: int
    usage_bps: int | None
    """Share of the limit from which on a customer is to be reviewed."""
    file_days: int | None
    """Days after the closing of the last reported figures from which on a customer is to be reviewed."""


class ProposalComponent(Value, frozen=True, kw_only=True):
    """A figure of the customer and its share."""

    name: ProposalComponentName
    basis_minor: int
    share_bps: int
    amount_minor: int


class LimitProposal(Value, frozen=True, kw_only=True):
    """Amount that a formula proposes, with the figures that it is made of."""

    formula_version: int
    currency: str
    amount_minor: int
    components: tuple[ProposalComponent, ...]
    """Shares that could be computed; the least one counts."""
    grade: CreditGrade
    factor_bps: int
    insured_minor: int
    capped: bool
    missing_rates: tuple[str, ...]
    """Currencies that could not be converted, and count nothing."""
    financials_closed_on: date | None
    score_model: str
    seen_position: int


class FinancialsFiled(Event, frozen=True, kw_only=True):
    """Figures that a customer has reported, of its last balance sheet or accounts."""

    TYPE: ClassVar[str] = "financials.filed"
    financials_id: str
    customer_id: str
    closed_on: date
    """Day of the balance sheet."""
    currency: str
    equity_minor: int | None
    turnover_minor: int | None
    """Of the year that ends on that day."""
    source: str
    text: str | None


class CreditReviewPostponed(Event, frozen=True, kw_only=True):
    """The review of a customer is put off: what calls for it is listed again from a day on."""

    TYPE: ClassVar[str] = "credit_review.postponed"
    credit_review_id: str
    customer_id: str
    until: date
    text: str

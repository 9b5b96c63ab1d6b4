"""Answers about formulas of limits, reported figures and proposed limits."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from encours.contracts.events.limit_formula import FinancialsFiled, LimitProposal
from encours.contracts.events.score import CreditGrade
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.queries import AsOf
from risk_svc.domain.proposal.financials import Financials
from risk_svc.domain.proposal.formula import LimitFormula
from risk_svc.http.limits.proposals import LimitProposalOut
from risk_svc.use_cases.proposals import FINANCIALS, FORMULA


class LimitFormulaOut(BaseModel):
    """Formula of limits of an entity; shares and factors in basis points."""

    entity_id: str
    version: int
    currency: str
    turnover_bps: int | None
    equity_bps: int | None
    reported_turnover_bps: int | None
    grade_factors: dict[CreditGrade, int]
    insured_bps: int
    cap: MoneyModel | None
    round_to: MoneyModel
    max_days_past_due: int
    valid_days: int
    usage_bps: int | None
    file_days: int | None

    @classmethod
    def of(cls, state: LimitFormula) -> LimitFormulaOut:
        """Return the formula."""
        terms = state.terms
        assert terms is not None
        cap = terms.cap_minor
        return cls(
            entity_id=state.entity_id,
            version=state.version,
            currency=terms.currency,
            turnover_bps=terms.turnover_bps,
            equity_bps=terms.equity_bps,
            reported_turnover_bps=terms.reported_turnover_bps,
            grade_factors={each.grade: each.factor_bps for each in terms.grade_factors},
            insured_bps=terms.insured_bps,
            cap=None if cap is None else MoneyModel.of(cap, terms.currency),
            round_to=MoneyModel.of(terms.round_to_minor, terms.currency),
            max_days_past_due=terms.max_days_past_due,
            valid_days=terms.valid_days,
            usage_bps=terms.usage_bps,
            file_days=terms.file_days,
        )


class LimitFormulaAsOf(LimitFormulaOut, AsOf):
    """A formula at the requested dates."""


class FinancialsOut(BaseModel):
    """Reported figures of a customer: those of its latest balance sheet."""

    customer_id: str
    closed_on: BusinessDate
    equity: MoneyModel | None
    turnover: MoneyModel | None
    source: str
    text: str | None

    @classmethod
    def of(cls, state: Financials) -> FinancialsOut:
        """Return the latest figures."""
        assert state.latest is not None
        return cls.of_event(state.latest)

    @classmethod
    def of_event(cls, filed: FinancialsFiled) -> FinancialsOut:
        """Return the figures of an event."""

        def money(minor: int | None) -> MoneyModel | None:
            return None if minor is None else MoneyModel.of(minor, filed.currency)

        return cls(
            customer_id=filed.customer_id,
            closed_on=filed.closed_on,
            equity=money(filed.equity_minor),
            turnover=money(filed.turnover_minor),
            source=filed.source,
            text=filed.text,
        )


class FinancialsAsOf(FinancialsOut, AsOf):
    """Reported figures at the requested dates."""


class LimitProposalAsOf(LimitProposalOut, AsOf):
    """A proposal at the requested dates."""

    customer_id: str
    max_days_past_due: int
    valid_days: int

    @classmethod
    def shown(
        cls, customer_id: str, formula: LimitFormula, found: LimitProposal, echo: dict[str, Any]
    ) -> LimitProposalAsOf:
        """Return a proposal for a customer; ``echo`` holds the dates of the question."""
        assert formula.terms is not None
        return cls(
            customer_id=customer_id,
            max_days_past_due=formula.terms.max_days_past_due,
            valid_days=formula.terms.valid_days,
            **dict(LimitProposalOut.of(found)),
            **echo,
        )


FORMULA_ANSWER = Answer(FORMULA, lambda state, *_: LimitFormulaOut.of(state))
FINANCIALS_ANSWER = Answer(FINANCIALS, lambda state, *_: FinancialsOut.of(state))

"""Answer about a proposed limit, which a request takes over."""

from __future__ import annotations

from pydantic import BaseModel, Field

from encours.contracts.events.limit_formula import LimitProposal, ProposalComponentName
from encours.contracts.events.score import CreditGrade
from encours.http.models import BusinessDate, MoneyModel


class ProposalComponentOut(BaseModel):
    """A figure of the customer, its share, and the amount that follows."""

    name: ProposalComponentName
    basis: MoneyModel
    share_bps: int
    amount: MoneyModel


class LimitProposalOut(BaseModel):
    """Limit that the formula proposes: the least component times the factor of the grade, or the insured part."""

    formula_version: int
    amount: MoneyModel
    components: list[ProposalComponentOut]
    grade: CreditGrade
    factor_bps: int
    insured: MoneyModel
    capped: bool
    missing_rates: list[str] = Field(description="Currencies without a rate; they count nothing.")
    financials_closed_on: BusinessDate | None
    model: str = Field(description="Version of the payment model of the grade.")
    seen_position: int

    @classmethod
    def of(cls, found: LimitProposal) -> LimitProposalOut:
        """Return a proposal."""
        currency = found.currency
        return cls(
            formula_version=found.formula_version,
            amount=MoneyModel.of(found.amount_minor, currency),
            components=[
                ProposalComponentOut(
                    name=each.name,
                    basis=MoneyModel.of(each.basis_minor, currency),
                    share_bps=each.share_bps,
                    amount=MoneyModel.of(each.amount_minor, currency),
                )
                for each in found.components
            ],
            grade=found.grade,
            factor_bps=found.factor_bps,
            insured=MoneyModel.of(found.insured_minor, currency),
            capped=found.capped,
            missing_rates=list(found.missing_rates),
            financials_closed_on=found.financials_closed_on,
            model=found.score_model,
            seen_position=found.seen_position,
        )

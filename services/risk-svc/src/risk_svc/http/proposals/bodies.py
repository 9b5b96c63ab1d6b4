"""Bodies of formulas of limits and of reported figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.contracts.events.limit_formula import GradeFactor
from encours.http.models import (
    Body,
    BusinessDate,
    Currency,
    LongText,
    MoneyModel,
    NonNegativeMoney,
    PositiveMoney,
    ShortText,
)
from encours.kernel.errors import Invalid
from encours.kernel.money import exponent
from risk_svc.domain.proposal.financials import FileFinancials
from risk_svc.domain.proposal.formula import FormulaTerms, SetLimitFormula
from risk_svc.http.limits.bodies import Days

ShareBps = Annotated[int, Field(ge=0, le=100_000, strict=True, examples=[1_000])]
"""Share in basis points: 1,000 is 10 %."""


class GradeFactorsBody(Body):
    """Factor of the proposed amount by grade, in basis points."""

    A: ShareBps
    B: ShareBps
    C: ShareBps
    D: ShareBps
    E: ShareBps

    def to_factors(self) -> tuple[GradeFactor, ...]:
        """Return the factors as the event holds them."""
        return (
            GradeFactor(grade="A", factor_bps=self.A),
            GradeFactor(grade="B", factor_bps=self.B),
            GradeFactor(grade="C", factor_bps=self.C),
            GradeFactor(grade="D", factor_bps=self.D),
            GradeFactor(grade="E", factor_bps=self.E),
        )


class LimitFormulaBody(Body):
    """Formula of limits of an entity: all of it."""

    currency: Currency
    turnover_bps: ShareBps | None = Field(
        default=None, description="Share of what the customer was billed in the year before."
    )
    equity_bps: ShareBps | None = Field(default=None, description="Share of its reported equity.")
    reported_turnover_bps: ShareBps | None = Field(
        default=None, description="Share of its reported turnover."
    )
    grade_factors: GradeFactorsBody
    insured_bps: ShareBps = Field(
        default=10_000,
        description="Share of the credit insurance in force that the proposal is not below.",
    )
    cap: NonNegativeMoney | None = Field(default=None, description="Highest proposal.")
    round_to: PositiveMoney | None = Field(
        default=None, description="The proposal is rounded down to a multiple."
    )
    max_days_past_due: Days
    valid_days: Annotated[int, Field(ge=1, le=3650, strict=True)]
    usage_bps: ShareBps | None = Field(default=None, description="Review from this share of the limit on.")
    file_days: Annotated[int, Field(ge=1, le=3650, strict=True)] | None = Field(
        default=None, description="Review when the last balance sheet is older than this."
    )

    def to_command(self, entity_id: str) -> SetLimitFormula:
        """Return the command. Raises :class:`Invalid` for an amount in another currency than the formula."""
        return SetLimitFormula(entity_id, self.to_terms())

    def to_terms(self, pointer: str = "") -> FormulaTerms:
        """Return the content. Raises :class:`Invalid` for no currency, or an amount in another than the formula."""
        exponent(self.currency)
        for name, money in (("cap", self.cap), ("round_to", self.round_to)):
            if money is not None and money.currency != self.currency:
                raise Invalid(
                    f"The formula is in {self.currency}; use that currency.", f"{pointer}/{name}/currency"
                )
        return FormulaTerms(
            currency=self.currency,
            turnover_bps=self.turnover_bps,
            equity_bps=self.equity_bps,
            reported_turnover_bps=self.reported_turnover_bps,
            grade_factors=self.grade_factors.to_factors(),
            insured_bps=self.insured_bps,
            cap_minor=self.cap.minor if self.cap else None,
            round_to_minor=self.round_to.minor if self.round_to else 1,
            max_days_past_due=self.max_days_past_due,
            valid_days=self.valid_days,
            usage_bps=self.usage_bps,
            file_days=self.file_days,
        )


class FinancialsBody(Body):
    """Figures that a customer has reported."""

    closed_on: BusinessDate = Field(description="Day of the balance sheet.")
    equity: MoneyModel | None = None
    turnover: NonNegativeMoney | None = Field(default=None, description="Of the year that ends on that day.")
    source: ShortText = Field(examples=["Accounts filed with the registry"])
    text: LongText | None = None

    def to_command(self, customer_id: str) -> FileFinancials:
        """Return the command. Raises :class:`Invalid` for two currencies."""
        currencies = {money.currency for money in (self.equity, self.turnover) if money is not None}
        if len(currencies) > 1:
            raise Invalid("Give both figures in one currency.", "/turnover/currency")
        return FileFinancials(
            customer_id=customer_id,
            closed_on=self.closed_on,
            currency=next(iter(currencies), ""),
            equity_minor=self.equity.minor if self.equity else None,
            turnover_minor=self.turnover.minor if self.turnover else None,
            source=self.source,
            text=self.text,
        )

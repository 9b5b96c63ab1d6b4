"""Bodies of terms that are proposed because of the risk of a customer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.contracts.events.risk_terms import RiskTermsKind
from encours.http.models import Body, BusinessDate, LongText, PositiveMoney
from encours.kernel.errors import Invalid
from risk_svc.domain.terms.proposals import AnswerTerms, ProposeTerms, WithdrawTerms
from risk_svc.domain.terms.rules import ProposeByRules


class TermsProposalBody(Body):
    """Terms for a customer with the values of their kind; without a kind those that the credit policy gives by rule."""

    kind: RiskTermsKind | None = None
    share_bps: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = Field(
        default=None,
        description="In basis points; 3,000 is 30 %. Of a `deposit`: share of the order; of an `early_discount`: of "
        "the invoice.",
    )
    days: Annotated[int, Field(ge=0, le=365, strict=True)] | None = Field(
        default=None,
        description="Of a `shorter_delay`: days of payment. Of an `early_discount`: days in which it is taken. Of "
        "`earlier_dunning`: days that reminders begin earlier.",
    )
    amount: PositiveMoney | None = Field(default=None, description="Of a `guarantee`.")
    text: LongText | None = Field(
        default=None,
        description="The reason; terms by rule have their own.",
        examples=["Grade D since March"],
    )

    def to_command(self, customer_id: str) -> ProposeTerms | ProposeByRules:
        """Return the command. Raises :class:`Invalid` for a kind without a reason, and for values without a kind."""
        if self.kind is None:
            if self.model_fields_set - {"kind"}:
                raise Invalid("Terms by rule have no values; name the kind.", "/kind")
            return ProposeByRules(customer_id)
        if self.text is None:
            raise Invalid("Give the reason.", "/text")
        return ProposeTerms(
            customer_id,
            self.kind,
            self.share_bps,
            self.days,
            self.amount.minor if self.amount else None,
            self.amount.currency if self.amount else None,
            self.text,
        )


class TermsWithdrawalBody(Body):
    """Reason for which terms are proposed no longer, or end."""

    text: LongText = Field(examples=["Pays in time for a year"])

    def to_command(self, customer_id: str, number: int) -> WithdrawTerms:
        """Return the command."""
        return WithdrawTerms(customer_id, number, self.text)


class TermsAnswerBody(Body):
    """Answer to proposed terms."""

    text: LongText = Field(examples=["Agreed with the owner by phone"])
    obtain_by: BusinessDate | None = Field(
        default=None,
        description="Of a guarantee that is accepted: last day to obtain it; if not given, `guarantee_days` of the "
        "credit policy from now, else 30.",
    )

    def to_command(self, customer_id: str, number: int, *, accepted: bool) -> AnswerTerms:
        """Return the command."""
        return AnswerTerms(customer_id, number, accepted, self.text, self.obtain_by)

"""Bodies of terms that are proposed because of the risk of a customer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.contracts.events.risk_terms import RiskTermsKind
from encours.http.models import Body, LongText, PositiveMoney
from risk_svc.domain.risk_terms import AnswerTerms, ProposeTerms


class TermsProposalBody(Body):
    """Terms for a customer: one value, that of the kind."""

    kind: RiskTermsKind
    share_bps: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = Field(
        default=None, description="Of a `deposit`: share of the order in basis points; 3,000 is 30 %."
    )
    days: Annotated[int, Field(ge=0, le=365, strict=True)] | None = Field(
        default=None,
        description="Of a `shorter_delay`: days of payment. Of `earlier_dunning`: days that reminders begin earlier.",
    )
    amount: PositiveMoney | None = Field(default=None, description="Of a `guarantee`.")
    text: LongText = Field(examples=["Grade D since March"])

    def to_command(self, customer_id: str) -> ProposeTerms:
        """Return the command."""
        return ProposeTerms(
            customer_id,
            self.kind,
            self.share_bps,
            self.days,
            self.amount.minor if self.amount else None,
            self.amount.currency if self.amount else None,
            self.text,
        )


class TermsAnswerBody(Body):
    """Answer to proposed terms."""

    text: LongText = Field(examples=["Agreed with the owner by phone"])

    def to_command(self, customer_id: str, number: int, *, accepted: bool) -> AnswerTerms:
        """Return the command."""
        return AnswerTerms(customer_id, number, accepted, self.text)

"""Bodies of limit requests and of their decisions."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from encours.http.models import Body, BusinessDate, Id, LongText, NonNegativeMoney
from risk_svc.domain.limit import ApproveLimit, RefuseLimit, RequestLimit
from risk_svc.domain.proposal.propose import RequestProposal

CustomerId = Annotated[str, Id("cus")]
Days = Annotated[int, Field(ge=0, le=3650, strict=True)]


class LimitBody(Body):
    """Request for a credit limit."""

    customer_id: CustomerId
    amount: NonNegativeMoney | None = Field(
        default=None, description="What the entity's formula proposes if not given."
    )
    max_days_past_due: Days | None = Field(
        default=None,
        description="Orders are refused while an invoice is open for longer than this; the formula's if not given.",
    )
    valid_from: BusinessDate | None = Field(
        default=None, description="First day, on the entity's calendar; that of the approval if not given."
    )
    valid_until: BusinessDate | None = Field(default=None, description="Last day; without end if not given.")
    evidence: LongText | None = Field(
        default=None,
        description="Basis of the request; the figures of the proposal are added to it.",
        examples=["Balance sheet 2025, equity 1.2 M EUR"],
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.amount is not None:
            for name in ("max_days_past_due", "evidence"):
                if getattr(self, name) is None:
                    raise PydanticCustomError(
                        "incomplete",
                        "Give it with the amount, or leave the amount to the formula.",
                        {"pointer": f"/{name}"},
                    )
        return self

    def to_command(self, limit_id: str) -> RequestLimit | RequestProposal:
        """Return the command."""
        if self.amount is None:
            return RequestProposal(
                limit_id,
                self.customer_id,
                self.max_days_past_due,
                self.valid_from,
                self.valid_until,
                self.evidence,
            )
        assert self.max_days_past_due is not None
        assert self.evidence is not None
        return RequestLimit(
            limit_id=limit_id,
            customer_id=self.customer_id,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
            max_days_past_due=self.max_days_past_due,
            valid_until=self.valid_until,
            evidence=self.evidence,
            valid_from=self.valid_from,
        )


class ApproveBody(Body):
    """Approval of a request; omitted fields are as requested."""

    amount: NonNegativeMoney | None = None
    max_days_past_due: Days | None = None
    text: LongText | None = None
    conditions: LongText | None = Field(
        default=None, examples=["Deposit of 30 % with each order above 10,000 EUR"]
    )

    def to_command(self, limit_id: str) -> ApproveLimit:
        """Return the command."""
        return ApproveLimit(
            limit_id=limit_id,
            amount_minor=None if self.amount is None else self.amount.minor,
            currency=None if self.amount is None else self.amount.currency,
            max_days_past_due=self.max_days_past_due,
            text=self.text,
            conditions=self.conditions,
        )


class RefuseBody(Body):
    """Refusal of a request."""

    text: LongText

    def to_command(self, limit_id: str) -> RefuseLimit:
        """Return the command."""
        return RefuseLimit(limit_id=limit_id, text=self.text)

"""Bodies of limit requests and of their decisions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.http.models import Body, BusinessDate, Id, LongText, NonNegativeMoney
from risk_svc.domain.limit import ApproveLimit, RefuseLimit, RequestLimit

CustomerId = Annotated[str, Id("cus")]
Days = Annotated[int, Field(ge=0, le=3650, strict=True)]


class LimitBody(Body):
    """Request for a credit limit."""

    customer_id: CustomerId
    amount: NonNegativeMoney
    max_days_past_due: Days = Field(
        description="Orders are refused while an invoice is open for longer than this."
    )
    valid_from: BusinessDate | None = Field(
        default=None, description="First day, on the entity's calendar; that of the approval if not given."
    )
    valid_until: BusinessDate | None = Field(default=None, description="Last day; without end if not given.")
    evidence: LongText = Field(
        description="Basis of the request.", examples=["Balance sheet 2025, equity 1.2 M EUR"]
    )

    def to_command(self, limit_id: str) -> RequestLimit:
        """Return the command."""
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

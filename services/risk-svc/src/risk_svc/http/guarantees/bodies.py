"""Bodies of guarantees."""

from __future__ import annotations

from pydantic import Field

from encours.contracts.events.guarantee import GuaranteeKind
from encours.http.models import Body, BusinessDate, LongText, PositiveMoney, ShortText
from risk_svc.domain.guarantee import ReleaseGuarantee, TakeGuarantee


class GuaranteeBody(Body):
    """A guarantee for debts of a customer."""

    kind: GuaranteeKind
    amount: PositiveMoney
    reference: ShortText = Field(description="Number or place of the deed.", examples=["BNP 2026-4711"])
    valid_from: BusinessDate | None = Field(default=None, description="First day; today if not given.")
    valid_until: BusinessDate | None = Field(
        default=None, description="Last day on which it can be called; without end if not given."
    )
    text: LongText | None = None

    def to_command(self, guarantee_id: str, customer_id: str) -> TakeGuarantee:
        """Return the command."""
        return TakeGuarantee(
            guarantee_id=guarantee_id,
            customer_id=customer_id,
            kind=self.kind,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            reference=self.reference,
            text=self.text,
        )


class ReleaseGuaranteeBody(Body):
    """Reason for which a guarantee ends."""

    text: LongText = Field(examples=["Replaced by a higher one"])

    def to_command(self, guarantee_id: str) -> ReleaseGuarantee:
        """Return the command."""
        return ReleaseGuarantee(guarantee_id, self.text)

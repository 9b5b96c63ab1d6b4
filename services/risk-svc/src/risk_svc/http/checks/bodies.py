"""Body of a credit check."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.http.models import Body, BusinessDate, Id, PositiveMoney
from risk_svc.domain.check import CheckCredit


class CheckBody(Body):
    """An order to check."""

    customer_id: Annotated[str, Id("cus")]
    amount: PositiveMoney
    deliver_on: BusinessDate | None = Field(
        default=None,
        description="Day of delivery, on which the limit must be in force; not in the past; today if not given.",
    )
    order_id: Annotated[str, Id("ord")] | None = Field(
        default=None,
        description="Order in Encours of the customer: the reasons then name a deposit that its deliveries wait for.",
    )

    def to_command(self, decision_id: str) -> CheckCredit:
        """Return the command."""
        return CheckCredit(
            decision_id=decision_id,
            customer_id=self.customer_id,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
            deliver_on=self.deliver_on,
            order_id=self.order_id,
        )

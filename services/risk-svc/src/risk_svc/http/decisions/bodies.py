"""Bodies about decisions on credit."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, BusinessDate
from encours.kernel.errors import Invalid
from risk_svc.use_cases.decisions.period import CreditPeriod


class CreditPeriodBody(Body):
    """A period of decisions on credit."""

    from_: BusinessDate = Field(alias="from", description="First day.")
    to: BusinessDate = Field(description="Last day.")

    def to_period(self) -> CreditPeriod:
        """Return the period. Raises :class:`Invalid` for one that ends before it begins."""
        if self.to < self.from_:
            raise Invalid(f"The period ends before it begins, on {self.from_}.", "/to")
        return CreditPeriod(self.from_, self.to)

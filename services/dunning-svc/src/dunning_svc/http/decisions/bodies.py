"""Bodies about decisions."""

from __future__ import annotations

from pydantic import Field

from dunning_svc.use_cases.decisions import Period
from encours.http.models import Body, BusinessDate
from encours.kernel.errors import Invalid


class PeriodBody(Body):
    """A period of decisions."""

    from_: BusinessDate = Field(alias="from", description="First day.")
    to: BusinessDate = Field(description="Last day.")

    def to_period(self) -> Period:
        """Return the period. Raises :class:`Invalid` for one that ends before it begins."""
        if self.to < self.from_:
            raise Invalid(f"The period ends before it begins, on {self.from_}.", "/to")
        return Period(self.from_, self.to)

"""Bodies of back-tests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dunning_svc.backtest.requests import RequestBacktest
from dunning_svc.backtest.results import Costs
from encours.http.models import Body, BusinessDate
from encours.kernel.errors import Invalid

Cents = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
_DEFAULT = Costs()


class CostsBody(Body):
    """Cost of one message or task by channel, in cents. The defaults are estimates; state your own."""

    email: Cents = _DEFAULT.email
    letter: Cents = _DEFAULT.letter
    registered_letter: Cents = _DEFAULT.registered_letter
    call: Cents = _DEFAULT.phone
    litigation_file: Cents = _DEFAULT.file
    sms: Cents = _DEFAULT.sms
    webhook: Cents = _DEFAULT.webhook

    def to_costs(self) -> Costs:
        """Return the costs by channel."""
        return Costs(
            email=self.email,
            letter=self.letter,
            registered_letter=self.registered_letter,
            phone=self.call,
            file=self.litigation_file,
            sms=self.sms,
            webhook=self.webhook,
        )


class BacktestBody(Body):
    """The version to try, and the period to try it on."""

    version: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    from_: BusinessDate = Field(alias="from", description="First day: the version is in force from it on.")
    to: BusinessDate = Field(description="Last day; today at the latest.")
    costs: CostsBody = CostsBody()
    position: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        default=None, description="Read events up to this position only, to repeat an earlier back-test."
    )

    def to_command(self, policy_id: str) -> RequestBacktest:
        """Return the request. Raises :class:`Invalid` for a period that ends before it begins."""
        if self.to < self.from_:
            raise Invalid(f"The period ends before it begins, on {self.from_}.", "/to")
        return RequestBacktest(
            policy_id, self.version, self.from_, self.to, self.costs.to_costs(), self.position
        )

"""Bodies of back-tests of limit policies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.contracts.events.score import CreditGrade
from encours.http.models import Body, BusinessDate, ShortText
from encours.kernel.errors import Invalid
from risk_svc.backtest.requests import RequestLimitBacktest
from risk_svc.domain.backtest.policy import PRESENT, LimitPolicy
from risk_svc.http.limits.bodies import Days
from risk_svc.http.proposals.bodies import LimitFormulaBody
from risk_svc.http.standing.bodies import HoldRulesBody

Grades = Annotated[list[CreditGrade], Field(max_length=5)]


class LimitPolicyBody(Body):
    """Limit policy to try. Without any rule it is the present one: limits and holds as they were."""

    formula: LimitFormulaBody | None = Field(
        default=None, description="Formula of every limit; the limits as they were approved if not given."
    )
    max_days_past_due: Days | None = Field(
        default=None,
        description="Orders are refused while an invoice is open for longer than this; as the limit says if not given.",
    )
    refer_grades: Grades = Field(
        default_factory=lambda: list(PRESENT.refer_grades),
        description="Grades whose orders a person decides.",
    )
    refuse_grades: Grades = Field(
        default_factory=list, description="Grades whose orders are refused unless prepaid."
    )
    holds: HoldRulesBody | None = Field(
        default=None,
        description="Causes that hold orders, besides holds by hand; the holds that were in force if not given. "
        "The badge has no effect.",
    )

    def to_policy(self) -> LimitPolicy:
        """Return the policy. Raises :class:`Invalid` for an amount in another currency than the formula."""
        return LimitPolicy(
            formula=None if self.formula is None else self.formula.to_terms("/policy/formula"),
            max_days_past_due=self.max_days_past_due,
            refer_grades=tuple(sorted(set(self.refer_grades))),
            refuse_grades=tuple(sorted(set(self.refuse_grades))),
            holds=self.holds.to_rules() if self.holds else None,
        )


class LimitBacktestBody(Body):
    """The limit policy to try, and the period to try it on."""

    name: ShortText | None = Field(default=None, description="Your name for it.")
    from_: BusinessDate = Field(alias="from", description="First day of the orders that are judged.")
    to: BusinessDate = Field(description="Last day; today at the latest.")
    policy: LimitPolicyBody = Field(default_factory=LimitPolicyBody)
    position: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        default=None, description="Read events up to this position only, to repeat an earlier back-test."
    )

    def to_command(self) -> RequestLimitBacktest:
        """Return the request. Raises :class:`Invalid` for a period that ends before it begins."""
        if self.to < self.from_:
            raise Invalid(f"The period ends before it begins, on {self.from_}.", "/to")
        return RequestLimitBacktest(self.policy.to_policy(), self.name, self.from_, self.to, self.position)

"""Bodies of collectors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dunning_svc.domain.collector.commands import AssignTask, DefineCollector, Rebalance, RebalanceBy
from dunning_svc.domain.policy.written import scope_of
from dunning_svc.http.identifiers import CollectorCode
from dunning_svc.http.policies.bodies import CustomerScopeBody
from encours.contracts.events.dunning.collectors import Absence, PortfolioRule
from encours.http.models import Body, BusinessDate, Currency, LongText, ShortText

_Priority = Annotated[int, Field(ge=1, le=1_000, strict=True)]


class PortfolioRuleBody(Body):
    """Customers that a collector looks after."""

    priority: _Priority = Field(
        description="Of the rules that a customer meets, the one with the highest number decides."
    )
    applies_to: CustomerScopeBody = Field(
        default=CustomerScopeBody(), description="Without criteria every customer."
    )


class AbsenceBody(Body):
    """Days on which a collector is away, both included."""

    first_day: BusinessDate
    last_day: BusinessDate
    substitute: CollectorCode | None = Field(default=None, description="The usual substitute if left out.")


class CollectorBody(Body):
    """The whole record of a collector."""

    name: ShortText
    email: ShortText | None = None
    valid_from: BusinessDate | None = Field(
        default=None, description="First day of this record; today if left out."
    )
    last_day: BusinessDate | None = Field(default=None, description="Last day of work, once it is known.")
    portfolio: Annotated[list[PortfolioRuleBody], Field(max_length=100)] = Field(default=[])
    substitute: CollectorCode | None = Field(
        default=None, description="Collector who stands in for absences that name none."
    )
    absences: Annotated[list[AbsenceBody], Field(max_length=100)] = Field(default=[])
    capacity: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = Field(
        default=None,
        description="Number of customers that the collector can look after; a weight in rebalancing.",
    )
    second_level: CollectorCode | None = Field(
        default=None, description="Collector who takes over overdue tasks."
    )
    escalation_days: Annotated[int, Field(ge=1, le=250, strict=True)] | None = Field(
        default=None, description="Business days after the due day until the second level takes over."
    )

    def to_command(self, code: str) -> DefineCollector:
        """Return the command. Raises ``Invalid`` for an amount that the currency does not have."""
        return DefineCollector(
            code=code,
            valid_from=self.valid_from,
            last_day=self.last_day,
            name=self.name,
            email=self.email,
            portfolio=tuple(
                PortfolioRule(
                    priority=rule.priority,
                    scope=scope_of(
                        rule.applies_to.model_dump(by_alias=True, exclude_none=True),
                        f"/portfolio/{i}/applies_to",
                    ),
                )
                for i, rule in enumerate(self.portfolio)
            ),
            substitute=self.substitute,
            absences=tuple(
                Absence(first_day=each.first_day, last_day=each.last_day, substitute=each.substitute)
                for each in self.absences
            ),
            capacity=self.capacity,
            second_level=self.second_level,
            escalation_days=self.escalation_days,
        )


class AssignTaskBody(Body):
    """The collector to whom a task is given."""

    collector: CollectorCode | None = Field(description="Null gives it back to the customer's collector.")
    reason: ShortText = Field(examples=["Knows the accountant"])

    def to_command(self, task_id: str) -> AssignTask:
        """Return the command."""
        return AssignTask(task_id, self.collector, self.reason)


class RebalanceBody(Body):
    """Collectors between whom customers move, and the measure."""

    collectors: Annotated[list[CollectorCode], Field(min_length=2, max_length=100)]
    by: RebalanceBy = Field(description="`count`: number of customers. `value`: their open amount.")
    currency: Currency | None = Field(
        default=None, description="Only customers with open invoices in it; required with `value`."
    )
    valid_from: BusinessDate | None = Field(default=None, description="Today if left out.")
    reason: LongText

    def to_command(self) -> Rebalance:
        """Return the command."""
        codes = tuple(dict.fromkeys(self.collectors))
        return Rebalance(codes, self.by, self.currency, self.valid_from, self.reason)

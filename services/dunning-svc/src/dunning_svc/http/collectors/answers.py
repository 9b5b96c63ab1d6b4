"""Answers about collectors."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dunning_svc.domain.collector.ownership import Team
from dunning_svc.domain.collector.rebalance import Burden, after
from dunning_svc.domain.collector.state import COLLECTOR
from dunning_svc.domain.policy.written import written_scope
from dunning_svc.http.policies.bodies import CustomerScopeBody
from dunning_svc.use_cases.collectors import RebalanceResult
from encours.contracts.events.dunning.collectors import CollectorDefined
from encours.contracts.portfolios import Ownership
from encours.http.answers import Answer
from encours.http.paging import Listing
from encours.http.queries import AsOf


class PortfolioRuleOut(BaseModel):
    """Customers that a collector looks after."""

    priority: int
    applies_to: CustomerScopeBody


class AbsenceOut(BaseModel):
    """Days on which a collector is away, both included."""

    first_day: date
    last_day: date
    substitute: str | None


class CollectorOut(BaseModel):
    """A collector's record."""

    code: str
    name: str
    email: str | None
    valid_from: date
    last_day: date | None
    portfolio: list[PortfolioRuleOut]
    substitute: str | None
    absences: list[AbsenceOut]
    capacity: int | None
    second_level: str | None
    escalation_days: int | None

    @classmethod
    def of(cls, record: CollectorDefined) -> CollectorOut:
        """Return a record."""
        return cls(
            code=record.collector_code,
            name=record.name,
            email=record.email,
            valid_from=record.valid_from,
            last_day=record.last_day,
            portfolio=[
                PortfolioRuleOut(
                    priority=rule.priority,
                    applies_to=CustomerScopeBody.model_validate(written_scope(rule.scope)),
                )
                for rule in record.portfolio
            ],
            substitute=record.substitute,
            absences=[
                AbsenceOut(first_day=each.first_day, last_day=each.last_day, substitute=each.substitute)
                for each in record.absences
            ],
            capacity=record.capacity,
            second_level=record.second_level,
            escalation_days=record.escalation_days,
        )


class CollectorAsOf(CollectorOut, AsOf):
    """A collector's record after a command: the one that it saved."""


class CollectorOnDay(CollectorOut):
    """A collector on a day, and who acts for it."""

    acting: str | None = Field(
        description="The collector itself, or the substitute who is there; null if nobody is."
    )

    @classmethod
    def on(cls, team: Team, code: str) -> CollectorOnDay:
        """Return a collector of the team."""
        shown = CollectorOut.of(team.records[code])
        return cls(**dict(shown), acting=team.acting(code))


class CollectorList(Listing[CollectorOnDay], AsOf):
    """Collectors who work on the day, by code."""

    on: date


class OwnershipOut(AsOf):
    """The collector who owns a customer on a day."""

    customer_id: str
    on: date
    owner: str | None = Field(description="Null if no portfolio admits the customer.")
    holder: str | None = Field(
        description="Collector whose portfolio the customer is in; the owner stands in if it is another one."
    )
    grounds: Literal["given", "portfolio"] | None = Field(
        description="`given`: by a rebalancing. `portfolio`: by a rule."
    )
    priority: int | None
    criteria: list[str] = Field(description="Criteria of the rule that the customer meets.")
    all_away: bool = Field(description="True if nobody is there who could stand in.")


def ownership_out(customer_id: str, on: date, found: Ownership | None) -> dict[str, Any]:
    """Return the owner of a customer as JSON, without the dates of the question."""
    return {
        "customer_id": customer_id,
        "on": on.isoformat(),
        "owner": found and found.owner,
        "holder": found and found.holder,
        "grounds": found and found.grounds,
        "priority": found and found.priority,
        "criteria": list(found.criteria) if found else [],
        "all_away": found is not None and found.all_away,
    }


class LoadOut(BaseModel):
    """Customers of a collector, and their size: their number, or their open amount in minor units."""

    customers: int
    size: int


class ShareOut(BaseModel):
    """A collector before and after a rebalancing."""

    collector: str
    before: LoadOut
    after: LoadOut


class MoveOut(BaseModel):
    """A customer that moves."""

    model_config = ConfigDict(populate_by_name=True)

    customer_id: str
    from_: str = Field(alias="from")
    to: str


class RebalanceOut(BaseModel):
    """A rebalancing, or the preview of one."""

    dry_run: bool
    valid_from: date
    collectors: list[ShareOut]
    moves: list[MoveOut]

    @classmethod
    def of(cls, result: RebalanceResult, collectors: tuple[str, ...], *, dry_run: bool) -> RebalanceOut:
        """Return a rebalancing between collectors."""
        burdens = [Burden(*each) for each in result.burdens]
        old = result.before(collectors)
        new = after(old, burdens, result.moved)
        held = {each.customer_id: each.collector for each in burdens}
        return cls(
            dry_run=dry_run,
            valid_from=result.valid_from,
            collectors=[
                ShareOut(
                    collector=code,
                    before=LoadOut(customers=old[code].customers, size=old[code].size),
                    after=LoadOut(customers=new[code].customers, size=new[code].size),
                )
                for code in dict.fromkeys(collectors)
            ],
            moves=[
                MoveOut(customer_id=each, from_=held[each], to=to)
                for each, to in sorted(result.moved.items())
            ],
        )


COLLECTOR_ANSWER = Answer(COLLECTOR, lambda state, *_: CollectorOut.of(state.versions[-1]))

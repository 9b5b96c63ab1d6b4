"""The collector who owns a customer, or a task, on a day: a pure function of records, assignments and the customer.

The customer's portfolio is that of the collector to whom it was given, else of the rule with the highest priority
that it meets, then of the rule with the most criteria, then of the lower code. If that collector is away, its
substitute owns the customer, or the substitute's substitute; without one who is there, the next portfolio. A customer
that meets a rule always has one owner: if everybody is away, it is the collector of its portfolio.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Literal

from dunning_svc.domain.collector.state import Collector
from dunning_svc.domain.policy.choice import Profile, criteria_met
from dunning_svc.domain.policy.working_days import working_days_before
from encours.contracts.events.dunning.collectors import Absence, CollectorDefined, PortfolioRule

Grounds = Literal["given", "portfolio"]


@dataclass(frozen=True, slots=True)
class GivenCustomer:
    """A customer that was given to a collector, with the position of the event."""

    collector: str
    valid_from: date
    position: int


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owner of a customer on a day, and the grounds."""

    owner: str
    """Code of the collector who acts."""
    holder: str
    """Code of the collector whose portfolio the customer is in; another one only if that one is away."""
    grounds: Grounds
    priority: int | None = None
    criteria: tuple[str, ...] = ()
    all_away: bool = False
    """Nobody is there who could stand in."""


@dataclass(frozen=True, slots=True)
class TaskOwner:
    """The owner of an open task on a day. ``escalated_from``: collector whose task is overdue too long."""

    owner: str | None
    escalated_from: str | None = None


class Team:
    """Collectors of a ledger whose record is in force on a day and who have not left."""

    def __init__(self, collectors: Mapping[str, Collector], day: date) -> None:
        self.day = day
        found = ((code, each.on(day)) for code, each in sorted(collectors.items()))
        self.records: dict[str, CollectorDefined] = {
            code: record for code, record in found if record is not None and not _has_left(record, day)
        }
        rules = ((code, rule) for code, record in self.records.items() for rule in record.portfolio)
        self._rules = sorted(rules, key=lambda each: (-each[1].priority, -_criteria(each[1]), each[0]))

    def absence(self, code: str) -> Absence | None:
        """Return the absence of a collector on the day."""
        absences = self.records[code].absences
        return next((each for each in absences if each.first_day <= self.day <= each.last_day), None)

    def acting(self, code: str) -> str | None:
        """Return who acts for a collector on the day: itself, or a substitute who is there."""
        passed: set[str] = set()
        current: str | None = code
        while current is not None and current in self.records and current not in passed:
            passed.add(current)
            absence = self.absence(current)
            if absence is None:
                return current
            current = absence.substitute or self.records[current].substitute
        return None

    def owner_of(self, profiles: Sequence[Profile], given: Iterable[GivenCustomer] = ()) -> Ownership | None:
        """Return the owner of a customer; ``None`` if no portfolio admits it.

        ``profiles``: facts about the customer, one per currency. ``given``: the collectors that it was given to.
        """
        first: Ownership | None = None
        for each in chain(self._given(given), self._portfolios(profiles)):
            acting = self.acting(each.holder)
            if acting is not None:
                return replace(each, owner=acting)
            first = first or replace(each, all_away=True)
        return first

    def _given(self, given: Iterable[GivenCustomer]) -> Iterator[Ownership]:
        begun = [each for each in given if each.valid_from <= self.day]
        last = max(begun, key=lambda each: (each.valid_from, each.position), default=None)
        if last is not None and last.collector in self.records:
            yield Ownership(last.collector, last.collector, "given")

    def _portfolios(self, profiles: Sequence[Profile]) -> Iterator[Ownership]:
        for code, rule in self._rules:
            for profile in profiles:
                criteria = criteria_met(rule.scope, profile, self.day)
                if criteria is not None:
                    yield Ownership(code, code, "portfolio", rule.priority, criteria)
                    break

    def owner_of_task(
        self, given_to: str | None, due_on: date, customer: Ownership | None, country: str
    ) -> TaskOwner:
        """Return the owner of an open task: the collector that it was given to, else the customer's.

        From the given number of business days of the creditor's ``country`` after its due day on, the second level.
        """
        own = None if given_to is None else self.acting(given_to)
        if given_to is not None and own is not None:
            holder, owner = given_to, own
        elif customer is not None:
            holder, owner = customer.holder, customer.owner
        else:
            return TaskOwner(None)
        record = self.records[holder]
        if record.second_level is None or record.escalation_days is None:
            return TaskOwner(owner)
        second = self.acting(record.second_level)
        overdue = due_on <= working_days_before(country, self.day, record.escalation_days)
        return TaskOwner(second, owner) if overdue and second not in (None, owner) else TaskOwner(owner)


def _criteria(rule: PortfolioRule) -> int:
    return sum(bool(getattr(rule.scope, name)) for name in rule.scope.__struct_fields__)


def _has_left(record: CollectorDefined, day: date) -> bool:
    return record.last_day is not None and record.last_day < day

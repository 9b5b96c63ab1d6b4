"""The collector who owns a task on a day; :mod:`encours.contracts.portfolios` says who owns a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.collector.state import Collector
from dunning_svc.domain.policy.working_days import working_days_before
from encours.contracts.portfolios import Ownership, Portfolios


@dataclass(frozen=True, slots=True)
class TaskOwner:
    """The owner of an open task on a day. ``escalated_from``: collector whose task is overdue too long."""

    owner: str | None
    escalated_from: str | None = None


class Team(Portfolios):
    """Collectors of a ledger whose record is in force on a day and who have not left, and their tasks."""

    def __init__(self, collectors: Mapping[str, Collector], day: date) -> None:
        super().__init__({code: each.versions for code, each in collectors.items()}, day)

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

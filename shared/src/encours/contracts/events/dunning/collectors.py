"""Collectors, their portfolios and absences. Appended by dunning-svc. Stream: the collector's id, made of its code."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event, Value
from encours.contracts.events.dunning.document import PolicyScope


class PortfolioRule(Value, frozen=True, kw_only=True):
    """Customers that a collector looks after. Of the rules that a customer meets, the highest priority decides."""

    priority: int
    scope: PolicyScope
    """Without criteria it admits every customer."""


class Absence(Value, frozen=True, kw_only=True):
    """Days on which a collector is away, both included."""

    first_day: date
    last_day: date
    substitute: str | None
    """Code of the collector who stands in; ``None`` for the usual substitute."""


class CollectorDefined(Event, frozen=True, kw_only=True):
    """A collector as from a day on: the whole record, in place of the one before."""

    TYPE: ClassVar[str] = "collector.defined"
    collector_id: str
    collector_code: str
    valid_from: date
    last_day: date | None
    """Last day of work; ``None`` while none is known."""
    name: str
    email: str | None
    portfolio: tuple[PortfolioRule, ...]
    substitute: str | None
    """Code of the collector who stands in for every absence that names none."""
    absences: tuple[Absence, ...]
    capacity: int | None
    """Number of customers that the collector can look after; a weight in rebalancing."""
    second_level: str | None
    """Code of the collector who takes over overdue tasks."""
    escalation_days: int | None
    """Business days after the due day of a task, after which the second level takes it over."""


class CollectorTargetSet(Event, frozen=True, kw_only=True):
    """Cash that a collector is to bring in within a month, in place of an earlier target of the month."""

    TYPE: ClassVar[str] = "collector.target_set"
    collector_id: str
    collector_code: str
    month: date
    """First day of the month."""
    currency: str
    amount_minor: int


class CustomersAssigned(Event, frozen=True, kw_only=True):
    """Customers are given to a collector from a day on, whatever the rules of portfolios say."""

    TYPE: ClassVar[str] = "collector.customers_assigned"
    collector_id: str
    collector_code: str
    valid_from: date
    customer_ids: tuple[str, ...]
    cause: str

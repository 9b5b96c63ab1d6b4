"""Commands on collectors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.contracts.events.dunning.collectors import Absence, PortfolioRule
from encours.kernel.ids import derived_id

RebalanceBy = Literal["count", "value"]


def collector_id(code: str) -> str:
    """Return the stream of the collector with a code."""
    return derived_id("col", code)


@dataclass(frozen=True, slots=True)
class DefineCollector:
    """The whole record of a collector from a day on; today if none is given."""

    code: str
    valid_from: date | None
    last_day: date | None
    name: str
    email: str | None
    portfolio: tuple[PortfolioRule, ...]
    substitute: str | None
    absences: tuple[Absence, ...]
    capacity: int | None
    second_level: str | None
    escalation_days: int | None

    @property
    def others(self) -> tuple[str, ...]:
        """Codes of other collectors that the record names."""
        named = (self.substitute, self.second_level, *(each.substitute for each in self.absences))
        return tuple(dict.fromkeys(code for code in named if code is not None))


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Cash that a collector is to bring in within a month."""

    code: str
    month: date
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AssignTask:
    """A task is given to a collector, or back to the customer's without ``owner``."""

    task_id: str
    owner: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class Rebalance:
    """Customers move between collectors until each has its share, of customers or of open amounts."""

    collectors: tuple[str, ...]
    by: RebalanceBy
    currency: str | None
    valid_from: date | None
    cause: str

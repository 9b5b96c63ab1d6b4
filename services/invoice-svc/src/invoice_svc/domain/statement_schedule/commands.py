"""Commands on the schedule of statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.events.money.statement import StatementScope
from encours.kernel.ids import derived_id


def schedule_id(customer_id: str) -> str:
    """Return the id of a customer's schedule."""
    return derived_id("sts", customer_id)


@dataclass(frozen=True, slots=True)
class ScheduleStatements:
    """Statements of a customer by a rule (RFC 5545) from a day on, today if not given; without a rule none."""

    customer_id: str
    rule: str | None
    starts_on: date | None
    scope: StatementScope
    language: str | None
    even_if_nothing: bool

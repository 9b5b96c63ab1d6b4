"""State of the schedule of a customer's statements, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events import statement as events
from encours.contracts.events.money.statement import StatementScope
from encours.kernel.errors import NotFound
from invoice_svc.domain.recurring.rule import occurrences


class StatementScheduleNotFound(NotFound):
    """The customer has no schedule of statements (404)."""

    code = "statement-schedule-not-found"
    title = "Statement schedule not found"
    remedy = "Set it with PUT /v1/customers/{id}/statement-schedule."


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods of a schedule: each ends on the day before a date of the rule, and the next one begins on that date."""

    rule: str | None = None
    starts_on: date = date.min
    next_from: date = date.min
    """First day that no statement covers."""
    begun: bool = False
    """A statement was decided by the rule in force."""

    def next_due(self) -> date | None:
        """Return the day on which the next statement is due; ``None`` if none follows."""
        if self.rule is None:
            return None
        return next((day for day in occurrences(self.rule, self.starts_on) if day > self.next_from), None)

    def after(self, event: StatementEvent) -> Periods:
        """Return the periods after one more event. Another rule goes on where the statements in force have ended."""
        match event:
            case events.StatementScheduled():
                goes_on = self.rule is not None and self.begun
                next_from = self.next_from if goes_on else event.starts_on
                return Periods(event.rule, event.starts_on, next_from, goes_on)
            case events.StatementDecided():
                return replace(self, next_from=event.last_day + timedelta(days=1), begun=True)
            case _:
                assert_never(event)


@dataclass(frozen=True, slots=True)
class StatementSchedule:
    """State of a schedule, for decisions and answers."""

    schedule_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    scope: StatementScope = "own"
    language: str | None = None
    even_if_nothing: bool = False
    periods: Periods = Periods()
    decided: tuple[events.StatementDecided, ...] = ()


StatementEvent = events.StatementScheduled | events.StatementDecided


def evolve(state: StatementSchedule, recorded: Recorded) -> StatementSchedule:
    """Return the schedule after one more event."""
    event = cast(StatementEvent, recorded.data)
    state = replace(state, periods=state.periods.after(event))
    match event:
        case events.StatementScheduled():
            return replace(
                state,
                schedule_id=event.schedule_id,
                entity_id=recorded.entity,
                customer_id=event.customer_id,
                scope=event.scope,
                language=event.language,
                even_if_nothing=event.even_if_nothing,
            )
        case events.StatementDecided():
            return replace(state, decided=(*state.decided, event))
        case _:
            assert_never(event)

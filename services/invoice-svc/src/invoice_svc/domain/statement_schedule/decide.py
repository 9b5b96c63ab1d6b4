"""The rules of scheduled statements: one for each period, in the order of the periods, none left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from encours.contracts.events import statement as events
from encours.contracts.events.money.statement import StatementBalance, StatementOutcome
from encours.kernel.errors import Invalid
from invoice_svc.domain.recurring.rule import occurrences
from invoice_svc.domain.statement_schedule.commands import ScheduleStatements, schedule_id
from invoice_svc.domain.statement_schedule.state import StatementSchedule

MAX_DAYS_BACK = 366
"""A schedule begins a year back at most, so that its first day decides a bounded number of statements."""


@dataclass(frozen=True, slots=True)
class StatementContent:
    """Content of a statement: whose accounts, balances by currency, whether anything moved, and its hash."""

    customers: tuple[str, ...]
    balances: tuple[StatementBalance, ...]
    sha256: str

    @property
    def is_empty(self) -> bool:
        """True without an entry and without a balance."""
        return not any(
            (each.opening_minor, each.debit_minor, each.credit_minor, each.closing_minor) != (0, 0, 0, 0)
            for each in self.balances
        )


def schedule(
    state: StatementSchedule, command: ScheduleStatements, today: date
) -> list[events.StatementScheduled]:
    """Set the rule; no event if it is the same."""
    running = state.periods.rule is not None
    starts_on = command.starts_on or (state.periods.starts_on if running else today)
    if command.starts_on is not None and starts_on < today - timedelta(days=MAX_DAYS_BACK):
        raise Invalid(f"A schedule begins {MAX_DAYS_BACK} days back at most.", "/starts_on")
    if command.rule is None and not running:
        return []
    if command.rule is not None and next(occurrences(command.rule, starts_on), None) is None:
        raise Invalid("The rule gives no date from the first day on.", "/rule")
    rule = command.rule
    same = (state.periods.rule, state.scope, state.language, state.even_if_nothing) == (
        rule,
        command.scope,
        command.language,
        command.even_if_nothing,
    )
    if same and command.starts_on in (None, state.periods.starts_on):
        return []
    return [
        events.StatementScheduled(
            schedule_id=schedule_id(command.customer_id),
            customer_id=command.customer_id,
            rule=rule,
            starts_on=starts_on,
            scope=command.scope,
            language=command.language,
            even_if_nothing=command.even_if_nothing,
        )
    ]


def period(state: StatementSchedule, until: date) -> tuple[date, date] | None:
    """Return first and last day of the next statement if it is due by a day."""
    due = state.periods.next_due()
    if due is None or due > until:
        return None
    return state.periods.next_from, due - timedelta(days=1)


def statement(
    state: StatementSchedule,
    days: tuple[date, date],
    content: StatementContent,
    *,
    at_position: int,
    language: str,
    merged: bool,
) -> events.StatementDecided:
    """Decide the statement of a period."""
    outcome: StatementOutcome = "due"
    if merged:
        outcome = "merged"
    elif content.is_empty and not state.even_if_nothing:
        outcome = "nothing"
    return events.StatementDecided(
        schedule_id=state.schedule_id,
        customer_id=state.customer_id,
        scope=state.scope,
        language=state.language or language,
        first_day=days[0],
        last_day=days[1],
        customers=content.customers,
        balances=content.balances,
        at_position=at_position,
        content_sha256=content.sha256,
        outcome=outcome,
    )

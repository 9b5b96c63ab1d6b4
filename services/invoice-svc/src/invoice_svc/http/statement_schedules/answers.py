"""Answers of the schedule of statements, and of the statements that were decided by it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.money.statement import StatementDecided, StatementOutcome, StatementScope
from encours.contracts.recipients import Recipient
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from invoice_svc.domain.statement_schedule.state import StatementSchedule
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import STATEMENT_SCHEDULE


class StatementScheduleOut(AsOf):
    """Schedule of a customer's statements."""

    customer_id: str
    rule: str | None
    starts_on: date
    scope: StatementScope
    language: str | None
    even_if_nothing: bool
    next_from: date = Field(description="First day of the next statement.")
    next_due_on: date | None
    version: int

    @classmethod
    def of(cls, state: StatementSchedule, version: int, as_of: date) -> Json:
        """Show the schedule."""
        return {
            "customer_id": state.customer_id,
            "rule": state.periods.rule,
            "starts_on": iso(state.periods.starts_on),
            "scope": state.scope,
            "language": state.language,
            "even_if_nothing": state.even_if_nothing,
            "next_from": iso(state.periods.next_from),
            "next_due_on": iso(state.periods.next_due()),
            "version": version,
        }


class StatementBalanceOut(BaseModel):
    """Balances of the accounts in one currency."""

    opening: MoneyModel
    debit: MoneyModel
    credit: MoneyModel
    closing: MoneyModel


class DecidedStatementOut(BaseModel):
    """A statement as it was decided."""

    first_day: date
    last_day: date
    scope: StatementScope
    language: str
    outcome: StatementOutcome
    customers: list[str]
    balances: list[StatementBalanceOut]
    content_sha256: str
    statement: str = Field(description="The statement itself, with the same content for ever.")

    @classmethod
    def of(cls, each: StatementDecided) -> Json:
        """Show a statement."""
        return {
            "first_day": iso(each.first_day),
            "last_day": iso(each.last_day),
            "scope": each.scope,
            "language": each.language,
            "outcome": each.outcome,
            "customers": list(each.customers),
            "balances": [
                {
                    "opening": money_json(balance.opening_minor, balance.currency),
                    "debit": money_json(balance.debit_minor, balance.currency),
                    "credit": money_json(balance.credit_minor, balance.currency),
                    "closing": money_json(balance.closing_minor, balance.currency),
                }
                for balance in each.balances
            ],
            "content_sha256": each.content_sha256,
            "statement": f"/v1/customers/{each.customer_id}/statement?from={each.first_day}&to={each.last_day}"
            f"&scope={each.scope}&known_at={each.at_position}",
        }


class StatementRecipientOut(BaseModel):
    """Contact for invoices and statements."""

    name: str
    email: str | None


class DecidedStatementsOut(AsOf):
    """Statements that were decided, the latest first."""

    customer_id: str
    recipient: StatementRecipientOut
    data: list[DecidedStatementOut]

    @classmethod
    def shown(cls, customer_id: str, to: Recipient, decided: Iterable[StatementDecided]) -> Json:
        """Show the statements."""
        return {
            "customer_id": customer_id,
            "recipient": {"name": to.name, "email": to.email},
            "data": [DecidedStatementOut.of(each) for each in decided],
        }


SCHEDULE_ANSWER = Answer(STATEMENT_SCHEDULE, StatementScheduleOut.of)

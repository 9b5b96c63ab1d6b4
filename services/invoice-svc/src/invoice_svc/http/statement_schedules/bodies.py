"""Request body of the schedule of statements."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.money.statement import StatementScope
from encours.http.models import Body, BusinessDate
from invoice_svc.domain.recurring.rule import MAX_LENGTH
from invoice_svc.domain.statement_schedule.commands import ScheduleStatements
from invoice_svc.http.common import Language


class StatementScheduleBody(Body):
    """Rule by which statements of the customer fall due; each is of the days since the one before."""

    rule: Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)] | None = Field(
        description="RFC 5545 in days; null ends the statements.",
        examples=["FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=WEEKLY;BYDAY=MO"],
    )
    starts_on: BusinessDate | None = Field(
        default=None, description="First day of the first statement; today if not given."
    )
    scope: StatementScope = Field(
        default="own", description="Its own account, those of all for whom it pays, or of its group."
    )
    language: Language | None = Field(default=None, description="That of the customer if not given.")
    even_if_nothing: bool = Field(
        default=False, description="Statements without an entry and without a balance are due too."
    )

    def to_command(self, customer_id: str) -> ScheduleStatements:
        """Return the command."""
        return ScheduleStatements(
            customer_id, self.rule, self.starts_on, self.scope, self.language, self.even_if_nothing
        )

"""Routes of the schedule of statements, and of the statements that were decided by it."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.contracts.recipients import recipient
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.domain.statement_schedule.commands import schedule_id
from invoice_svc.http.common import CustomerId
from invoice_svc.http.customers.answers import CUSTOMER_ANSWER
from invoice_svc.http.reads import read, show
from invoice_svc.http.statement_schedules.answers import (
    SCHEDULE_ANSWER,
    DecidedStatementsOut,
    StatementScheduleOut,
)
from invoice_svc.http.statement_schedules.bodies import StatementScheduleBody
from invoice_svc.use_cases.parties import statements

router = Router(tags=["Customers"])
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.put("/v1/customers/{customer_id}/statement-schedule", response_model=StatementScheduleOut)
async def schedule_statements(customer_id: CustomerId, body: StatementScheduleBody, cmd: Writing) -> Response:
    """Let statements of account fall due by a rule. Each is decided once, as the day opens; nothing is sent yet.

    The first one begins on `starts_on`, each other one on the day after the one before. Another rule leaves no day out.
    """
    wanted = body.to_command(customer_id)
    return await cmd.run(statements.schedule, wanted, answer=SCHEDULE_ANSWER, on=schedule_id(customer_id))


@router.get("/v1/customers/{customer_id}/statement-schedule", response_model=StatementScheduleOut)
async def get_statement_schedule(customer_id: CustomerId, q: Reading) -> Response:
    """Get the schedule of a customer's statements as of a date."""
    return await show(q, SCHEDULE_ANSWER, schedule_id(customer_id))


@router.get("/v1/customers/{customer_id}/statements", response_model=DecidedStatementsOut)
async def list_statements(customer_id: CustomerId, q: Reading) -> Response:
    """List the statements that were decided for a customer as of a date, the latest first.

    `statement` of each is the statement by what was known when it was decided: its hash is the same.
    """
    customer, _, _ = await read(q, CUSTOMER_ANSWER, customer_id)
    state, events, time = await read(q, SCHEDULE_ANSWER, schedule_id(customer_id))
    shown = DecidedStatementsOut.shown(customer_id, recipient(customer, "billing"), reversed(state.decided))
    return q.respond(shown | time.echo(), last=events[-1])

"""Commands on the schedule of a customer's statements."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from encours.contracts.events.money.statement import StatementScope
from encours.contracts.parties import merged_into
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.statement_schedule import decide
from invoice_svc.domain.statement_schedule.commands import ScheduleStatements, schedule_id
from invoice_svc.domain.statement_schedule.decide import StatementContent
from invoice_svc.use_cases.folds import CUSTOMER, STATEMENT_SCHEDULE
from invoice_svc.use_cases.parties.debtors import unmerged


class ReadStatement(Protocol):
    """Query for the content of a statement by what the ledger held at a position."""

    async def __call__(
        self,
        ledger: str,
        position: int,
        customer_id: str,
        scope: StatementScope,
        first: date,
        last: date,
        /,
    ) -> StatementContent: ...


async def schedule(session: Session, command: ScheduleStatements) -> Result:
    """Set the rule by which statements of a customer fall due."""
    customer = await unmerged(session, command.customer_id, pointer=None)
    stream = schedule_id(command.customer_id)
    state = await session.load(STATEMENT_SCHEDULE, stream)
    for event in decide.schedule(state, command, session.today):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def decide_next(
    session: Session, stream: str, until: date, position: int, read: ReadStatement
) -> Result | None:
    """Decide the next statement that is due by a day; None if there is none.

    The append verifies the version of the schedule's stream: a period has one statement, in however many processes and
    however often this runs.
    """
    state = await session.get(STATEMENT_SCHEDULE, stream)
    days = decide.period(state, until)
    if days is None:
        return None
    customer = await session.load(CUSTOMER, state.customer_id, guard=False)
    content = await session.ask(read, session.meta.ledger, position, state.customer_id, state.scope, *days)
    decided = decide.statement(
        state,
        days,
        content,
        at_position=position,
        language=customer.language,
        merged=merged_into(customer.merges, days[1]) is not None,
    )
    session.emit(stream, decided, entity=state.entity_id, effective_on=until)
    return session.result(stream)

"""Commands on recurring invoices and on the price indices that they follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.index import decide as index_rules
from invoice_svc.domain.index.commands import PublishIndex
from invoice_svc.domain.recurring import decide
from invoice_svc.domain.recurring.commands import (
    AgreeRecurring,
    EndRecurring,
    PauseRecurring,
    ResumeRecurring,
)
from invoice_svc.domain.recurring.indexation import indexed_by, require_base
from invoice_svc.domain.recurring.state import RecurringEvent
from invoice_svc.use_cases.folds import ENTITY, INDEX, INVOICE, RECURRING
from invoice_svc.use_cases.parties.debtors import survivor, unmerged
from invoice_svc.use_cases.sales import invoices


async def publish_index(session: Session, command: PublishIndex) -> Result:
    """Set values of a price index."""
    await session.get(ENTITY, command.entity_id)
    state = await session.load(INDEX, command.index_id)
    for event in index_rules.publish(state, command):
        session.emit(command.index_id, event, entity=command.entity_id)
    return session.result(command.index_id)


async def agree(session: Session, command: AgreeRecurring) -> Result:
    """Agree a recurring invoice. Its base value must be known if its prices follow an index."""
    entity = await session.get(ENTITY, command.entity_id)
    customer = await unmerged(session, command.customer_id)
    state = await session.load(RECURRING, command.recurring_id)
    agreed = decide.agree(state, command, entity, customer, session.today)
    if (asked := command.indexation) is not None:
        require_base(await session.get(INDEX, asked.index_id), asked.base_period)
    return _emit(session, command.recurring_id, command.entity_id, agreed)


async def pause(session: Session, command: PauseRecurring) -> Result:
    """Leave out the periods from today on."""
    state = await session.get(RECURRING, command.recurring_id)
    return _emit(session, state.recurring_id, state.entity_id, decide.pause(state, command, session.today))


async def resume(session: Session, command: ResumeRecurring) -> Result:
    """Bill the periods from today on again."""
    state = await session.get(RECURRING, command.recurring_id)
    return _emit(session, state.recurring_id, state.entity_id, decide.resume(state))


async def end(session: Session, command: EndRecurring) -> Result:
    """Bill no period after a day."""
    state = await session.get(RECURRING, command.recurring_id)
    ended = decide.end(state, command, command.ends_on or session.today)
    return _emit(session, state.recurring_id, state.entity_id, ended)


async def bill_next(session: Session, recurring_id: str, until: date) -> Result | None:
    """Bill the next period up to a day; None if there is none. Its invoice is dated today.

    The id of the invoice follows from rule and period, and the append verifies the version of the rule's stream: a
    period is billed once, in however many processes and however often this runs.
    """
    state = await session.get(RECURRING, recurring_id)
    period = state.schedule.first()
    if period is None or period > until:
        return None
    by = None
    if state.indexation is not None:
        by = indexed_by(state, await session.get(INDEX, state.indexation.index_id), period)
    invoice_id = derived_id("inv", "recurring", recurring_id, period)
    billed_to = await survivor(session, state.customer_id, session.today)
    drafted = decide.invoice_for(state, period, invoice_id, by, session.today)
    await invoices.draft(session, replace(drafted, customer_id=billed_to.customer_id))
    invoice = await session.load(INVOICE, invoice_id)
    billed = decide.bill(state, period, invoice_id, by, invoice.total_minor)
    return _emit(session, recurring_id, state.entity_id, [billed])


async def block(session: Session, recurring_id: str, refusal: DomainError) -> Result:
    """Record why the next period cannot be billed."""
    state = await session.get(RECURRING, recurring_id)
    period = state.schedule.first()
    blocked = [] if period is None else decide.block(state, period, refusal)
    return _emit(session, recurring_id, state.entity_id, blocked)


def _emit(session: Session, recurring_id: str, entity_id: str, events: Sequence[RecurringEvent]) -> Result:
    for event in events:
        session.emit(recurring_id, event, entity=entity_id)
    return session.result(recurring_id)

"""Commands on tasks."""

from __future__ import annotations

from dunning_svc.domain.hold.state import DEBTOR, DebtorMerged
from dunning_svc.domain.promise.state import PROMISE
from dunning_svc.domain.task import decide
from dunning_svc.domain.task.commands import CompleteTask, PostponeTask, RaiseTask, ReopenTask
from dunning_svc.domain.task.outcome import complete
from dunning_svc.domain.task.state import CLAIM, TASK, Task
from dunning_svc.use_cases.approvals import answer_approval
from dunning_svc.use_cases.promises import Debts, basis_of
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import TaskRaised
from encours.ledger.command import Result
from encours.ledger.merges import survivor
from encours.ledger.session import Session


async def raise_task(session: Session, command: RaiseTask) -> Result:
    """Open a task by hand."""
    debtor = await session.get(DEBTOR, command.customer_id)
    debtor_id, _ = await survivor(session, DEBTOR, command.customer_id, session.today)
    if debtor_id != command.customer_id:
        raise DebtorMerged(command.customer_id, debtor_id)
    claims = {each: await session.get(CLAIM, each) for each in command.invoice_ids}
    records = {command.customer_id}
    for claim in claims.values():
        if (await survivor(session, DEBTOR, claim.customer_id, session.today))[0] == debtor_id:
            records.add(claim.customer_id)
    event = decide.raise_task(command, claims, frozenset(records), session.today)
    session.emit(command.task_id, event, entity=debtor.entity_id)
    return session.result(command.task_id)


async def complete_task(session: Session, command: CompleteTask, debts: Debts) -> Result:
    """Record the outcome of a task, with what follows from it."""
    state = await session.get(TASK, command.task_id)
    if state.begun.kind == "approval":
        for stream, event in await answer_approval(session, command, state):
            session.emit(stream, event, entity=state.entity_id)
        return session.result(command.task_id)
    promise = command.promise
    about = () if promise is None else promise.invoice_ids or state.invoice_ids
    promising = await basis_of(session, debts, about)
    followed = await _followed(session, state)
    for stream, event in complete(state, command, session.today, promising, followed):
        session.emit(stream, event, entity=state.entity_id)
    return session.result(command.task_id)


async def _followed(session: Session, state: Task) -> TaskRaised | PromiseMade | None:
    """Return the promise or the task that followed from the outcome of a completed task."""
    done = state.completed
    if done is None:
        return None
    if done.promise_id is not None:
        return (await session.load(PROMISE, done.promise_id)).made
    if done.follow_up_id is not None:
        opened = (await session.load(TASK, done.follow_up_id)).opened
        return opened if isinstance(opened, TaskRaised) else None
    return None


async def postpone_task(session: Session, command: PostponeTask) -> Result:
    """Postpone a task."""
    state = await session.get(TASK, command.task_id)
    for event in decide.postpone(state, command, session.today):
        session.emit(command.task_id, event, entity=state.entity_id)
    return session.result(command.task_id)


async def reopen_task(session: Session, command: ReopenTask) -> Result:
    """Reopen a completed task."""
    state = await session.get(TASK, command.task_id)
    for event in decide.reopen(state, command, session.today):
        session.emit(command.task_id, event, entity=state.entity_id)
    return session.result(command.task_id)

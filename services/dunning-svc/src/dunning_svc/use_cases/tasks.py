"""Commands on tasks."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

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
    command = await _of_survivors(session, command)
    about = [each.invoice_ids or state.invoice_ids for each in command.promises]
    promising = await basis_of(session, debts, list(dict.fromkeys(chain.from_iterable(about))))
    followed = await _followed(session, state)
    for stream, event in complete(state, command, session.today, promising, followed):
        session.emit(stream, event, entity=state.entity_id)
    return session.result(command.task_id)


async def _of_survivors(session: Session, command: CompleteTask) -> CompleteTask:
    """Return the command with the record that stands for each debtor who promised."""
    promises = []
    for each in command.promises:
        named = each.customer_id
        if named is not None:
            named, _ = await survivor(session, DEBTOR, named, session.today)
        promises.append(replace(each, customer_id=named))
    return replace(command, promises=tuple(promises))


async def _followed(session: Session, state: Task) -> list[TaskRaised | PromiseMade]:
    """Return the promises or the task that followed from the outcome of a completed task."""
    done = state.completed
    if done is None:
        return []
    if done.promise_id is not None:
        ids = (done.promise_id, *done.further_promise_ids)
        promises = [await session.load(PROMISE, each) for each in ids]
        return [each.made for each in promises if each.made is not None]
    if done.follow_up_id is not None:
        opened = (await session.load(TASK, done.follow_up_id)).opened
        return [opened] if isinstance(opened, TaskRaised) else []
    return []


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

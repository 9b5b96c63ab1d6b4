"""Commands on tasks."""

from __future__ import annotations

from dunning_svc.domain.task.commands import CompleteTask
from dunning_svc.domain.task.decide import complete
from dunning_svc.domain.task.state import TASK
from encours.ledger.session import Session


async def complete_task(session: Session, cmd: CompleteTask) -> None:
    """Record the outcome of a task."""
    state = await session.load(TASK, cmd.task_id)
    for event in complete(state, cmd):
        session.emit(cmd.task_id, event, entity=state.entity_id)
    session.answer(task_id=cmd.task_id)

"""Commands on tasks."""

from __future__ import annotations

from dunning_svc.domain.task.commands import CompleteTask
from dunning_svc.domain.task.decide import complete
from dunning_svc.domain.task.state import TASK
from encours.ledger.command import Result
from encours.ledger.session import Session


async def complete_task(session: Session, command: CompleteTask) -> Result:
    """Record the outcome of a task."""
    state = await session.get(TASK, command.task_id)
    for event in complete(state, command):
        session.emit(command.task_id, event, entity=state.entity_id)
    return session.result(command.task_id)

"""What people command: holds and outcomes of tasks."""

from __future__ import annotations

from dunning_svc.domain.hold import DEBTOR, HOLD, PlaceHold, place
from dunning_svc.domain.task import TASK, CompleteTask, complete
from dunning_svc.read_models.facts import hold_stream
from encours.kernel.errors import NotFound
from encours.ledger.session import Session


async def place_hold(session: Session, cmd: PlaceHold) -> None:
    """Let dunning of a customer rest. Raises 404 for an unknown customer."""
    debtor = await session.load(DEBTOR, cmd.customer_id, guard=False)
    if not debtor.entity_id:
        raise NotFound("customer", cmd.customer_id)
    stream = hold_stream(cmd.customer_id)
    for event in place(await session.load(HOLD, stream), session.meta.today, cmd):
        session.emit(stream, event, entity=debtor.entity_id)
    session.answer(customer_id=cmd.customer_id, entity_id=debtor.entity_id)


async def complete_task(session: Session, cmd: CompleteTask) -> None:
    """Note what came of a task."""
    state = await session.load(TASK, cmd.task_id)
    for event in complete(state, cmd):
        session.emit(cmd.task_id, event, entity=state.entity_id)
    session.answer(task_id=cmd.task_id)

"""Approvals of a history: answered by a person, and settled by each day as the service does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunning_svc.domain.approval.decide import answered
from dunning_svc.domain.approval.state import Approvers
from dunning_svc.domain.reminder.state import REMINDER
from dunning_svc.domain.task.commands import CompleteTask
from dunning_svc.domain.task.state import TASK
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from dunning_svc.use_cases.approvals import settled_in
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.sales.approval import Approver
from encours.kernel.ids import with_prefix
from tests.histories.policies import ROLE

if TYPE_CHECKING:
    from tests.histories.dunning import History

APPROVERS = Approvers((Approver(role=ROLE, actor="boss", from_on=None, until_on=None, in_place_of=None),))


def proposals(history: History, upto: int | None = None) -> list[ReminderRequested]:
    """Return the messages that wait for an approval; with ``upto`` those that did before that position."""
    waiting = [
        row.reminder_id
        for row in history.rows.all(ReminderRow)
        if row.status == "proposed" and (upto is None or row.position < upto)
    ]
    return [e.data for e in history.events if isinstance(e.data, ReminderRequested) and e.stream in waiting]


def answer(history: History, outcome: str) -> ReminderRequested | None:
    """Approve or decline the oldest message that waits."""
    for request in proposals(history):
        task_id = with_prefix(request.reminder_id, "tsk")
        task = TASK.fold([e for e in history.events if e.stream == task_id])
        reminder = REMINDER.fold([e for e in history.events if e.stream == request.reminder_id])
        given = "approved" if outcome == "approved" else "declined"
        cmd = CompleteTask(task_id, given, "Not to this one")  # type: ignore[arg-type]
        for stream, event in answered(task, reminder, cmd, APPROVERS, "boss", history.today):
            history.add(event, stream)
        return request
    return None


def settle_all(history: History, opened: int) -> None:
    """Settle what waited when the day was opened, after its decisions: they do not see it before the next day."""
    for request in proposals(history, opened):
        entity = next(e.entity for e in history.events if e.stream == request.reminder_id)
        for stream, event in settled_in(history.rows, request, entity, history.today):
            history.add(event, stream)

"""Rules of approvals. A message whose step needs one waits as a proposal, with a task for the people of the role.

| answer | follows |
|---|---|
| ``approved`` | the message leaves, checked again like every other one |
| ``declined`` | the step is suppressed (``declined``), and the invoice goes on with the next one |
| none by the last day | what the policy says: suppressed (``not_approved``) in the same way, or it leaves |
| its grounds have gone | suppressed with their cause; the step is open again |
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from dunning_svc.domain.approval.state import Approvers
from dunning_svc.domain.ladder.recheck import suppression
from dunning_svc.domain.reminder.state import Reminder
from dunning_svc.domain.task.commands import CompleteTask
from dunning_svc.domain.task.outcome import Emitted, OutcomeDetails, TaskIsCompleted
from dunning_svc.domain.task.state import Task
from encours.contracts.events.dunning.reminders import (
    GivenApproval,
    ReminderRequested,
    SuppressionCause,
    TaskCompleted,
)
from encours.kernel.errors import Refusal
from encours.kernel.ids import with_prefix


class NotApproverOfStep(Refusal):
    """The caller may not approve for the role of the step on this day (403)."""

    code = "not-approver-of-step"
    title = "Caller is not an approver of the step"
    status = 403
    remedy = (
        "Have an approver of the role decide. GET the entity in invoice-svc for its approvers; "
        "PUT /v1/entities/{id}/approval sets them."
    )


def answered(
    task: Task, reminder: Reminder, cmd: CompleteTask, approvers: Approvers, actor: str, today: date
) -> list[Emitted]:
    """Approve or decline the message of a task; no event if it has that outcome.

    Raises :class:`TaskIsCompleted` for another one, :class:`OutcomeDetails`, :class:`NotApproverOfStep`.
    """
    if task.completed is not None:
        if (task.completed.outcome, task.completed.text) == (cmd.outcome, cmd.text):
            return []
        raise TaskIsCompleted(f"It was completed on {task.completed_on}: {task.completed.outcome}.")
    if cmd.outcome not in ("approved", "declined"):
        raise OutcomeDetails("The outcome of an approval is `approved` or `declined`.", "/outcome")
    if cmd.promises or cmd.paid_on is not None or cmd.next_on is not None:
        raise OutcomeDetails("An approval has an outcome and a text alone.", "/outcome")
    if cmd.outcome == "declined" and cmd.text is None:
        raise OutcomeDetails("Say in `text` why the message is declined.", "/text")
    request = reminder.requested
    assert request is not None
    assert request.approval is not None
    role = request.approval.role
    approver = approvers.of(role, actor, today)
    if approver is None:
        raise NotApproverOfStep(f"{actor} is no approver of {role} on {today}.")
    given = given_by(request, role, approver.in_place_of)
    if cmd.outcome == "approved":
        return [_completed(request, "approved", cmd.text, given)]
    return [
        _completed(request, "declined", cmd.text, given),
        (request.reminder_id, suppression(request, "declined", text=cmd.text)),
    ]


def settled(
    request: ReminderRequested, cause: SuppressionCause | None, because: Iterable[int], day: date
) -> list[Emitted]:
    """Return what becomes of a proposal on a day that is opened; no event while it waits.

    ``cause``: cause not to send the message by the case of the day, ``because`` of the events at these positions.
    """
    awaited = request.approval
    assert awaited is not None
    if cause is not None:
        withdrawn = suppression(request, cause, because)
        return [_completed(request, "withdrawn"), (request.reminder_id, withdrawn)]
    if day <= awaited.until:
        return []
    if awaited.unanswered == "send":
        return [_completed(request, "sent_unanswered", None, given_by(request, awaited.role, None))]
    return [
        _completed(request, "unanswered"),
        (request.reminder_id, suppression(request, "not_approved")),
    ]


def given_by(request: ReminderRequested, role: str, in_place_of: str | None) -> GivenApproval:
    """Return the answer to a proposal, with what it is about."""
    return GivenApproval(
        reminder_id=request.reminder_id,
        invoice_ids=tuple(item.invoice_id for item in request.items if item.step),
        role=role,
        in_place_of=in_place_of,
    )


def _completed(
    request: ReminderRequested, outcome: str, text: str | None = None, given: GivenApproval | None = None
) -> Emitted:
    task_id = with_prefix(request.reminder_id, "tsk")
    return task_id, TaskCompleted(
        task_id=task_id,
        customer_id=request.customer_id,
        outcome=outcome,
        text=text,
        approval=given,
    )

"""Rules of a task beside its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dunning_svc.domain.task.commands import PostponeTask, RaiseTask, ReopenTask
from dunning_svc.domain.task.outcome import TaskIsCompleted
from dunning_svc.domain.task.state import Task, TaskClaim
from encours.contracts.events.dunning.reminders import TaskRaised
from encours.contracts.events.dunning.tasks import TaskPostponed, TaskReopened
from encours.kernel.errors import Refusal


class TaskDueInThePast(Refusal):
    """The task would be due before today (422)."""

    code = "task-due-in-the-past"
    title = "Task is due in the past"
    status = 422
    remedy = "Use today or a later date."


class ApprovalIsBound(Refusal):
    """An approval keeps its last day, and its outcome."""

    code = "approval-is-bound"
    title = "Approval keeps its day and its outcome"
    remedy = "Complete the task by its day. What follows without an answer is in the policy."


class ClaimOfAnother(Refusal):
    """An invoice is not one of the customer, or of the currency (422)."""

    code = "task-invoices"
    title = "Invoice does not belong to the task"
    status = 422
    remedy = "Use issued invoices of the customer, all in the currency of the amount."


def raise_task(
    cmd: RaiseTask, claims: Mapping[str, TaskClaim], records: frozenset[str], today: date
) -> TaskRaised:
    """Open a task by hand; ``records`` are the customer and those that are merged into it.

    Raises :class:`TaskDueInThePast`, :class:`ClaimOfAnother`.
    """
    _require_coming(cmd.due_on, today)
    currencies = {claim.currency for claim in claims.values()} | ({cmd.currency} - {None})
    if len(currencies) > 1 or not {claim.customer_id for claim in claims.values()} <= records:
        raise ClaimOfAnother("The invoices are of several customers or currencies.", "/invoice_ids")
    return TaskRaised(
        task_id=cmd.task_id,
        customer_id=cmd.customer_id,
        day=today,
        kind=cmd.kind,
        cause=cmd.cause,
        currency=next(iter(currencies), None),
        amount_minor=cmd.amount_minor or 0,
        invoice_ids=cmd.invoice_ids,
        reminder_id=None,
        reply_id=None,
        due_on=cmd.due_on or today,
    )


def postpone(state: Task, cmd: PostponeTask, today: date) -> list[TaskPostponed]:
    """Postpone the task; no event if it is due on that day.

    Raises :class:`TaskIsCompleted`, :class:`TaskDueInThePast`, :class:`ApprovalIsBound`.
    """
    _require_free(state)
    if state.completed is not None:
        raise TaskIsCompleted(f"It was completed on {state.completed_on}: {state.completed.outcome}.")
    if state.due_on == cmd.due_on:
        return []
    _require_coming(cmd.due_on, today)
    return [
        TaskPostponed(
            task_id=cmd.task_id, customer_id=state.begun.customer_id, due_on=cmd.due_on, cause=cmd.cause
        )
    ]


def reopen(state: Task, cmd: ReopenTask, today: date) -> list[TaskReopened]:
    """Reopen the task, due today unless the command has a day; no event if it is open.

    Raises :class:`TaskDueInThePast`, :class:`ApprovalIsBound`.
    """
    _require_free(state)
    if state.completed is None:
        return []
    _require_coming(cmd.due_on, today)
    return [
        TaskReopened(
            task_id=cmd.task_id,
            customer_id=state.begun.customer_id,
            due_on=cmd.due_on or today,
            cause=cmd.cause,
        )
    ]


def _require_free(state: Task) -> None:
    if state.begun.kind == "approval":
        raise ApprovalIsBound(f"The message waits for its approval until {state.due_on}.")


def _require_coming(due_on: date | None, today: date) -> None:
    if due_on is not None and due_on < today:
        raise TaskDueInThePast(f"{due_on} has passed; today is {today}.", "/due_on")

"""Outcomes of tasks, and what follows from each in the same command.

| outcome | follows |
|---|---|
| ``promised`` | a promise of payment |
| ``paid_says`` | a task to find the payment |
| ``disputed`` | a task to examine the objection |
| ``no_answer`` | the same task again, on the day that is given |
| ``wrong_contact`` | a task to find another contact |
| ``done``, ``other`` | nothing |

Approvals have outcomes of their own (:mod:`dunning_svc.domain.approval.decide`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from msgspec.structs import replace

from dunning_svc.domain.policy.working_days import working_day_from
from dunning_svc.domain.promise.commands import NOTHING_OWED, MakePromise
from dunning_svc.domain.promise.decide import Promising, make
from dunning_svc.domain.task.commands import CompleteTask, PromisedPayment, TaskOutcome
from dunning_svc.domain.task.state import Task
from encours.contracts import Event
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskRaised
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_id

Emitted = tuple[str, Event]
"""Stream and event."""
_FOLLOW_UP: Mapping[TaskOutcome, Literal["payment", "dispute", "address"]] = {
    "paid_says": "payment",
    "disputed": "dispute",
    "wrong_contact": "address",
}
_CAUSES: Mapping[TaskOutcome, str] = {
    "paid_says": "The debtor says that it has paid",
    "disputed": "The debtor objects",
    "wrong_contact": "Wrong contact",
    "no_answer": "No answer",
}
_CALENDAR = "TARGET"


class TaskIsCompleted(Refusal):
    """The task has been completed with another outcome."""

    code = "task-completed"
    title = "Task has another outcome"
    remedy = "Get the task for its outcome. If that is wrong, reopen the task first."


class OutcomeDetails(Refusal):
    """The details do not fit the outcome (422)."""

    code = "outcome-details"
    title = "Details do not fit the outcome"
    status = 422
    remedy = (
        "Give `promise` with `promised` and with nothing else, `paid_on` with `paid_says` alone, `next_on` with an "
        "outcome that a task follows from, and `text` with `other` and `declined`. A task of the kind `approval` is "
        "`approved` or `declined`; others are neither."
    )


def complete(
    state: Task,
    cmd: CompleteTask,
    today: date,
    promising: Promising | None = None,
    followed: TaskRaised | PromiseMade | None = None,
) -> list[Emitted]:
    """Complete the task, with what follows; no event if it has that outcome. ``promising``: basis of its promise.

    ``followed``: what followed from the outcome that it has. Raises :class:`TaskIsCompleted` for another outcome or
    other details, :class:`OutcomeDetails`, and the refusals of promises.
    """
    number = state.completions + (state.completed is None)
    completed = TaskCompleted(
        task_id=cmd.task_id,
        customer_id=state.begun.customer_id,
        outcome=cmd.outcome,
        text=cmd.text,
        paid_on=cmd.paid_on,
    )
    if state.completed is not None:
        same = completed == replace(state.completed, promise_id=None, follow_up_id=None)
        if same and _led_to(cmd, followed):
            return []
        other = ", with other details" if same else ""
        raise TaskIsCompleted(f"It was completed on {state.completed_on}: {state.completed.outcome}{other}.")
    _check(cmd, today)
    if cmd.promise is not None:
        promise = _promise(state, cmd, cmd.promise, number, promising)
        completed = replace(completed, promise_id=promise.promise_id)
        return [(cmd.task_id, completed), *make(promise, promising or Promising(NOTHING_OWED), today)]
    if cmd.outcome in _CAUSES:
        task = _follow_up(state, cmd, number, today)
        completed = replace(completed, follow_up_id=task.task_id)
        return [(cmd.task_id, completed), (task.task_id, task)]
    return [(cmd.task_id, completed)]


def _led_to(cmd: CompleteTask, followed: TaskRaised | PromiseMade | None) -> bool:
    """Return True if the details given are those that the outcome had; what is left out is not compared."""
    wanted = cmd.promise
    if isinstance(followed, PromiseMade) and wanted is not None:
        return (
            wanted.promised_on == followed.promised_on
            and wanted.amount_minor in (None, followed.amount_minor)
            and wanted.currency in (None, followed.currency)
            and (not wanted.invoice_ids or {*wanted.invoice_ids} == {*followed.invoice_ids})
        )
    if isinstance(followed, TaskRaised) and cmd.next_on is not None:
        return cmd.next_on == followed.due_on
    return True


def _check(cmd: CompleteTask, today: date) -> None:
    if cmd.outcome in ("approved", "declined"):
        raise OutcomeDetails(f"`{cmd.outcome}` is the outcome of an approval.", "/outcome")
    promise = cmd.promise
    if (promise is None) == (cmd.outcome == "promised"):
        raise OutcomeDetails("`promise` goes with the outcome `promised`.", "/promise")
    if promise is not None and promise.promised_on < today:
        raise OutcomeDetails(f"Promised for {promise.promised_on}, which has passed.", "/promise/promised_on")
    if cmd.paid_on is not None and (cmd.outcome != "paid_says" or cmd.paid_on > today):
        raise OutcomeDetails("`paid_on` goes with `paid_says` and has come already.", "/paid_on")
    if cmd.outcome == "no_answer" and cmd.next_on is None:
        raise OutcomeDetails("Give the day on which to call again.", "/next_on")
    if cmd.next_on is not None and (cmd.outcome not in _CAUSES or cmd.next_on < today):
        raise OutcomeDetails(
            "`next_on` is today or later, with an outcome that a task follows from.", "/next_on"
        )
    if cmd.outcome == "other" and cmd.text is None:
        raise OutcomeDetails("Say in `text` what came of the task.", "/text")


def _promise(
    state: Task, cmd: CompleteTask, promised: PromisedPayment, number: int, promising: Promising | None
) -> MakePromise:
    """Return the promise; without an amount of its own that of the task, at most what is still open."""
    opened = state.begun
    currency = opened.currency or promised.currency
    amount_minor = promised.amount_minor
    if amount_minor is None:
        owed = opened.amount_minor if promising is None else promising.basis.owed_minor
        amount_minor = min(opened.amount_minor, owed)
    invoice_ids = promised.invoice_ids or state.invoice_ids
    if promised.currency not in (None, currency) or currency is None or amount_minor <= 0:
        raise OutcomeDetails("Give the promised amount in the currency of the task.", "/promise/amount")
    if not invoice_ids or not set(invoice_ids) <= set(state.invoice_ids):
        raise OutcomeDetails("The promise is for invoices of the task.", "/promise/invoice_ids")
    return MakePromise(
        promise_id=derived_id("prm", "task", cmd.task_id, number),
        invoice_ids=invoice_ids,
        currency=currency,
        amount_minor=amount_minor,
        promised_on=promised.promised_on,
        source="call" if opened.kind == "call" else "other",
        text=cmd.text,
    )


def _follow_up(state: Task, cmd: CompleteTask, number: int, today: date) -> TaskRaised:
    """Return the task that follows, due on the next business day unless the command has a day."""
    opened = state.begun
    cause = _CAUSES[cmd.outcome]
    if cmd.paid_on is not None:
        cause += f", on {cmd.paid_on}"
    again: Literal["call", "other"] = "call" if opened.kind == "call" else "other"
    return TaskRaised(
        task_id=derived_id("tsk", "follow-up", cmd.task_id, number),
        customer_id=opened.customer_id,
        day=today,
        kind=_FOLLOW_UP.get(cmd.outcome, again),
        cause=f"{cause}: {cmd.text}" if cmd.text else cause,
        currency=opened.currency,
        amount_minor=opened.amount_minor,
        invoice_ids=state.invoice_ids,
        reminder_id=None,
        reply_id=None,
        due_on=cmd.next_on or working_day_from(_CALENDAR, today + timedelta(days=1)),
        follows_id=cmd.task_id,
        owner=state.owner,
    )

"""Outcomes of tasks, and what follows from each in the same command.

| outcome | follows |
|---|---|
| ``promised`` | a promise of payment, or one of each debtor of a task about several |
| ``paid_says`` | a task to find the payment |
| ``disputed`` | a task to examine the objection |
| ``no_answer`` | the same task again, on the day that is given |
| ``wrong_contact`` | a task to find another contact |
| ``done``, ``other`` | nothing |

Approvals have outcomes of their own (:mod:`dunning_svc.domain.approval.decide`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from encours.kernel.errors import FieldError, Refusal
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
        "Give `promise` or `promises` with `promised` and with nothing else, `paid_on` with `paid_says` alone, "
        "`next_on` with an outcome that a task follows from, and `text` with `other` and `declined`. A task of the "
        "kind `approval` is `approved` or `declined`; others are neither."
    )


def complete(
    state: Task,
    cmd: CompleteTask,
    today: date,
    promising: Promising | None = None,
    followed: Sequence[TaskRaised | PromiseMade] = (),
) -> list[Emitted]:
    """Complete the task, with what follows; no event if it has that outcome. ``promising``: basis of its promises.

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
        same = completed == replace(
            state.completed, promise_id=None, further_promise_ids=(), follow_up_id=None
        )
        if same and _led_to(cmd, followed):
            return []
        other = ", with other details" if same else ""
        raise TaskIsCompleted(f"It was completed on {state.completed_on}: {state.completed.outcome}{other}.")
    _check(cmd, today)
    if cmd.promises:
        made = list(_made(state, cmd, number, promising or Promising(NOTHING_OWED), today))
        first, *further = (event.promise_id for _, event in made if isinstance(event, PromiseMade))
        completed = replace(completed, promise_id=first, further_promise_ids=tuple(further))
        return [(cmd.task_id, completed), *made]
    if cmd.outcome in _CAUSES:
        task = _follow_up(state, cmd, number, today)
        completed = replace(completed, follow_up_id=task.task_id)
        return [(cmd.task_id, completed), (task.task_id, task)]
    return [(cmd.task_id, completed)]


def _led_to(cmd: CompleteTask, followed: Sequence[TaskRaised | PromiseMade]) -> bool:
    """Return True if the details given are those that the outcome had; what is left out is not compared."""
    made = [each for each in followed if isinstance(each, PromiseMade)]
    if made and cmd.promises:
        pairs = zip(cmd.promises, made, strict=False)
        return len(made) == len(cmd.promises) and all(_same(*pair) for pair in pairs)
    tasks = [each for each in followed if isinstance(each, TaskRaised)]
    return cmd.next_on is None or all(cmd.next_on == each.due_on for each in tasks)


def _same(wanted: PromisedPayment, made: PromiseMade) -> bool:
    return (
        wanted.promised_on == made.promised_on
        and wanted.amount_minor in (None, made.amount_minor)
        and wanted.currency in (None, made.currency)
        and wanted.customer_id in (None, made.customer_id)
        and (not wanted.invoice_ids or {*wanted.invoice_ids} == {*made.invoice_ids})
    )


def _check(cmd: CompleteTask, today: date) -> None:
    if cmd.outcome in ("approved", "declined"):
        raise OutcomeDetails(f"`{cmd.outcome}` is the outcome of an approval.", "/outcome")
    if bool(cmd.promises) != (cmd.outcome == "promised"):
        raise OutcomeDetails("A promise goes with the outcome `promised`.", "/promise")
    for at, promise in _placed(cmd):
        if promise.promised_on < today:
            raise OutcomeDetails(
                f"Promised for {promise.promised_on}, which has passed.", f"{at}/promised_on"
            )
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


def _placed(cmd: CompleteTask) -> Iterator[tuple[str, PromisedPayment]]:
    """Yield the promises of an outcome, each with its place in the body."""
    for n, promise in enumerate(cmd.promises):
        yield "/promise" if promise.customer_id is None else f"/promises/{n}", promise


def _made(
    state: Task, cmd: CompleteTask, number: int, promising: Promising, today: date
) -> Iterator[Emitted]:
    """Yield the promises of the debtors, and the ends of those that they replace."""
    named: set[str] = set()
    for n, (at, promised) in enumerate(_placed(cmd)):
        # The first has the id that a sole one has always had.
        promise_id = derived_id("prm", "task", cmd.task_id, number, *([n] if n else []))
        promise = _promise(state, cmd, promised, promise_id, promising, at)
        if not named.isdisjoint(promise.invoice_ids):
            raise OutcomeDetails("An invoice is in one promise only.", f"{at}/invoice_ids")
        named.update(promise.invoice_ids)
        basis = promising.basis.about(promise.invoice_ids)
        try:
            yield from make(promise, Promising(basis, promising.earlier), today)
        except Refusal as refusal:
            refusal.errors = tuple(FieldError(at + each.pointer, each.detail) for each in refusal.errors)
            raise


def _promise(
    state: Task,
    cmd: CompleteTask,
    promised: PromisedPayment,
    promise_id: str,
    promising: Promising,
    at: str,
) -> MakePromise:
    """Return a promise; without an amount of its own that of the task, at most what is still open."""
    opened, known = state.begun, promising.basis
    currency = opened.currency or promised.currency
    about = set(state.invoice_ids)
    if promised.customer_id is not None:
        own = known.by_debtor().get(promised.customer_id)
        about &= set() if own is None else {each.invoice_id for each in own.invoices}
        if not about:
            raise OutcomeDetails("The customer owes no invoice of the task.", f"{at}/customer_id")
    invoice_ids = promised.invoice_ids or tuple(each for each in state.invoice_ids if each in about)
    if not invoice_ids or not set(invoice_ids) <= about:
        raise OutcomeDetails(
            "The promise is for invoices of the task, and of its debtor.", f"{at}/invoice_ids"
        )
    amount_minor = promised.amount_minor
    if amount_minor is None:
        owed = known.about(invoice_ids).owed_minor if known.invoices else opened.amount_minor
        amount_minor = min(opened.amount_minor, owed)
    if promised.currency not in (None, currency) or currency is None or amount_minor <= 0:
        raise OutcomeDetails("Give the promised amount in the currency of the task.", f"{at}/amount")
    return MakePromise(
        promise_id=promise_id,
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

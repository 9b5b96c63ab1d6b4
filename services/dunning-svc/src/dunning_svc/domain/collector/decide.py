"""Rules of a collector's record and of the assignment of tasks."""

from __future__ import annotations

from datetime import date

from dunning_svc.domain.collector.commands import AssignTask, DefineCollector, SetTarget, collector_id
from dunning_svc.domain.collector.state import Collector
from dunning_svc.domain.task.outcome import TaskIsCompleted
from dunning_svc.domain.task.state import Task
from encours.contracts.events.dunning.collectors import CollectorDefined, CollectorTargetSet
from encours.contracts.events.dunning.tasks import TaskAssigned
from encours.kernel.errors import Refusal


class CollectorContradicts(Refusal):
    """The record contradicts itself (422)."""

    code = "collector-contradiction"
    title = "Record of the collector contradicts itself"
    status = 422
    remedy = (
        "Use days in their order, from today on for `valid_from`; other collectors as substitutes and second level; "
        "and `second_level` together with `escalation_days`."
    )


def define(state: Collector, cmd: DefineCollector, today: date) -> list[CollectorDefined]:
    """Put a record in force from a day on; no event if it is the one that would be in force anyway.

    Raises :class:`CollectorContradicts`.
    """
    valid_from = cmd.valid_from or today
    event = CollectorDefined(
        collector_id=collector_id(cmd.code),
        collector_code=cmd.code,
        valid_from=valid_from,
        last_day=cmd.last_day,
        name=cmd.name,
        email=cmd.email,
        portfolio=cmd.portfolio,
        substitute=cmd.substitute,
        absences=cmd.absences,
        capacity=cmd.capacity,
        second_level=cmd.second_level,
        escalation_days=cmd.escalation_days,
    )
    known = state.on(valid_from)
    if known is not None and _content(known) == _content(event):
        return []
    _check(cmd, valid_from, today)
    return [event]


def _content(event: CollectorDefined) -> tuple[object, ...]:
    return (
        event.last_day,
        event.name,
        event.email,
        event.portfolio,
        event.substitute,
        event.absences,
        event.capacity,
        event.second_level,
        event.escalation_days,
    )


def _check(cmd: DefineCollector, valid_from: date, today: date) -> None:
    require_coming(valid_from, today)
    if cmd.last_day is not None and cmd.last_day < valid_from:
        raise CollectorContradicts("The last day is before the first one.", "/last_day")
    for i, absence in enumerate(cmd.absences):
        if absence.last_day < absence.first_day:
            raise CollectorContradicts("The absence ends before it begins.", f"/absences/{i}/last_day")
    if cmd.code in cmd.others:
        raise CollectorContradicts("A collector cannot stand in for itself, or be its own second level.")
    if (cmd.second_level is None) != (cmd.escalation_days is None):
        raise CollectorContradicts(
            "Give both `second_level` and `escalation_days`, or neither.", "/second_level"
        )


def set_target(state: Collector, cmd: SetTarget, today: date) -> list[CollectorTargetSet]:
    """Set a cash target of this month or a later one; no event if it is set. Raises :class:`CollectorContradicts`."""
    if cmd.month < today.replace(day=1):
        raise CollectorContradicts(f"{cmd.month:%Y-%m} has passed; today is {today}.", "/month")
    event = CollectorTargetSet(
        collector_id=collector_id(cmd.code),
        collector_code=cmd.code,
        month=cmd.month,
        currency=cmd.currency,
        amount_minor=cmd.amount_minor,
    )
    return [] if event in state.targets else [event]


def require_coming(valid_from: date, today: date) -> None:
    """Raise :class:`CollectorContradicts` for a day that has passed."""
    if valid_from < today:
        raise CollectorContradicts(f"{valid_from} has passed; today is {today}.", "/valid_from")


def assign(state: Task, cmd: AssignTask) -> list[TaskAssigned]:
    """Give a task to a collector; no event if it is given to that one. Raises :class:`TaskIsCompleted`."""
    if state.completed is not None:
        raise TaskIsCompleted(f"It was completed on {state.completed_on}: {state.completed.outcome}.")
    if state.owner == cmd.owner:
        return []
    return [
        TaskAssigned(
            task_id=cmd.task_id, customer_id=state.begun.customer_id, owner=cmd.owner, cause=cmd.cause
        )
    ]

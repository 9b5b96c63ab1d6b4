"""How this service's own events move items, decisions, reminders, tasks and runs."""

from __future__ import annotations

from msgspec.structs import replace

from dunning_svc.domain.ladder.policy import DEFAULT_POLICY
from dunning_svc.read_models.rows import (
    DecisionRow,
    ItemRow,
    ReminderRow,
    Rows,
    RunRow,
    TaskRow,
    found,
    scheduled,
    with_word,
    words,
)
from encours.contracts import Recorded, calendar, decode, dunning, encode, event_class

DecisionFact = dunning.ReminderRequested | dunning.ReminderSuppressed | dunning.TaskOpened
OutcomeFact = dunning.ReminderSent | dunning.ReminderFailed | dunning.ReminderUnconfirmed


def decided(e: Recorded, data: DecisionFact, rows: Rows) -> None:
    """A step taken is done, and so are those it superseded; one decided against stays open."""
    passed = set(() if isinstance(data, dunning.ReminderSuppressed) else data.superseded)
    for dunned in data.items:
        if not dunned.step:
            continue
        row = found(rows, ItemRow, dunned.invoice_id)
        if isinstance(data, dunning.ReminderSuppressed):
            row = replace(row, suppressed=with_word(row.suppressed, dunned.step))
        else:
            lower = [s.code for s in DEFAULT_POLICY.steps if f"{row.invoice_id}:{s.code}" in passed]
            row = replace(row, done=with_word(row.done, *lower, dunned.step))
        rows.put(scheduled(row))
    rows.put(_decision_row(e, data))
    if isinstance(data, dunning.TaskOpened):
        rows.put(_task_row(e, data))
    else:
        rows.put(_reminder_row(e, data))


def _decision_row(e: Recorded, data: DecisionFact) -> DecisionRow:
    return DecisionRow(
        decision_id=data.decision_id,
        position=e.position,
        type=e.type,
        day=data.day,
        day_event=str(e.causation_id) if e.causation_id is not None else "",
        customer_id=data.customer_id,
        entity_id=e.entity,
        currency=data.currency,
        document=encode(data).decode(),
    )


def _task_row(e: Recorded, data: dunning.TaskOpened) -> TaskRow:
    return TaskRow(
        task_id=data.task_id,
        decision_id=data.decision_id,
        customer_id=data.customer_id,
        entity_id=e.entity,
        day=data.day,
        kind=data.kind,
        step=data.step,
        currency=data.currency,
        amount_minor=data.amount_minor,
        invoice_ids=[dunned.invoice_id for dunned in data.items],
        position=e.position,
        outcome=None,
        text=None,
        completed_position=None,
        completed_on=None,
    )


def _reminder_row(e: Recorded, data: dunning.ReminderRequested | dunning.ReminderSuppressed) -> ReminderRow:
    suppressed = isinstance(data, dunning.ReminderSuppressed)
    return ReminderRow(
        reminder_id=data.reminder_id,
        decision_id=data.decision_id,
        customer_id=data.customer_id,
        entity_id=e.entity,
        day=data.day,
        channel=data.channel,
        step=data.step,
        template="" if isinstance(data, dunning.ReminderSuppressed) else data.template,
        language="" if isinstance(data, dunning.ReminderSuppressed) else data.language,
        currency=data.currency,
        amount_minor=data.amount_minor,
        credit_minor=data.credit_minor,
        invoice_ids=[dunned.invoice_id for dunned in data.items],
        position=e.position,
        status="suppressed" if suppressed else "requested",
        cause=data.cause if isinstance(data, dunning.ReminderSuppressed) else None,
        message_id=None,
        evidence=None,
        outcome_position=e.position if suppressed else None,
        outcome_on=e.effective_on if suppressed else None,
    )


def withdrawn(e: Recorded, data: dunning.ReminderSuppressed, rows: Rows) -> None:
    """Held back just before it would have left: its step was not taken and may still come."""
    for dunned in data.items:
        if not dunned.step:
            continue
        row = found(rows, ItemRow, dunned.invoice_id)
        rows.put(
            scheduled(replace(row, done=" ".join(code for code in words(row.done) if code != dunned.step)))
        )
    reminder = found(rows, ReminderRow, data.reminder_id)
    rows.put(
        replace(
            reminder,
            status="suppressed",
            cause=data.cause,
            outcome_position=e.position,
            outcome_on=e.effective_on,
        )
    )


def answered(e: Recorded, data: OutcomeFact, rows: Rows) -> None:
    match data:
        case dunning.ReminderSent():
            status, evidence = "sent", data.evidence
        case dunning.ReminderFailed():
            status, evidence = "failed", data.evidence
        case dunning.ReminderUnconfirmed():
            status, evidence = "unconfirmed", ""
    reminder = found(rows, ReminderRow, data.reminder_id)
    rows.put(
        replace(
            reminder,
            status=status,
            message_id=data.message_id,
            evidence=evidence or None,
            outcome_position=e.position,
            outcome_on=e.effective_on,
        )
    )


def task_completed(e: Recorded, data: dunning.TaskCompleted, rows: Rows) -> None:
    task = found(rows, TaskRow, data.task_id)
    rows.put(
        replace(
            task,
            outcome=data.outcome,
            text=data.text,
            completed_position=e.position,
            completed_on=e.effective_on,
        )
    )


def run_moved(e: Recorded, data: calendar.DayOpened | dunning.RunCompleted, rows: Rows) -> None:
    if isinstance(data, calendar.DayOpened):
        rows.put(
            RunRow(
                day=data.day,
                position=e.position,
                day_event=str(e.event_id),
                late=data.late,
                requested=0,
                suppressed=0,
                tasks=0,
                pending=0,
                completed_position=None,
                completed_on=None,
            )
        )
        return
    row = found(rows, RunRow, data.day)
    rows.put(
        replace(
            row,
            requested=data.requested,
            suppressed=data.suppressed,
            tasks=data.tasks,
            pending=data.pending,
            completed_position=e.position,
            completed_on=e.effective_on,
        )
    )


def document_of(row: DecisionRow) -> DecisionFact:
    """The event that the decision was written down as."""
    event = decode(row.type, event_class(row.type).VERSION, row.document.encode())
    assert isinstance(event, DecisionFact)
    return event

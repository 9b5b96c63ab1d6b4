"""Decisions of the ladder, outcomes of reminders, and the runs of days."""

from __future__ import annotations

from datetime import date

from msgspec import json
from msgspec.structs import replace

from dunning_svc.domain.policy.hours import leaves_on
from dunning_svc.domain.policy.schedule import Mark
from dunning_svc.read_models.cases.fold.amounts import account_of
from dunning_svc.read_models.cases.fold.items import marked, scheduled
from dunning_svc.read_models.cases.fold.policies import step_at
from dunning_svc.read_models.cases.fold.work import task_opened
from dunning_svc.read_models.cases.rows.access import Rows, existing, with_steps
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from dunning_svc.read_models.cases.rows.reminders import DecisionRow, ReminderRow, RunRow
from encours.contracts import Recorded, decode, encode, event_class
from encours.contracts.events import calendar, reminders

DecisionEvent = reminders.ReminderRequested | reminders.ReminderSuppressed | reminders.TaskOpened
_NOT_APPROVED = ("declined", "not_approved")
OutcomeEvent = reminders.ReminderSent | reminders.ReminderFailed | reminders.ReminderUnconfirmed


def decided(e: Recorded, data: DecisionEvent, rows: Rows) -> None:
    """Store a decision, and what the next one depends on."""
    rows.put(_decision_row(e, data))
    steps_decided(e, data, rows)


def steps_decided(e: Recorded, data: DecisionEvent, rows: Rows) -> None:
    """Mark the step and those that it superseded as done; a suppressed step stays open. Store reminder or task."""
    changed: set[str] = set()
    for customer_id, since in _debtors_of(data):
        account = account_of(rows, customer_id, e.entity, data.currency)
        if (data.basis.policy_id, data.basis.policy_version) != (account.policy_id, account.policy_version):
            changed.add(customer_id)
        rows.put(_decided(account, data, since))
    superseded = () if isinstance(data, reminders.ReminderSuppressed) else data.superseded
    passed = [entry.rpartition(":") for entry in superseded]
    proposed = isinstance(data, reminders.ReminderRequested) and data.approval is not None
    mark: Mark | None = "proposed" if proposed else None
    for dunned in data.items:
        if not dunned.step or (row := _item(rows, data, dunned.invoice_id)) is None:
            continue
        if (dunned.customer_id or data.customer_id) in changed and data.basis.choice is not None:
            row = replace(row, suppressed=[])
        if isinstance(data, reminders.ReminderSuppressed):
            row = replace(row, suppressed=with_steps(row.suppressed, dunned.step))
        else:
            lower = [code for invoice_id, _, code in passed if invoice_id == row.invoice_id]
            step = step_at(rows, data.basis, dunned.step)
            row = replace(
                row,
                done=with_steps(row.done, *lower, dunned.step),
                taken=[*row.taken, marked(f"{dunned.step} {data.day} {step.act} {step.offset_days}", mark)],
            )
        rows.put(scheduled(row))
    for left in data.suppressed:
        row = _item(rows, data, left.invoice_id)
        if row is not None:
            rows.put(replace(row, suppressed=with_steps(row.suppressed, left.step)))
    if isinstance(data, reminders.TaskOpened):
        task_opened(e, data, rows)
    else:
        rows.put(_reminder_row(e, data))


def _item(rows: Rows, data: DecisionEvent, invoice_id: str) -> ItemRow | None:
    """Return an item of a decision. Of one about several customers some are absent where only some are folded.

    Raises ``LookupError`` for a missing one of a single case.
    """
    return rows.get(ItemRow, invoice_id) if data.debtors else existing(rows, ItemRow, invoice_id)


def _debtors_of(data: DecisionEvent) -> list[tuple[str, date | None]]:
    """Return the customers whose cases were decided, each with the day since which the policy is applied to it."""
    choice = data.basis.choice
    if data.debtors:
        return [(each.customer_id, each.since) for each in data.debtors]
    return [(data.customer_id, None if choice is None else choice.since)]


def _decided(account: AccountRow, data: DecisionEvent, since: date | None) -> AccountRow:
    return replace(
        account,
        decided_on=data.day,
        policy_id=data.basis.policy_id,
        policy_version=data.basis.policy_version,
        policy_since=since,
    )


def _decision_row(e: Recorded, data: DecisionEvent) -> DecisionRow:
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


def _reminder_row(
    e: Recorded, data: reminders.ReminderRequested | reminders.ReminderSuppressed
) -> ReminderRow:
    suppressed = isinstance(data, reminders.ReminderSuppressed)
    hours = None if isinstance(data, reminders.ReminderSuppressed) else data.hours
    approval = None if isinstance(data, reminders.ReminderSuppressed) else data.approval
    return ReminderRow(
        reminder_id=data.reminder_id,
        decision_id=data.decision_id,
        customer_id=data.customer_id,
        entity_id=e.entity,
        day=data.day,
        channel=data.channel,
        step=data.step,
        template="" if isinstance(data, reminders.ReminderSuppressed) else data.template,
        language="" if isinstance(data, reminders.ReminderSuppressed) else data.language,
        currency=data.currency,
        amount_minor=data.amount_minor,
        credit_minor=data.credit_minor,
        invoice_ids=[dunned.invoice_id for dunned in data.items],
        position=e.position,
        status="suppressed" if suppressed else "proposed" if approval else "requested",
        cause=data.cause if isinstance(data, reminders.ReminderSuppressed) else None,
        message_id=None,
        evidence=None,
        outcome_position=e.position if suppressed else None,
        outcome_on=e.effective_on if suppressed else None,
        leaves_on=leaves_on(hours, data.day, e.recorded_at),
        hours="" if hours is None else json.encode(hours).decode(),
        grouping="customer" if isinstance(data, reminders.ReminderSuppressed) else data.grouping,
        approver="" if approval is None else approval.role,
        debtor_ids=[each.customer_id for each in data.debtors],
        contact=_contact(e, data) if data.debtors else "",
    )


def _contact(e: Recorded, data: reminders.ReminderRequested | reminders.ReminderSuppressed) -> str:
    basis = data.basis
    return (
        f"{data.day} {data.customer_id} {e.entity} {data.currency} {basis.policy_id} {basis.policy_version}"
    )


def withdrawn(e: Recorded, data: reminders.ReminderSuppressed, rows: Rows) -> None:
    """Reopen the step of a reminder that was suppressed just before dispatch: it may still be taken.

    One whose message was not approved is passed over; those of other invoices in the message are open again.
    """
    for dunned in data.items:
        if not dunned.step or (row := _item(rows, data, dunned.invoice_id)) is None:
            continue
        if data.cause in _NOT_APPROVED and dunned.step == data.step:
            own = [entry.partition(" ")[0] == dunned.step for entry in row.taken]
            passed = [
                marked(entry, "declined") if is_own else entry
                for entry, is_own in zip(row.taken, own, strict=True)
            ]
            rows.put(scheduled(replace(row, taken=passed)))
            continue
        done = [code for code in row.done if code != dunned.step]
        taken = [entry for entry in row.taken if entry.partition(" ")[0] != dunned.step]
        rows.put(scheduled(replace(row, done=done, taken=taken)))
    reminder = existing(rows, ReminderRow, data.reminder_id)
    rows.put(
        replace(
            reminder,
            status="suppressed",
            cause=data.cause,
            because=" ".join(map(str, data.because)),
            text=data.text,
            outcome_position=e.position,
            outcome_on=e.effective_on,
        )
    )


def outcome_recorded(e: Recorded, data: OutcomeEvent, rows: Rows) -> None:
    """Store the outcome of the dispatch."""
    match data:
        case reminders.ReminderSent():
            status, evidence = "sent", data.evidence
        case reminders.ReminderFailed():
            status, evidence = "failed", data.evidence
        case reminders.ReminderUnconfirmed():
            status, evidence = "unconfirmed", ""
    reminder = existing(rows, ReminderRow, data.reminder_id)
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


def day_opened(e: Recorded, data: calendar.DayOpened, rows: Rows) -> None:
    """Open the run of the day."""
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


def run_completed(e: Recorded, data: reminders.RunCompleted, rows: Rows) -> None:
    """Complete the run with its counts."""
    rows.put(
        replace(
            existing(rows, RunRow, data.day),
            requested=data.requested,
            suppressed=data.suppressed,
            tasks=data.tasks,
            pending=data.pending,
            completed_position=e.position,
            completed_on=e.effective_on,
        )
    )


def document_of(row: DecisionRow) -> DecisionEvent:
    """Return the event of a stored decision."""
    event = decode(row.type, event_class(row.type).VERSION, row.document.encode())
    assert isinstance(event, DecisionEvent)
    return event

"""Tasks, collectors and the customers that were given to them, folded into rows."""

from __future__ import annotations

from msgspec.structs import replace

from dunning_svc.read_models.cases.fold.approvals import approved
from dunning_svc.read_models.cases.rows.access import Rows, existing
from dunning_svc.read_models.cases.rows.collectors import AssignmentRow, CollectorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.tasks import TaskRow, first_state
from encours.contracts import Recorded, encode
from encours.contracts.events.dunning.collectors import CollectorDefined, CustomersAssigned
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskOpened, TaskRaised
from encours.contracts.events.dunning.tasks import TaskAssigned, TaskPostponed, TaskReopened

TaskMove = TaskCompleted | TaskPostponed | TaskAssigned | TaskReopened


def task_opened(e: Recorded, data: TaskOpened | TaskRaised, rows: Rows) -> None:
    """Store a task of the ladder, or one that follows from something else."""
    step = data if isinstance(data, TaskOpened) else None
    due_on = data.day if isinstance(data, TaskOpened) else data.due_on or data.day
    rows.put(
        TaskRow(
            task_id=data.task_id,
            decision_id=step.decision_id if step else "",
            customer_id=data.customer_id,
            entity_id=e.entity,
            day=data.day,
            kind=data.kind,
            step=step.step if step else "",
            currency=data.currency or "",
            amount_minor=data.amount_minor,
            invoice_ids=(
                [dunned.invoice_id for dunned in data.items]
                if isinstance(data, TaskOpened)
                else list(data.invoice_ids)
            ),
            position=e.position,
            debtor_ids=[each.customer_id for each in step.debtors] if step else _debtors(data, rows),
            cause=data.cause if isinstance(data, TaskRaised) else None,
            follows_id=data.follows_id if isinstance(data, TaskRaised) else None,
            states=first_state(
                e.position, data.day, due_on, data.owner if isinstance(data, TaskRaised) else None
            ),
        )
    )


def _debtors(data: TaskOpened | TaskRaised, rows: Rows) -> list[str]:
    """Return the other customers whose invoices a task names: one that follows from a message to their payer."""
    named = data.invoice_ids if isinstance(data, TaskRaised) else ()
    found = {row.customer_id for each in named if (row := rows.get(ItemRow, each)) is not None}
    return sorted(found - {data.customer_id})


def task_moved(e: Recorded, data: TaskMove, rows: Rows) -> None:
    """Store the next state of a task."""
    row = existing(rows, TaskRow, data.task_id)
    state = replace(row.state, position=e.position, on=e.effective_on)
    match data:
        case TaskPostponed():
            state = replace(state, due_on=data.due_on)
        case TaskAssigned():
            state = replace(state, owner=data.owner)
        case TaskReopened():
            state = replace(
                state,
                status="open",
                due_on=data.due_on,
                outcome=None,
                text=None,
                completed_on=None,
                paid_on=None,
                promise_id=None,
                further_promise_ids=(),
                follow_up_id=None,
            )
        case TaskCompleted():
            if data.approval is not None and data.outcome != "declined":
                approved(e, data.approval, rows)
            state = replace(
                state,
                status="completed",
                outcome=data.outcome,
                text=data.text,
                completed_on=e.effective_on,
                paid_on=data.paid_on,
                promise_id=data.promise_id,
                further_promise_ids=data.further_promise_ids,
                follow_up_id=data.follow_up_id,
            )
    rows.put(row.moved(state))


def collector_changed(e: Recorded, data: CollectorDefined | CustomersAssigned, rows: Rows) -> None:
    """Store a version of a collector, or the customers that it was given."""
    match data:
        case CollectorDefined():
            rows.put(
                CollectorRow(
                    collector_code=data.collector_code,
                    position=e.position,
                    recorded_on=e.effective_on,
                    document=encode(data).decode(),
                )
            )
        case CustomersAssigned():
            for customer_id in data.customer_ids:
                rows.put(
                    AssignmentRow(
                        customer_id=customer_id,
                        position=e.position,
                        recorded_on=e.effective_on,
                        valid_from=data.valid_from,
                        collector_code=data.collector_code,
                    )
                )

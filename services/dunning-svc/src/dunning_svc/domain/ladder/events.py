"""A decision as the event that goes into the ledger. Its ids follow from its cause."""

from __future__ import annotations

from uuid import UUID

from dunning_svc.domain.ladder.decision import Decision
from encours.contracts.events.dunning.reminders import (
    DecisionBasis,
    ReminderRequested,
    ReminderSuppressed,
    TaskOpened,
    TaskRaised,
)
from encours.kernel.ids import derived_uuid, with_prefix

DecisionEvent = ReminderRequested | ReminderSuppressed | TaskOpened


def decision_key(
    ledger: str,
    day_event: UUID,
    customer_id: str,
    entity_id: str,
    currency: str,
    part: str | None = None,
) -> UUID:
    """Return the id of the decision for a customer, creditor and currency on a day; the same on repetition.

    ``part``: of the decision, if there may be several.
    """
    parts = (customer_id, entity_id, currency, *([part] if part else []))
    return derived_uuid("dunning", ledger, day_event, *parts)


def approval_task(event: DecisionEvent) -> TaskRaised | None:
    """Return the task of approving the message of a decision, if it needs an approval; it has the reminder's digits."""
    if not isinstance(event, ReminderRequested) or event.approval is None:
        return None
    means = event.channel.replace("_", " ")
    return TaskRaised(
        task_id=with_prefix(event.reminder_id, "tsk"),
        customer_id=event.customer_id,
        day=event.day,
        kind="approval",
        cause=f"Approve or decline step {event.step} ({means}) as {event.approval.role}.",
        currency=event.currency,
        amount_minor=event.amount_minor,
        invoice_ids=tuple(item.invoice_id for item in event.items),
        reminder_id=event.reminder_id,
        reply_id=None,
        due_on=event.approval.until,
    )


def stream_of(event: DecisionEvent) -> str:
    """Return the stream that the decision opens."""
    return event.task_id if isinstance(event, TaskOpened) else event.reminder_id


def as_event(decision: Decision, key: UUID) -> DecisionEvent:
    """Return the event of a decision: a reminder requested or suppressed, or a task."""
    reminder_id, decision_id = f"rem_{key.hex}", f"dec_{key.hex}"
    step = decision.step
    basis = DecisionBasis(
        policy_id=decision.policy_id,
        policy_version=decision.policy_version,
        position=decision.position,
        input_events=decision.input_events,
        choice=decision.choice,
        earlier_days=decision.earlier_days,
    )
    if decision.cause is not None:
        return ReminderSuppressed(
            reminder_id=reminder_id,
            decision_id=decision_id,
            customer_id=decision.customer_id,
            day=decision.day,
            channel=step.channel,
            step=step.code,
            currency=decision.currency,
            items=decision.items,
            credit_minor=decision.credit_minor,
            amount_minor=decision.amount_minor,
            cause=decision.cause,
            basis=basis,
            suppressed=decision.suppressed,
            debtors=decision.debtors,
        )
    if step.act == "call" or step.act == "litigation_file":
        return TaskOpened(
            task_id=with_prefix(reminder_id, "tsk"),
            decision_id=decision_id,
            customer_id=decision.customer_id,
            day=decision.day,
            kind=step.act,
            step=step.code,
            currency=decision.currency,
            items=decision.items,
            credit_minor=decision.credit_minor,
            amount_minor=decision.amount_minor,
            superseded=decision.superseded,
            basis=basis,
            suppressed=decision.suppressed,
            debtors=decision.debtors,
        )
    return ReminderRequested(
        reminder_id=reminder_id,
        decision_id=decision_id,
        customer_id=decision.customer_id,
        day=decision.day,
        channel=step.channel,
        step=step.code,
        template=step.template,
        language=decision.language,
        currency=decision.currency,
        items=decision.items,
        credit_minor=decision.credit_minor,
        amount_minor=decision.amount_minor,
        superseded=decision.superseded,
        basis=basis,
        suppressed=decision.suppressed,
        addressee_id=decision.addressee_id if decision.addressee_id != decision.customer_id else None,
        late_terms_hidden=step.late_terms_hidden,
        hours=decision.hours,
        approval=decision.approval,
        grouping=decision.grouping,
        debtors=decision.debtors,
    )

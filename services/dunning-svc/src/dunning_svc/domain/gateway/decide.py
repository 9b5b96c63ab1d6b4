"""States of a message that a gateway carries. One that is undeliverable opens its steps again and raises a task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dunning_svc.domain.gateway.commands import TrackMessage
from dunning_svc.domain.reminder.state import Reminder
from dunning_svc.domain.reply.decide import Emitted
from encours.contracts.events.dunning.reminders import ReminderRequested, TaskRaised
from encours.contracts.events.dunning.replies import BouncedStep, ReminderTracked
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_id


class OutcomeNotRecorded(Refusal):
    """The reminder is being handed over, and its outcome is not recorded yet (503)."""

    code = "outcome-not-recorded"
    title = "Outcome of the reminder is not recorded yet"
    status = 503
    remedy = "Send the event again after Retry-After seconds."


class MessageNotSent(Refusal):
    """The reminder was suppressed or has failed, so that no message of it can have a state (409)."""

    code = "message-not-sent"
    title = "Reminder was not sent"
    remedy = "Get the reminder for its outcome. If its message was delivered, tell the people in charge."


class MessageNotCarried(Refusal):
    """The message left by e-mail, which no gateway carries (409)."""

    code = "message-not-carried"
    title = "No gateway carries this message"
    remedy = "Name the reminder whose order the gateway has taken."


def track(reminder: Reminder, cmd: TrackMessage, address: str | None, today: date) -> Iterator[Emitted]:
    """Yield the state and what follows from it; nothing if the state is recorded already.

    ``address``: the one that the message was sent to. Raises :class:`OutcomeNotRecorded`, :class:`MessageNotSent` and
    :class:`MessageNotCarried`.
    """
    requested = reminder.requested
    if not reminder.concluded:
        raise OutcomeNotRecorded(f"{cmd.reminder_id} is being handed over.", retry_after_s=5)
    if requested is None or not reminder.left:
        raise MessageNotSent(f"{cmd.reminder_id} was suppressed or has failed.")
    if requested.channel == "email":
        raise MessageNotCarried(f"{cmd.reminder_id} left by e-mail.")
    if cmd.state in reminder.carried:
        return
    undeliverable = cmd.state == "returned" and cmd.returned_for == "undeliverable"
    steps = [BouncedStep(invoice_id=i.invoice_id, step=i.step) for i in requested.items if i.step]
    yield (
        cmd.reminder_id,
        ReminderTracked(
            reminder_id=cmd.reminder_id,
            customer_id=requested.customer_id,
            addressee_id=requested.addressee_id or requested.customer_id,
            channel=requested.channel,
            state=cmd.state,
            on=cmd.on or today,
            returned_for=cmd.returned_for,
            address=address if undeliverable else None,
            carrier_reference=cmd.carrier_reference,
            detail=cmd.detail,
            gateway_event_id=cmd.gateway_event_id,
            content_sha256=cmd.content_sha256,
            steps=tuple(steps) if undeliverable else (),
        ),
    )
    if undeliverable and not reminder.bounced:
        yield _address_task(cmd, requested, address, today)


def _address_task(
    cmd: TrackMessage, requested: ReminderRequested, address: str | None, today: date
) -> Emitted:
    task_id = derived_id("tsk", "bounce", requested.reminder_id)
    return task_id, TaskRaised(
        task_id=task_id,
        customer_id=requested.customer_id,
        day=today,
        kind="address",
        cause=f"Not deliverable: {address or 'address unknown'}" + (f" ({cmd.detail})" if cmd.detail else ""),
        currency=requested.currency,
        amount_minor=requested.amount_minor,
        invoice_ids=tuple(item.invoice_id for item in requested.items),
        reminder_id=requested.reminder_id,
        reply_id=None,
    )

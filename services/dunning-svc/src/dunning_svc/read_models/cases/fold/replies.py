"""Replies, bounces and receipts, folded into rows."""

from __future__ import annotations

from msgspec.structs import replace

from dunning_svc.domain.reply.state import Judged, needs_person
from dunning_svc.read_models.cases.fold.items import scheduled
from dunning_svc.read_models.cases.rows.access import Rows, existing, with_position
from dunning_svc.read_models.cases.rows.parties import DebtorRow, address_key
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from dunning_svc.read_models.cases.rows.replies import ReplyRow
from encours.contracts import Recorded, decode, encode
from encours.contracts.events import replies

SignEvent = (
    replies.ReminderBounced
    | replies.ReminderDelivered
    | replies.ReminderReadByDebtor
    | replies.ReminderAnswered
    | replies.ReminderTracked
)


def reply_read(e: Recorded, data: replies.ReplyRead, rows: Rows) -> None:
    """Store a message that was read."""
    done = not needs_person(data, {})
    rows.put(
        ReplyRow(
            reply_id=data.reply_id,
            position=e.position,
            received_on=e.effective_on,
            customer_id=data.customer_id,
            entity_id=e.entity,
            kind=data.kind,
            document=encode(data).decode(),
            closed_position=e.position if done else None,
            closed_on=e.effective_on if done else None,
        )
    )


def reply_judged(e: Recorded, data: replies.FindingConfirmed | replies.FindingRejected, rows: Rows) -> None:
    """Store the decision of a person on a finding, or on the whole message."""
    row = existing(rows, ReplyRow, data.reply_id)
    judged = row.judged
    if data.finding is not None:
        word = "confirmed" if isinstance(data, replies.FindingConfirmed) else "rejected"
        judged = [*judged, f"{data.finding} {word} {e.position} {e.effective_on}"]
    done = data.finding is None or not needs_person(document_of_reply(row), judged_of(judged))
    if done and row.closed_position is None:
        row = replace(row, closed_position=e.position, closed_on=e.effective_on)
    rows.put(replace(row, judged=judged))


def judged_of(entries: list[str]) -> dict[int, Judged]:
    """Return the entries of the column ``judged`` by finding."""
    found: dict[int, Judged] = {}
    for entry in entries:
        number, word, _, _ = entry.split(" ")
        found[int(number)] = "confirmed" if word == "confirmed" else "rejected"
    return found


def document_of_reply(row: ReplyRow) -> replies.ReplyRead:
    """Return the event of a stored reply."""
    event = decode(replies.ReplyRead.TYPE, replies.ReplyRead.VERSION, row.document.encode())
    assert isinstance(event, replies.ReplyRead)
    return event


def sign_received(e: Recorded, data: SignEvent, rows: Rows) -> None:
    """Store a bounce, a receipt or an answer with its reminder; a message that came back reopens its steps.

    The rows are incomplete where only the current case of some customers is folded: what is absent is left out.
    """
    match data:
        case replies.ReminderBounced(permanent=True):
            kind = "bounced"
            _came_back(e, data, rows)
        case replies.ReminderBounced():
            kind = "delayed"
        case replies.ReminderDelivered():
            kind = "delivered"
        case replies.ReminderReadByDebtor():
            kind = "read"
        case replies.ReminderAnswered():
            kind = "answered"
        case replies.ReminderTracked():
            kind = data.state
            _came_back(e, data, rows)
    reminder = rows.get(ReminderRow, data.reminder_id)
    if reminder is not None:
        reply = "-" if isinstance(data, replies.ReminderTracked) else data.reply_id
        sign = f"{kind} {e.position} {e.effective_on} {data.content_sha256} {reply}"
        lost = isinstance(data, replies.ReminderTracked) and data.returned_for == "undeliverable"
        bounced = reminder.bounced or kind == "bounced" or lost
        rows.put(replace(reminder, signs=[*reminder.signs, sign], bounced=bounced))


def _came_back(e: Recorded, data: replies.ReminderBounced | replies.ReminderTracked, rows: Rows) -> None:
    addressee = rows.get(DebtorRow, data.addressee_id)
    if addressee is not None and data.address:
        entry = f"{address_key(data.address)} {e.position}"
        rows.put(replace(addressee, undeliverable=[*addressee.undeliverable, entry]))
    for step in data.steps:
        item = rows.get(ItemRow, step.invoice_id)
        if item is None:
            continue
        done = [code for code in item.done if code != step.step]
        taken = [entry for entry in item.taken if entry.partition(" ")[0] != step.step]
        events = with_position(item.events, e.position)
        rows.put(scheduled(replace(item, done=done, taken=taken, events=events)))

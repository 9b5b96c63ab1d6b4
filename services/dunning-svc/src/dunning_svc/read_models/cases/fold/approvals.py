"""Approval of a proposal, folded into its reminder and the items that take a step with it."""

from __future__ import annotations

from datetime import date

from msgspec import json
from msgspec.structs import replace

from dunning_svc.domain.policy.hours import leaves_on
from dunning_svc.read_models.cases.fold.items import marked, scheduled
from dunning_svc.read_models.cases.rows.access import Rows, existing
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from encours.contracts import Recorded
from encours.contracts.events.dunning.reminders import GivenApproval, SendingHours


def approved(e: Recorded, given: GivenApproval, rows: Rows) -> None:
    """Let a proposal leave: its message counts as a contact from this day on, and so do its steps as taken."""
    reminder = rows.get(ReminderRow, given.reminder_id)
    if reminder is None or reminder.status != "proposed":
        return
    for invoice_id in given.invoice_ids:
        row = existing(rows, ItemRow, invoice_id)
        taken = [_moved(entry, reminder.day, e.effective_on) for entry in row.taken]
        rows.put(scheduled(replace(row, taken=taken)))
    hours = json.decode(reminder.hours, type=SendingHours) if reminder.hours else None
    rows.put(
        replace(
            reminder,
            status="requested",
            approved_on=e.effective_on,
            approved_position=e.position,
            leaves_on=leaves_on(hours, max(reminder.day, e.effective_on), e.recorded_at),
        )
    )


def _moved(entry: str, before: date, on: date) -> str:
    code, day, rest = entry.split(" ", 2)
    return marked(f"{code} {on} {rest}", None) if day == str(before) else entry

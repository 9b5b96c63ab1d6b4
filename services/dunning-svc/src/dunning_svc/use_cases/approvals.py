"""Approvals of steps: the answer of a person, and what a day that is opened makes of proposals without one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import structlog

from dunning_svc.domain.approval.decide import answered, settled
from dunning_svc.domain.approval.state import APPROVERS
from dunning_svc.domain.ladder.recheck import objected
from dunning_svc.domain.reminder.state import REMINDER
from dunning_svc.domain.task.commands import CompleteTask
from dunning_svc.domain.task.outcome import Emitted
from dunning_svc.domain.task.state import Task
from dunning_svc.read_models.cases.current import CasesBehind, current_cases
from dunning_svc.read_models.cases.debtors import creditors
from dunning_svc.read_models.cases.fold.decisions import document_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.pending import proposed
from dunning_svc.use_cases.reminders import record_settled
from encours.contracts import Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.kernel.ids import derived_uuid, with_prefix
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere

log = structlog.get_logger()


async def answer_approval(session: Session, command: CompleteTask, task: Task) -> Sequence[Emitted]:
    """Return the events of an answer to a proposal."""
    reminder = await session.get(REMINDER, with_prefix(command.task_id, "rem"))
    approvers = await session.load(APPROVERS, task.entity_id)
    return answered(task, reminder, command, approvers, session.meta.actor, session.today)


async def settle_approvals(ledger: Ledger, db: ReadDb, e: Recorded, time_zone: str) -> None:
    """Withdraw proposals whose grounds have gone, and end the wait for answers, on the day of each creditor.

    ``time_zone`` is the ledger's. A repetition has the same command ids.
    """
    assert isinstance(e.data, DayOpened)
    async with db.snapshot(MODEL, e.ledger) as (conn, schema, _):
        waiting = [(document_of(row), row.entity_id) for row in await proposed(conn, schema)]
        zones = {name: row.time_zone for name, row in (await creditors(conn, schema)).items()}
    requests = [(each, entity) for each, entity in waiting if isinstance(each, ReminderRequested)]
    if not requests:
        return
    rows = await _current(ledger, db, e.ledger, [each for each, _ in requests], e.data.day)
    for request, entity in requests:
        day = day_elsewhere(e.data.day, time_zone, zones.get(entity, time_zone))
        try:
            found = settled_in(rows, request, entity, day)
        except Exception:  # whatever the fault is, the run of the day goes on
            log.exception("approvals.unsettled", ledger=e.ledger, reminder_id=request.reminder_id)
            continue
        if found:
            key = derived_uuid("approval settled", e.ledger, e.event_id, request.reminder_id)
            meta = derived(e.ledger, key, actor=DUNNING, today=day, because_of=e)
            await execute(ledger, meta, record_settled, request.reminder_id, found, entity)


async def _current(
    ledger: Ledger, db: ReadDb, name: str, requests: Sequence[ReminderRequested], day: date
) -> MemoryRows | None:
    """Return the cases of requests; ``None`` while the read model is too far behind to judge them."""
    invoices: dict[str, set[str]] = {}
    for each in requests:
        for item in each.items:
            invoices.setdefault(item.customer_id or each.customer_id, set()).add(item.invoice_id)
    try:
        rows, _ = await current_cases(ledger, db, name, invoices, day)
    except CasesBehind as error:
        log.warning("approvals.not_checked", ledger=name, reason=str(error))
        return None
    return rows


def settled_in(
    rows: MemoryRows | None, request: ReminderRequested, entity_id: str, day: date
) -> list[Emitted]:
    """Return what becomes of a proposal on a day by the cases of that day."""
    cases = None if rows is None else rows.cases_of(request, entity_id, day)
    if rows is None or cases is None:
        return settled(request, None, (), day)
    found = objected(request, cases, day, rows.policies())
    if found is None:
        return settled(request, None, (), day)
    because = rows.inputs_of(found.case, (item.invoice_id for item in found.share.items))
    return settled(request, found.cause, because, day)

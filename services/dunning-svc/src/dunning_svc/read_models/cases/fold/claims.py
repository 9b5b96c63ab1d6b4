"""Insolvency proceedings whose claims are to be declared: fold and queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from dunning_svc.domain.task.claim import Proceedings
from dunning_svc.domain.task.state import Task
from dunning_svc.read_models.cases.rows.access import Rows, select
from dunning_svc.read_models.cases.rows.legal import ProceedingsRow
from dunning_svc.read_models.cases.rows.tasks import TaskRow
from encours.contracts import Recorded
from encours.contracts.events.dunning.reminders import TaskCompleted
from encours.contracts.events.parties.insolvency import (
    InsolvencyClosed,
    InsolvencyOpened,
    InsolvencyPublished,
)
from encours.contracts.insolvency import VOID
from encours.projection.read_model import Conn

ProceedingsEvent = InsolvencyOpened | InsolvencyPublished | InsolvencyClosed


def proceedings_changed(e: Recorded, data: ProceedingsEvent, rows: Rows) -> None:
    """Store opening, publication and end; the last two are left out where the opening is not folded."""
    if isinstance(data, InsolvencyOpened):
        rows.put(
            ProceedingsRow(
                insolvency_id=data.insolvency_id,
                customer_id=data.customer_id,
                entity_id=e.entity,
                country=data.country,
                opened_on=data.opened_on,
            )
        )
        return
    row = rows.get(ProceedingsRow, data.insolvency_id)
    if row is None:
        return
    if isinstance(data, InsolvencyPublished):
        rows.put(replace(row, published=[*row.published, str(data.published_on)]))
    else:
        rows.put(replace(row, outcome=data.outcome))


def proceedings_of(row: ProceedingsRow) -> Proceedings:
    """Return the proceedings of a row."""
    return Proceedings(
        customer_id=row.customer_id,
        insolvency_id=row.insolvency_id,
        country=row.country,
        opened_on=row.opened_on,
        published=tuple(map(date.fromisoformat, row.published)),
        over=row.outcome is not None,
        void=row.outcome in VOID,
    )


async def proceedings_row(conn: Conn, schema: str, insolvency_id: str) -> ProceedingsRow | None:
    """Return the row of proceedings."""
    rows = await select(conn, schema, ProceedingsRow, "where insolvency_id = $1", insolvency_id)
    return rows[0] if rows else None


async def proceedings_in_force(conn: Conn, schema: str) -> Sequence[ProceedingsRow]:
    """Return the proceedings that have not ended."""
    return await select(conn, schema, ProceedingsRow, "where outcome is null order by insolvency_id")


async def claim_tasks(conn: Conn, schema: str, task_ids: Sequence[str]) -> dict[str, Task]:
    """Return those of these tasks that were raised, with their outcomes alone."""
    found = await select(conn, schema, TaskRow, "where task_id = any($1)", list(task_ids))
    return {row.task_id: Task(completed=_completed(row)) for row in found}


def _completed(row: TaskRow) -> TaskCompleted | None:
    outcome = row.state.outcome
    if outcome is None:
        return None
    return TaskCompleted(task_id=row.task_id, customer_id=row.customer_id, outcome=outcome, text=None)

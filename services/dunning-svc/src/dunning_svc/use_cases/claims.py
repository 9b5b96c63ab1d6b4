"""Tasks of declaring claims follow insolvency proceedings of customers, and the days before the last one."""

from __future__ import annotations

from uuid import UUID

from dunning_svc.domain.task.claim import Proceedings, follow
from dunning_svc.domain.task.state import TASK
from dunning_svc.read_models.cases.debtors import creditors
from dunning_svc.read_models.cases.fold.claims import (
    ProceedingsEvent,
    claim_tasks,
    proceedings_in_force,
    proceedings_of,
    proceedings_row,
)
from dunning_svc.read_models.cases.model import MODEL
from encours.contracts import Recorded, names_of
from encours.contracts.actors import DUNNING
from encours.contracts.events.parties.insolvency import (
    InsolvencyClosed,
    InsolvencyOpened,
    InsolvencyPublished,
)
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.reading.read_db import ReadDb

PROCEEDINGS = names_of(InsolvencyOpened, InsolvencyPublished, InsolvencyClosed)


class ClaimTasks:
    """Raises, replaces and completes the tasks. A repetition has the same command ids and changes nothing."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def follow(self, e: Recorded) -> None:
        """Follow one event about proceedings."""
        assert isinstance(e.data, ProceedingsEvent)
        async with self._db.snapshot(MODEL, e.ledger) as (conn, schema, _):
            row = await proceedings_row(conn, schema, e.data.insolvency_id)
            country = (await creditors(conn, schema))[e.entity].country
        if row is not None:
            await self._execute(e, proceedings_of(row), e.entity, country)

    async def warn(self, e: Recorded) -> None:
        """Raise the warnings of a day that was opened."""
        async with self._db.snapshot(MODEL, e.ledger) as (conn, schema, _):
            known_creditors = await creditors(conn, schema)
            due = []
            for row in await proceedings_in_force(conn, schema):
                known, country = proceedings_of(row), known_creditors[row.entity_id].country
                tasks = await claim_tasks(conn, schema, known.task_ids)
                day = await self._ledger.today_of(e.ledger, row.entity_id)
                if follow(known, tasks, country, day):
                    due.append((known, row.entity_id, country))
        for known, entity_id, country in due:
            await self._execute(e, known, entity_id, country)

    async def _execute(self, e: Recorded, known: Proceedings, entity_id: str, country: str) -> None:
        key: UUID = derived_uuid("insolvency claim", e.ledger, e.event_id, known.insolvency_id)
        day = await self._ledger.today_of(e.ledger, entity_id)
        meta = derived(e.ledger, key, actor=DUNNING, today=day, because_of=e)
        await execute(self._ledger, meta, _follow, known, entity_id, country)


async def _follow(session: Session, known: Proceedings, entity_id: str, country: str) -> None:
    loaded = {task_id: await session.load(TASK, task_id) for task_id in known.task_ids}
    tasks = {task_id: task for task_id, task in loaded.items() if task.opened is not None}
    for event in follow(known, tasks, country, session.today):
        session.emit(event.task_id, event, entity=entity_id)

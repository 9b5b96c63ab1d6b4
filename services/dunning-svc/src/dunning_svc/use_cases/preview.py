"""Preview of a run: the decisions of a day, provided that no event is recorded before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.grouping import decisions_of, in_units
from dunning_svc.domain.ladder.state import Case
from dunning_svc.read_models.cases.due import due_pages
from dunning_svc.read_models.cases.model import MODEL
from encours.reading.moment import Granted
from encours.reading.read_db import ReadDb


@dataclass(frozen=True, slots=True)
class Preview:
    """Decisions at a position, none of them stored."""

    position: int
    decisions: Sequence[Decision]


async def preview_day(db: ReadDb, ledger: str, day: date, granted: Granted) -> Preview:
    """Decide the day from the current state, for the entities of the caller. Records nothing."""
    async with db.snapshot(MODEL, ledger) as (conn, schema, position):
        decisions = [
            decision
            async for due in due_pages(conn, schema, day)
            for unit in in_units(_granted(due.cases, granted), lambda _: day, due.policies)
            for decision in decisions_of(unit, day, due.policies, position)
        ]
    return Preview(position, decisions)


def _granted(cases: Iterable[Case], granted: Granted) -> list[Case]:
    return [case for case in cases if granted is None or case.entity_id in granted]

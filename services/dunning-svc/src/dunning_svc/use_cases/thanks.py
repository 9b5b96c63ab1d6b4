"""Thank-yous of a day, and their outcomes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import structlog

from dunning_svc.domain.thanks.decide import DAYS_TO_THANK, thank
from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.current import stored_cases
from dunning_svc.read_models.cases.fold.policies import policies_in
from dunning_svc.read_models.cases.fold.thanks import ThanksOutcome, settled_groups
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.parties import CreditorRow
from dunning_svc.read_models.cases.settled import settled_of
from encours.contracts import Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.thanks import ThanksRequested
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere

log = structlog.get_logger()


class DayThanks:
    """Decides the thank-yous of a day. The ids of its commands follow from the event that opened the day."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def decide(self, e: Recorded, time_zone: str) -> None:
        """Thank for what was settled in the last days. The read model is exactly at the event; ``time_zone`` is the
        ledger's."""
        assert isinstance(e.data, DayOpened)
        first_day = e.data.day - timedelta(days=DAYS_TO_THANK - 1)
        async with self._db.snapshot(MODEL, e.ledger) as (conn, schema, _):
            if not (await policies_in(conn, schema)).thank:
                return
            after = ""
            while page := await settled_groups(conn, schema, first_day, after):
                invoices: dict[str, set[str]] = {}
                for group, ids in page.items():
                    invoices.setdefault(group[0], set()).update(ids)
                rows = await stored_cases(conn, schema, invoices, e.data.day)
                for found in thanks_of(rows, page, e, time_zone):
                    await self._append(e, found)
                after = max(group[0] for group in page)

    async def _append(self, e: Recorded, found: tuple[ThanksRequested, str]) -> None:
        event, entity_id = found
        key = derived_uuid("thanks", e.ledger, event.thanks_id)
        meta = derived(e.ledger, key, actor=DUNNING, today=event.day, because_of=e)
        await execute(self._ledger, meta, _emit, event, entity_id)


def thanks_of(
    rows: MemoryRows, page: Mapping[Group, Sequence[str]], e: Recorded, time_zone: str
) -> list[tuple[ThanksRequested, str]]:
    """Return the thank-yous for settled invoices, each with its creditor. A fault with one customer stops no other."""
    assert isinstance(e.data, DayOpened)
    policies = rows.policies()
    survivors = rows.survivors(e.data.day)
    joined: dict[Group, list[str]] = {}
    for group, ids in page.items():
        joined.setdefault((survivors.of(group[0]), group[1], group[2]), []).extend(ids)
    found = []
    for group, ids in joined.items():
        try:
            creditor = rows.get(CreditorRow, group[1])
            day = day_elsewhere(e.data.day, time_zone, creditor.time_zone) if creditor else e.data.day
            settled = settled_of(rows, group, day, ids)
            key = derived_uuid("thank-you", e.ledger, e.event_id, *group)
            if settled is None:
                continue
            event = thank(settled, day, policies, e.position, f"thk_{key.hex}")
        except Exception:  # whatever the fault is, the other customers are served
            log.exception("thanks.customer_unserved", ledger=e.ledger, customer_id=group[0])
            continue
        if event is not None:
            found.append((event, group[1]))
    return found


async def record_thanks_outcome(
    ledger: Ledger, name: str, outcome: ThanksOutcome, entity_id: str, on: date
) -> None:
    """Append the outcome as the second event of the thank-you. The first one stored counts.

    Raises :class:`VersionConflict` or :class:`CommandReused` where another outcome is stored.
    """
    command_id = derived_uuid("thanks outcome", name, outcome.thanks_id)
    fingerprint = hashlib.sha256(outcome.TYPE.encode()).digest()
    meta = derived(name, command_id, actor=DUNNING, today=on, fingerprint=fingerprint)
    await execute(ledger, meta, _conclude, outcome, entity_id, retries=0)


async def _emit(session: Session, event: ThanksRequested, entity_id: str) -> None:
    session.emit(event.thanks_id, event, entity=entity_id)


async def _conclude(session: Session, outcome: ThanksOutcome, entity_id: str) -> None:
    session.begin(outcome.thanks_id, version=1)
    session.emit(outcome.thanks_id, outcome, entity=entity_id)

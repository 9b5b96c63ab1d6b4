"""Make a check: take the list in, compare it with the read model at one moment, contest what is cancelled there."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from encours.kernel.ids import derived_id
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta
from encours.ledger.errors import CommandReused, EntityNotGranted
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb
from invoice_svc.domain.entity.state import EntityNotFound
from invoice_svc.read_models.lists import NAME
from invoice_svc.sync.comparing import SideTotals, SyncComparison
from invoice_svc.sync.lines import ListedItem
from invoice_svc.sync.store import SyncCheck, SyncStore


@dataclass(frozen=True, slots=True)
class MakeCheck:
    """Compare a list, or control totals. ``on`` is today if not given."""

    entity_id: str
    on: date | None
    rounding_minor: int
    totals: Sequence[SideTotals] = ()


@dataclass(frozen=True, slots=True)
class CheckDesk:
    """Makes the checks of one process."""

    ledger: Ledger
    db: ReadDb

    @property
    def store(self) -> SyncStore:
        """The tables of checks."""
        return SyncStore(self.db.pool)

    async def make(
        self, meta: CommandMeta, command: MakeCheck, items: AsyncIterator[ListedItem]
    ) -> tuple[SyncCheck, bool]:
        """Return the check, and True if an earlier run of the command made it.

        Raises refusals of :mod:`invoice_svc.sync.refusals`, ``EntityNotFound``, and ``CommandReused`` for another list
        under the same key.
        """
        await self._require_entity(meta, command.entity_id)
        check_id = derived_id("syn", meta.ledger, meta.command_id)
        lines, sha256 = await self.store.take(check_id, items)
        try:
            return await self._compare(meta, command, check_id, lines, sha256)
        finally:
            await self.store.forget(check_id)

    async def _compare(
        self, meta: CommandMeta, command: MakeCheck, check_id: str, lines: int, sha256: str
    ) -> tuple[SyncCheck, bool]:
        fingerprint = hashlib.sha256(meta.fingerprint + sha256.encode()).digest()
        known = await self.store.get(meta.ledger, check_id)
        if known is not None:
            if known.fingerprint != fingerprint:
                raise CommandReused
            return known, True
        head = (await self.ledger.head(meta.ledger)).position
        if not await self.db.wait_for(NAME, meta.ledger, head, timeout=WAIT_S):
            raise PositionNotReached(NAME, head)
        async with self.db.snapshot(NAME, meta.ledger) as (_, schema, _position):
            on = command.on or await self.ledger.today_of(meta.ledger, command.entity_id)
            asked = SyncComparison(check_id, command.entity_id, schema, head, on, command.rounding_minor)
            made = SyncCheck(
                id=check_id,
                ledger=meta.ledger,
                fingerprint=fingerprint,
                entity_id=command.entity_id,
                made_on=on,
                position=head,
                made_at=datetime.now(UTC),
                actor=meta.actor,
                lines=lines,
                sha256=sha256,
                totals=command.totals,
                counts={},
            )
            return await self.store.compare(asked, made), False

    async def _require_entity(self, meta: CommandMeta, entity_id: str) -> None:
        if meta.entities is not None and entity_id not in meta.entities:
            raise EntityNotGranted(entity_id)
        if not (await self.ledger.versions(meta.ledger, [entity_id]))[entity_id]:
            raise EntityNotFound(entity_id)

"""Imports of one ledger: read the files, then record the events that are due.

Into a live ledger everything is recorded now, with its business dates. In a sandbox events wait for their day,
which :mod:`invoice_svc.clock` opens; only what lies before the clock's day is fed at once.
"""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Self

import structlog

from encours.contracts.events.imports import ImportCompleted, ImportReceived
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.reading.read_db import ReadDb
from invoice_svc.imports import ids
from invoice_svc.imports.feeding import Feeder
from invoice_svc.imports.lookups import Lookups
from invoice_svc.imports.reading import read_import
from invoice_svc.imports.spool import spool_path
from invoice_svc.imports.store import Import, ImportStore

_IMPORT: Folder[int] = Folder(int, lambda count, _: count + 1)
log = structlog.get_logger("invoice_svc.imports")


class Takeover:
    """Imports of one ledger. The caller holds the ledger's lease."""

    def __init__(self, ledger: Ledger, store: ImportStore, name: str, var_dir: Path, feeder: Feeder) -> None:
        self._ledger = ledger
        self._store = store
        self._name = name
        self._var_dir = var_dir
        self._feeder = feeder

    @classmethod
    async def begin(cls, ledger: Ledger, store: ImportStore, db: ReadDb, name: str, var_dir: Path) -> Self:
        """Return the imports of a ledger, ready to run."""
        feeder = await Feeder.begin(ledger, store, name, Lookups(db, name))
        return cls(ledger, store, name, var_dir, feeder)

    async def work_off(self) -> None:
        """Read every received file and record the events that are due. Idempotent."""
        for found in await self._store.unfinished(self._name):
            if found.state in {"received", "reading"}:
                await self._read(found)
        await self.feed_due()
        await self._report()
        for found in await self._store.unfinished(self._name):
            if found.state == "recording":
                await self._store.set_state(found.id, "completed")

    async def feed_due(self) -> int:
        """Record the events that are due at the ledger's date and return their number."""
        info = await self._ledger.info(self._name, fresh=True)
        if info.kind == "sandbox" and info.clock_at is None:
            return 0
        upto = await self._ledger.today(self._name) if info.kind == "sandbox" else date.max
        if not await self._store.has_pending(self._name, upto):
            return 0
        count = await self._feeder.feed(upto)
        await self._report()
        return count

    async def _read(self, found: Import) -> None:
        path = spool_path(self._var_dir, found.id)
        try:
            await read_import(self._store, found, path)
        except DomainError as fault:
            await self._store.set_state(found.id, "failed", fault.detail)
        except FileNotFoundError:
            missing = f"The received file {path} is missing; import it again."
            await self._store.set_state(found.id, "failed", missing)
        else:
            await self._store.set_state(found.id, "recording")

    async def _report(self) -> None:
        """Append ``import.received``, and ``import.completed`` once no event of the file is pending."""
        for found, reported, waits in await self._store.unreported(self._name):
            if not reported:
                await self._append(found, _received(found))
                await self._store.set_reported(found.id, "received")
            if not waits:
                counts = await self._store.counts(found.id)
                completed = ImportCompleted(
                    import_id=found.id,
                    lines=counts.lines,
                    accepted=counts.accepted,
                    duplicates=counts.duplicates,
                    rejected=counts.rejected,
                )
                await self._append(found, completed)
                await self._store.set_reported(found.id, "completed")

    async def _append(self, found: Import, event: ImportReceived | ImportCompleted) -> None:
        meta = CommandMeta(
            ledger=self._name,
            command_id=derived_uuid("import-event", self._name, found.id, event.TYPE),
            fingerprint=hashlib.sha256(found.id.encode()).digest(),
            actor=found.actor,
            today=await self._ledger.today(self._name),
            correlation_id=ids.correlation_id(found.id),
        )

        async def work(session: Session) -> None:
            # The stream has two events: received is the first, completed the second.
            await session.load(_IMPORT, found.id)
            session.emit(found.id, event, entity=found.entity_id)

        await execute(self._ledger, meta, work)


def _received(found: Import) -> ImportReceived:
    return ImportReceived(
        import_id=found.id,
        file_name=found.file_name,
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        format=found.format,
        generated=found.generated,
    )

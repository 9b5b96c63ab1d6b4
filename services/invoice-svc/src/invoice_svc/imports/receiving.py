"""Receive a file: store its bytes and a row with its origin. The worker reads it in the background.

A repeated command finds the row of its first run, before any other query, and returns the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from encours.kernel.ids import derived_id
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta
from encours.ledger.errors import CommandReused, EntityNotGranted
from invoice_svc.domain.entity.state import EntityNotFound
from invoice_svc.imports import ids
from invoice_svc.imports.reading import look_at
from invoice_svc.imports.spool import spool, spool_path
from invoice_svc.imports.store import Format, Import, ImportStore, Options


@dataclass(frozen=True, slots=True)
class ReceiveFile:
    """Receive a file. Without ``entity_id`` it belongs to the ledger's only entity, else to a new one."""

    entity_id: str | None
    file_name: str
    format: Format
    options: Options
    generated: bool


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """The import as it was when it was received; ``replayed`` if an earlier run of the command received it."""

    kept: Import
    replayed: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """Receives the files of one process. ``only_entity`` finds the only entity of a ledger, if it has just one."""

    ledger: Ledger
    store: ImportStore
    var_dir: Path
    only_entity: Callable[[str], Awaitable[str | None]]

    async def receive(
        self, meta: CommandMeta, command: ReceiveFile, body: AsyncIterator[bytes]
    ) -> ReceivedFile:
        """Store the file and its row. Raises a refusal for a header that does not fit, :class:`CommandReused`."""
        known = await self.store.by_command(meta.ledger, meta.command_id)
        entity_id = known.entity_id if known else await self._entity(meta.ledger, command.entity_id)
        if meta.entities is not None and entity_id not in meta.entities:
            raise EntityNotGranted(entity_id)
        import_id = derived_id("imp", meta.ledger, meta.command_id)
        check = partial(look_at, file_format=command.format, options=command.options)
        spooled, read_as = await spool(body, spool_path(self.var_dir, import_id), check)
        fingerprint = hashlib.sha256(meta.fingerprint + spooled.sha256).digest()
        if known is not None and known.fingerprint != fingerprint:
            await spooled.discard()
            raise CommandReused
        await spooled.keep()
        kept = await self.store.add(
            Import(
                id=import_id,
                ledger=meta.ledger,
                command_id=meta.command_id,
                fingerprint=fingerprint,
                actor=meta.actor,
                entity_id=entity_id,
                file_name=command.file_name,
                format=command.format,
                sha256=spooled.sha256.hex(),
                size_bytes=spooled.size_bytes,
                options=command.options,
                read_as=read_as,
                generated=command.generated,
                received_on=meta.today,
                received_at=datetime.now(UTC),
                state="received",
                problem=None,
                next_offset=0,
                next_line=1,
            )
        )
        return ReceivedFile(replace(kept, state="received", problem=None), known is not None)

    async def _entity(self, ledger: str, named: str | None) -> str:
        """Return the entity named, else the ledger's only one, else one to be registered with the first line."""
        entity_id = named or ids.own_entity(ledger)
        if (await self.ledger.versions(ledger, [entity_id]))[entity_id]:
            return entity_id
        if named is not None:
            raise EntityNotFound(named)
        return await self.only_entity(ledger) or entity_id

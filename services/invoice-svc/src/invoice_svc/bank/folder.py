"""Bank files that are dropped into a folder: ``bank-inbox/<ledger>/<entity>/<file>``, imported as uploads are.

A file is taken once it has not changed for some seconds; a name that begins with a point is left alone. It ends in the
folder ``imported`` beside it, or in ``refused`` with the problem in a file of its own. Files of one account whose name
does not stand in them (CSV) lie in a folder with its IBAN: ``<entity>/<IBAN>/<file>``.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from encours.contracts.actors import INVOICING
from encours.kernel.errors import DomainError, Refusal
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from invoice_svc.bank.judging import TRANSIENT
from invoice_svc.bank.reading import MAX_BYTES
from invoice_svc.bank.receiving import BankDesk, ReadBankFile
from invoice_svc.use_cases.money.bank_statements import import_statements

FOLDER = "bank-inbox"
QUIET_S = 2.0
IMPORTED, REFUSED = "imported", "refused"

log = structlog.get_logger("invoice_svc.bank")


class BankFileTooLarge(Refusal):
    """The file is larger than an upload may be (413)."""

    code = "bank-file-too-large"
    title = "Bank file is too large"
    status = 413
    remedy = "Ask the bank for a file per day or per account."


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """A file in the folder, with the ledger, the entity and the account that its place names."""

    path: Path
    ledger: str
    entity_id: str
    account: str | None


@dataclass(frozen=True, slots=True)
class BankFolder:
    """Imports the files of one folder."""

    ledger: Ledger
    desk: BankDesk
    root: Path
    quiet_s: float = QUIET_S

    async def take_all(self) -> int:
        """Import what lies there; return the number of files that were taken."""
        if not await asyncio.to_thread(self.root.is_dir):
            return 0
        known = {info.name for info in await self.ledger.ledgers()}
        found = await asyncio.to_thread(lambda: list(self._waiting(known)))
        for dropped in found:
            await self._take(dropped)
        return len(found)

    def _waiting(self, ledgers: set[str]) -> Iterator[DroppedFile]:
        for entity in sorted(self.root.glob("*/*")):
            ledger = entity.parent.name
            if ledger not in ledgers or not entity.is_dir():
                continue
            for path in sorted(entity.iterdir()):
                if path.is_dir() and path.name not in (IMPORTED, REFUSED):
                    inner = filter(self._is_complete, sorted(path.iterdir()))
                    yield from (DroppedFile(each, ledger, entity.name, path.name) for each in inner)
                elif self._is_complete(path):
                    yield DroppedFile(path, ledger, entity.name, None)

    def _is_complete(self, path: Path) -> bool:
        """Return True for a file that nobody has written to for some seconds."""
        visible = path.is_file() and not path.name.startswith(".")
        return visible and time.time() - path.stat().st_mtime >= self.quiet_s

    async def _take(self, dropped: DroppedFile) -> None:
        try:
            await self._import(dropped)
        except TRANSIENT as later:
            log.info("a bank file is imported later", file=dropped.path.name, reason=later.detail)
            return
        except DomainError as refusal:
            problem = {"type": f"/problems/{refusal.code}", "title": refusal.title, "detail": refusal.detail}
            await asyncio.to_thread(_move, dropped, REFUSED, msgspec.json.encode(problem))
            log.warning("a bank file was refused", file=dropped.path.name, reason=refusal.detail)
            return
        await asyncio.to_thread(_move, dropped, IMPORTED, None)

    async def _import(self, dropped: DroppedFile) -> None:
        if dropped.path.stat().st_size > MAX_BYTES:
            raise BankFileTooLarge(f"The file has more than {MAX_BYTES:,} bytes.")
        data = await asyncio.to_thread(dropped.path.read_bytes)
        digest = hashlib.sha256(data).digest()
        key = (dropped.ledger, "bank-inbox", dropped.entity_id, dropped.account or "", digest.hex())
        today = await self.ledger.today_of(dropped.ledger, dropped.entity_id)
        meta = derived(dropped.ledger, derived_uuid(*key), actor=INVOICING, today=today, fingerprint=digest)
        wanted = ReadBankFile(
            dropped.entity_id,
            dropped.path.name[:200],
            dropped.path.suffix.lower() == ".csv",
            dropped.account,
        )
        command = await self.desk.read(meta, wanted, data)
        await execute(self.ledger, meta, import_statements, command, self.ledger.versions)


def _move(dropped: DroppedFile, folder: str, problem: bytes | None) -> None:
    """Move a file out of the way; one of the same name that was there is replaced."""
    target = dropped.path.parent / folder
    target.mkdir(exist_ok=True)
    if problem is not None:
        (target / f"{dropped.path.name}.problem.json").write_bytes(problem)
    dropped.path.replace(target / dropped.path.name)

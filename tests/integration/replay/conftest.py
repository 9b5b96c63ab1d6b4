from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date

import pytest

from encours.cli.aside import set_aside
from encours.ledger import Append, Ledger, NewEvent, RawEvent
from encours.replay import Folders, LedgerApplication, installed_folders
from encours.testing.servers import Installation
from tests.integration.receivable_histories import (
    Books,
    contest,
    credit,
    history,
    issue,
    open_day,
    pay,
    reverse,
)

NAME = "audited"


@dataclass(frozen=True)
class Audited:
    """A ledger with some months of receivables, seen by the auditor."""

    installation: Installation
    folders: Folders
    books: Books

    def open(self, *, upto: int | None = None, as_of: date | None = None) -> LedgerApplication:
        return LedgerApplication(self.installation.auditor_url(), NAME, self.folders, upto=upto, as_of=as_of)

    def streams(self, prefix: str) -> list[str]:
        return sorted({event.stream for event in self.books.log if event.stream.startswith(prefix)})

    def append(self, *events: NewEvent) -> int:
        """As the installing user, who may append any type; the last position."""
        return asyncio.run(_append(self.installation, events))

    def set_aside(self, position: int) -> None:
        """Leave out an event that cannot be read, as an operator does."""
        asyncio.run(_set_aside(self.installation, position))


@pytest.fixture(scope="module")
def audited(module_installation: Installation) -> Audited:
    acts = (issue, issue, pay, issue, contest, open_day, pay, credit, issue, pay, reverse, open_day)
    books = history([(act, n, 3 * n, 10_000 + n) for n, act in enumerate(acts * 8)])
    found = Audited(module_installation, installed_folders(), books)
    found.append(
        *(
            NewEvent(
                event.stream,
                event.version,
                RawEvent(event.type, event.schema_version, event.raw),
                event.entity,
                event.effective_on,
                event.event_id,
            )
            for event in books.log
        )
    )
    return found


async def _set_aside(installation: Installation, position: int) -> None:
    ledger = await Ledger.open(installation.admin_url("ledger"), readers=1)
    try:
        await set_aside(ledger, NAME, position, "damaged by a script")
    finally:
        await ledger.close()


async def _append(installation: Installation, events: tuple[NewEvent, ...]) -> int:
    ledger = await Ledger.open(installation.admin_url("ledger"), readers=1)
    try:
        await ledger.create_ledger(NAME, "live", "Europe/Paris")
        last = 0
        for event in events:
            done = await ledger.append(
                Append(ledger=NAME, command_id=event.event_id, fingerprint=b"", events=(event,), actor="test")
            )
            last = done.last_position
        return last
    finally:
        await ledger.close()

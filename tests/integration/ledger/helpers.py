"""Short ways to say what is appended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from encours.kernel.ids import uuid7
from encours.ledger import Append, Appended, Guard, Ledger, NewEvent, NumberStep, RawEvent

DAY = date(2026, 3, 31)


def event(
    stream: str,
    version: int = 1,
    *,
    type: str = "invoice.issued",
    data: bytes = b'{"number":""}',
    entity: str = "ent_a",
    on: date = DAY,
    number: NumberStep | None = None,
) -> NewEvent:
    return NewEvent(stream, version, RawEvent(type, 1, data), entity, on, uuid7(), number)


def numbered(
    stream: str, *, on: date = DAY, entity: str = "ent_a", code: str = "FAC", version: int = 1
) -> NewEvent:
    step = NumberStep(entity, code, on.year, f"{code}-{on.year}-", 5)
    return event(stream, version, on=on, entity=entity, number=step)


@dataclass(frozen=True)
class Books:
    """A ledger of one test's own, among others in the same database."""

    ledger: Ledger
    name: str

    def command(
        self,
        *events: NewEvent,
        id: UUID | None = None,
        fingerprint: bytes = b"same",
        guards: tuple[Guard, ...] = (),
        ledger: str | None = None,
        **more: Any,
    ) -> Append:
        return Append(
            ledger=ledger or self.name,
            command_id=id or uuid7(),
            fingerprint=fingerprint,
            events=events,
            guards=guards,
            actor="key:test",
            **more,
        )

    async def append(self, append: Append) -> Appended:
        return await self.ledger.append(append)

    async def rows(self) -> list[asyncpg.Record]:
        return await self.ledger.read_raw(self.name, 0, 100_000)

    async def head(self) -> int:
        return (await self.ledger.head(self.name)).position

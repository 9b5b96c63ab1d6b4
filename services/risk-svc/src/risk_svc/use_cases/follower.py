"""A task that follows the read model of each ledger beside its reactions."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

import structlog

from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.postgres.connection import FAILED
from encours.reading.read_db import ReadDb

LOOK_S = 0.5
PAUSE_S = 1.0
"""Pause after a fault, so that the database can restart."""

log = structlog.get_logger("risk_svc.following")


class Follower(ABC):
    """Looks at a ledger whenever its read model has got further. Several workers may do so."""

    kind: ClassVar[str]

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db
        self._seen: dict[tuple[str, int], int] = {}
        """Position up to which changes were looked at, by ledger and epoch."""

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            try:
                for info in await self._ledger.ledgers(within_s=LOOK_S):
                    position = self._db.position("credit", info.name)
                    if position is not None and position > self._seen.get((info.name, info.epoch), -1):
                        await self.look(info.name)
                await asyncio.sleep(LOOK_S)
            except (*FAILED, DomainError) as fault:
                log.warning(f"{self.kind} wait", error=str(fault))
                await asyncio.sleep(PAUSE_S)

    @abstractmethod
    async def look(self, name: str) -> None:
        """Look at a ledger, and note the position up to which it was looked at."""

"""Sandboxes that were dropped: a worker deletes what its service keeps of them, and the relay's their streams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import asyncpg
import structlog
from nats.errors import Error as NatsError

from encours.ledger import Ledger
from encours.ledger.sandboxes import dropped_names
from encours.postgres.connection import FAILED
from encours.projection.dropping import forget_ledger
from encours.transport.client import NatsConnection
from encours.transport.jetstream import LedgerStream

log = structlog.get_logger("encours.worker")


class DroppedLedgers:
    """Dropped sandboxes of an installation, as one process has dealt with them."""

    def __init__(self, models: Iterable[str]) -> None:
        self._models = tuple(models)
        self._forgotten: set[str] = set()
        self._streamless: set[str] = set()

    async def forget(self, ledger: Ledger, pool: asyncpg.Pool, nats: NatsConnection | None) -> bool:
        """Delete what is kept of them; return False if it has to be tried again. ``nats``: as the relay's user.

        Nothing waits for NATS. Raises LedgerUnavailable.
        """
        names = await dropped_names(ledger)
        try:
            for name in names:
                if name not in self._forgotten:
                    await forget_ledger(pool, name, self._models)
                    self._forgotten.add(name)
                    log.info("dropped ledger forgotten", ledger=name)
            return nats is None or await self._drop_streams(nats, names)
        except (*FAILED, NatsError) as error:
            log.warning("dropped ledgers not forgotten yet", error=repr(error))
            return False

    async def _drop_streams(self, nats: NatsConnection, names: Sequence[str]) -> bool:
        for name in names:
            if name not in self._streamless:
                if not nats.connected:
                    return False
                await LedgerStream(await nats.client(), name).drop()
                self._streamless.add(name)
        return True

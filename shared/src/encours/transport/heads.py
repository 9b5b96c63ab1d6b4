"""Heads of all ledgers, read together at a short interval: an idle ledger costs a process nothing of its own.

They show the events that no message announced, and are read more often while NATS is unavailable and no message comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from encours.ledger import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import Head
from encours.ledger.reader import HEADS

TICK_S = 0.25
AWAY_TICK_S = 0.05
"""Interval while NATS is unavailable."""

log = structlog.get_logger("encours.heads")


async def watch_heads(
    ledger: Ledger, connected: Callable[[], bool], note: Callable[[str, Head], None]
) -> None:
    """Call ``note(ledger name, head)`` for every ledger after each interval, until cancelled.

    ``connected`` returns false while NATS is unavailable.
    """
    while True:
        try:
            for name, *head in await ledger.query(HEADS):
                note(name, Head(*head))
        except LedgerUnavailable as error:
            log.warning("ledgers not readable", error=str(error))
        await asyncio.sleep(TICK_S if connected() else AWAY_TICK_S)

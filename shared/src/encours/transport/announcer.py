"""Wake-up messages: "the ledger has grown", over core NATS, to relays and projectors.

Only a hint: relays and projectors look at the ledger by themselves too. A message that is lost, or NATS being away,
makes events later and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib

from nats.errors import Error as NatsError

from encours.transport.client import NatsConnection
from encours.transport.names import wakeup_subject

GATHER_S = 0.001


class Announcer:
    """Publishes at most one message per ledger and millisecond, and never waits for NATS."""

    def __init__(self, nats: NatsConnection) -> None:
        self._nats = nats
        self._due: dict[str, int] = {}

    def appended(self, ledger: str, head: int) -> None:
        """Announce the ledger's head. Returns at once."""
        if not self._due:
            asyncio.get_running_loop().call_later(GATHER_S, self._flush)
        self._due[ledger] = head

    def _flush(self) -> None:
        due, self._due = self._due, {}
        if self._nats.connected:
            self._publishing = asyncio.ensure_future(self._publish(due))

    async def _publish(self, heads: dict[str, int]) -> None:
        client = await self._nats.client()
        with contextlib.suppress(NatsError, OSError):
            for ledger, head in heads.items():
                await client.publish(wakeup_subject(ledger), b"%d" % head)

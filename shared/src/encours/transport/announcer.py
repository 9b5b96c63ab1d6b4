"""Wake-up messages over core NATS: "the ledger has grown", to relays and projectors; "a reader waits", to projectors.

Relays and projectors also poll the ledger: if a message is lost or NATS is unavailable, events arrive later and
nothing else changes.
"""

from __future__ import annotations

import asyncio
import contextlib

from nats.errors import Error as NatsError

from encours.transport.client import NatsConnection
from encours.transport.names import wakeup_subject, wanted_subject

GATHER_S = 0.001
GROWN_S = 0.05
"""Least time between two messages that a ledger has grown, so that a burst is read together. The first after a silence
goes out at once, and a reader who waits is announced at any time.
"""


class Announcer:
    """Publisher of at most one message per subject and millisecond, which never waits for NATS."""

    def __init__(self, nats: NatsConnection) -> None:
        self._nats = nats
        self._due: dict[str, bytes] = {}
        self._grown: dict[str, int] = {}
        """Ledgers that were announced within :data:`GROWN_S`, each with its head at that time or now."""

    def appended(self, ledger: str, head: int) -> None:
        """Announce the ledger's head, together with others of a burst. Returns at once."""
        if ledger not in self._grown:
            self._announce(ledger, head)
        self._grown[ledger] = head

    def _announce(self, ledger: str, head: int) -> None:
        self._publish_soon(wakeup_subject(ledger), b"%d" % head)
        asyncio.get_running_loop().call_later(GROWN_S, self._end_burst, ledger, head)

    def _end_burst(self, ledger: str, announced: int) -> None:
        head = self._grown[ledger]
        if head == announced:
            del self._grown[ledger]
        else:
            self._announce(ledger, head)

    def wanted(self, model: str, ledger: str) -> None:
        """Announce that a reader waits for a read model. Returns at once."""
        self._publish_soon(wanted_subject(ledger, model), b"")

    def _publish_soon(self, subject: str, body: bytes) -> None:
        if not self._due:
            asyncio.get_running_loop().call_later(GATHER_S, self._flush)
        self._due[subject] = body

    def _flush(self) -> None:
        due, self._due = self._due, {}
        if self._nats.connected:
            self._publishing = asyncio.ensure_future(self._publish(due))

    async def _publish(self, messages: dict[str, bytes]) -> None:
        client = await self._nats.client()
        with contextlib.suppress(NatsError, OSError):
            for subject, body in messages.items():
                await client.publish(subject, body)

"""A word to the relay that the ledger has grown: ``encours.poke.<ledger>`` over core NATS.

Only a hint. The relay polls anyway, so a poke that is lost, or NATS being away, makes events later and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib

import nats
import structlog
from nats.aio.client import Client

GATHER_S = 0.001
RETRY_S = 2.0

log = structlog.get_logger("encours.web")


class Poke:
    """Publishes at most one message a ledger and millisecond, and never waits for NATS."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._client: Client | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._due: set[str] = set()

    @property
    def connected(self) -> bool:
        """Whether a poke would reach NATS now."""
        return self._client is not None and self._client.is_connected

    async def start(self) -> None:
        """Begin to connect, in the background and for as long as it takes."""
        if self._url is not None:
            self._connecting = asyncio.create_task(self._connect(self._url))

    async def _connect(self, url: str) -> None:
        while True:
            try:
                self._client = await nats.connect(
                    url,
                    name="encours-poke",
                    max_reconnect_attempts=-1,
                    ping_interval=5,
                    connect_timeout=2,
                    reconnect_time_wait=RETRY_S,
                    pending_size=64 * 1024,
                    error_cb=self._on_error,
                )
            except (OSError, nats.errors.Error, TimeoutError):
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _on_error(self, error: Exception) -> None:
        log.debug("nats", error=repr(error))

    def __call__(self, ledger: str) -> None:
        """The ledger has grown. Returns at once."""
        if self._client is None or ledger in self._due:
            return
        self._due.add(ledger)
        if len(self._due) == 1:
            asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    def _flush(self) -> None:
        due, self._due = self._due, set()
        if self.connected:
            self._publishing = asyncio.ensure_future(self._publish(due))

    async def _publish(self, ledgers: set[str]) -> None:
        assert self._client is not None
        with contextlib.suppress(nats.errors.Error, OSError):
            for ledger in ledgers:
                await self._client.publish(f"encours.poke.{ledger}", b"")

    async def close(self) -> None:
        """Let go of NATS; pokes not yet out are dropped."""
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._client is not None:
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                await asyncio.wait_for(self._client.close(), 2)

"""Relay from the ledger to JetStream: publishes events in order, each with its position as sequence number.

Two relays at once are harmless: each publish names the sequence that must precede it, and the server refuses the
second. The relay keeps no state of its own: after any error it continues after the last sequence of the stream.

A backlog is published in atomic batches (nats-server 2.12 and later), which the server syncs to disk and acknowledges
once for all their messages: five times as many per second, and a batch is stored whole or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Sequence
from typing import cast

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.ledger.digest import digest_of
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import Head
from encours.ledger.stored import StoredEvent, event_of
from encours.transport.confirmation import Forgeries
from encours.transport.jetstream import LedgerStream
from encours.transport.messages import headers_of
from encours.transport.names import subject, wakeup_subject

PAGE = 512
IN_FLIGHT = 2 * PAGE
BATCH_MIN = 8
"""Smallest batch. Fewer events are published one by one, as a batch of any size costs the server four syncs."""
GATHER_S = 0.05
"""Time for which events are collected before they are published: JetStream syncs each message or batch to disk. Readers
that need an event at once read the ledger.
"""
ACK_TIMEOUT_S = 5.0
ACK_LOOK_S = 0.25
RETRY_MIN_S, RETRY_MAX_S = 0.05, 2.0
EPOCH_CHECK_S = 1.0
BACKFILL = 10_000
"""Number of past events in a stream that is created again. Readers that are further behind read the ledger."""

log = structlog.get_logger("encours.relay")


class _AskAgain(Exception):
    """The stream refused a message: ask for its last sequence."""


class Relay:
    """Publisher of one ledger. Run it under a lease, so that only one process does the work."""

    def __init__(
        self,
        nats: Client,
        ledger: Ledger,
        name: str,
        *,
        replicas: int = 1,
        forgeries: Forgeries | None = None,
    ) -> None:
        self._nats = nats
        self._ledger = ledger
        self._name = name
        self._stream = LedgerStream(nats, name, replicas=replicas)
        self._forgeries = forgeries or Forgeries(name)
        self._epoch = 0
        self.last = 0
        """Last sequence known to be in the stream."""
        self._acked = 0
        self._failure: str | None = None
        self._reconnects = 0
        self._heard = asyncio.Event()
        self._woken = asyncio.Event()
        """Set when the ledger may have more than the stream, another epoch, or NATS be gone."""
        self._round = 0
        self._rounds = itertools.count(1)
        self._epoch_checked = 0.0

    def note(self, head: Head) -> None:
        """Look at once if the ledger's head is not the last event of the stream. To be called with each known head."""
        if head.epoch != self._epoch or head.position > self.last or not self._nats.is_connected:
            self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled. NATS and PostgreSQL may be unavailable for a time."""
        pause, logged = RETRY_MIN_S, ""
        async with contextlib.AsyncExitStack() as stack:
            inbox = self._nats.new_inbox()
            for pattern, callback in (
                (f"{inbox}.*.*", self._on_ack),
                (wakeup_subject(self._name), self._on_wakeup),
            ):
                subscription = await self._nats.subscribe(pattern, cb=callback)
                stack.push_async_callback(_unsubscribe, subscription)
            while True:
                started = self.last
                try:
                    await self._repair()
                    await self._pump(inbox)
                except (_AskAgain, NatsError, LedgerUnavailable, OSError, TimeoutError) as error:
                    pause = RETRY_MIN_S if self.last > started else min(pause * 2, RETRY_MAX_S)
                    if self.last > started or repr(error) != logged:  # once per outage, not every two seconds
                        logged = repr(error)
                        log.warning("relay asks again", ledger=self._name, last=self.last, error=logged)
                    await asyncio.sleep(pause)

    async def _repair(self) -> None:
        """Compare the stream with the ledger and repair it."""
        if not self._nats.is_connected:
            raise _AskAgain("not connected to NATS")
        state = await self._stream.state()
        head = await self._ledger.head(self._name)  # after the stream: it must not look ahead of the ledger
        self._epoch = head.epoch
        self._epoch_checked = asyncio.get_running_loop().time()
        why = None
        if state is not None:
            if state.epoch != head.epoch:
                why = f"it is of epoch {state.epoch}, the ledger of {head.epoch}"
            elif state.last > head.position:
                why = f"its position is {state.last}, ahead of the ledger at {head.position}"
                self._forgeries.add([(state.last, b"")])
            elif state.unchangeable:
                why = "; ".join(state.drift)
            elif state.messages and not await self._same_event(state.last):
                why = f"its message {state.last} is not the ledger's event {state.last}"
                self._forgeries.add([(state.last, b"")])
        if state is not None and why is None:
            if state.drift:
                log.warning("stream declaration mended", ledger=self._name, drift=list(state.drift))
                await self._stream.update(head.epoch)
            self.last = state.last
            return
        if state is not None:
            log.warning("stream dropped", ledger=self._name, reason=why)
            await self._stream.drop()
        first = max(1, head.position - BACKFILL + 1)
        await self._stream.create(head.epoch, first)
        self.last = first - 1
        log.info("stream made", ledger=self._name, first=first, epoch=head.epoch)

    async def _same_event(self, position: int) -> bool:
        event = await self._stream.event(position)
        if event is None:
            return False
        return digest_of([event]) == await self._ledger.digest(self._name, position - 1, position)

    async def _pump(self, inbox: str) -> None:
        """Publish the events that the stream lacks, until cancelled."""
        self._round = next(self._rounds)
        self._acked, self._failure = self.last, None
        self._reconnects = self._nats.stats["reconnects"]
        reply = f"{inbox}.{self._round}"
        sent = self.last
        reading: asyncio.Task[list[StoredEvent]] | None = None
        try:
            while True:
                await self._check_epoch()
                if reading is None:
                    self._woken.clear()  # before the read: an event that is announced during it wakes again
                page = await (reading or self._read(sent))
                reading = None
                if page:
                    if len(page) == PAGE:  # a backlog: the next page is read while this one goes out
                        reading = asyncio.create_task(self._read(page[-1].position))
                    await self._publish(page, reply)
                    sent = page[-1].position
                    continue
                await self._until_acked(sent)
                await self._woken.wait()
                await asyncio.sleep(GATHER_S)
        finally:
            if reading is not None:
                await end([reading])

    async def _check_epoch(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._epoch_checked < EPOCH_CHECK_S:
            return
        self._epoch_checked = now
        info = await self._ledger.info(self._name)
        if info.epoch != self._epoch:
            raise _AskAgain(f"the ledger is of epoch {info.epoch} now")
        if not self._nats.is_connected:
            raise _AskAgain("not connected to NATS")

    async def _read(self, after: int) -> list[StoredEvent]:
        return [event_of(row, self._name) for row in await self._ledger.read_raw(self._name, after, PAGE)]

    async def _publish(self, page: Sequence[StoredEvent], reply: str) -> None:
        first, last = page[0].position, page[-1].position
        if last - self._acked > IN_FLIGHT:
            await self._until_acked(last - IN_FLIGHT)
        if len(page) < BATCH_MIN:
            for event in page:
                await self._send(event, f"{reply}.{event.position}", after(event.position - 1))
            return
        batch = f"{secrets.token_hex(6)}-{first}"  # another one each time: what is left of an earlier try is not joined
        await self._send(page[0], "", f"{after(first - 1)}\r\n{of_batch(batch, 1)}")
        for n, event in enumerate(page[1:-1], 2):
            await self._send(event, "", of_batch(batch, n))
        await self._send(page[-1], f"{reply}.{last}", of_batch(batch, len(page), commit=True))

    async def _send(self, event: StoredEvent, reply: str, control: str) -> None:
        await self._nats.publish(
            subject(self._name, event.entity, event.type),
            event.raw,
            reply=reply,
            headers=cast("dict[str, str]", headers_of(event, self._epoch, control)),
        )

    async def _until_acked(self, position: int) -> None:
        """Wait for the acknowledgement of a position. Raises :class:`_AskAgain` on refusal or time-out."""
        deadline = asyncio.get_running_loop().time() + ACK_TIMEOUT_S
        while self._acked < position and self._failure is None:
            self._heard.clear()
            try:
                await asyncio.wait_for(self._heard.wait(), ACK_LOOK_S)
                deadline = asyncio.get_running_loop().time() + ACK_TIMEOUT_S
            except TimeoutError:
                # Messages on their way when the connection was lost are sent again: they get no acknowledgement.
                if self._nats.stats["reconnects"] != self._reconnects or not self._nats.is_connected:
                    raise _AskAgain("NATS went away") from None
                if asyncio.get_running_loop().time() > deadline:
                    raise _AskAgain(f"no answer for {self._acked + 1} in {ACK_TIMEOUT_S} s") from None
        self.last = max(self.last, self._acked)
        if self._failure is not None:
            raise _AskAgain(self._failure)

    async def _on_ack(self, message: Msg) -> None:
        _, _, tail = message.subject.partition(f".{self._round}.")
        if not tail.isdigit():
            return  # of an earlier round: the stream was asked since then
        if b'"error"' in message.data or not message.data:
            self._failure = self._failure or (
                message.data.decode(errors="replace")[:300] or "no stream takes the subject"
            )
        elif int(tail) > self._acked:
            self._acked = int(tail)
        self._heard.set()

    async def _on_wakeup(self, message: Msg) -> None:
        self._woken.set()


def after(sequence: int) -> str:
    """Return the header with which the server refuses a message unless this is the stream's last sequence."""
    return f"Nats-Expected-Last-Sequence: {sequence}"


def of_batch(batch: str, n: int, *, commit: bool = False) -> str:
    """Return the headers of the n-th message of an atomic batch (ADR-50 of NATS)."""
    return f"Nats-Batch-Id: {batch}\r\nNats-Batch-Sequence: {n}" + (
        "\r\nNats-Batch-Commit: 1" if commit else ""
    )


async def _unsubscribe(subscription: Subscription) -> None:
    with contextlib.suppress(NatsError):
        await subscription.unsubscribe()

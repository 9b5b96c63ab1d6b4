"""Tail of one ledger: its latest events in memory, in order and without gaps.

After a wake-up message events are read from the ledger itself, which is faster than JetStream by a sync to disk; the
stream delivers those that no message announced, and the ledger's head (:mod:`encours.transport.heads`) shows those that
neither brought. The ledger decides: messages of NATS are hints, and events of the
stream are handed on when the ledger has confirmed them.

All read models of a process share one tail, so that each event is received and decoded once. A model that is behind
the window of the tail reads the ledger by itself and delays no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from itertools import chain

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header, ReplayPolicy

from encours.ledger import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import Head
from encours.ledger.stored import StoredEvent, event_of
from encours.transport.client import NatsConnection
from encours.transport.confirmation import Forgeries, Unconfirmed
from encours.transport.messages import event_from
from encours.transport.names import stream_name, wakeup_subject, wanted_subject

WINDOW = 4096
PAGE = 1024
FETCH = 256
ANSWER_S = 2.0
EXPIRES_S = 10.0
HEARTBEAT_S = 2.5
"""Each ledger costs each process a message so often. What the stream is late with comes from the ledger."""
SILENCE_S = 8.0  # three missed heartbeats: the request or its server is lost
INACTIVE_S = 10.0
RETRY_S = 0.25

log = structlog.get_logger("encours.tail")


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events that follow a position; ``epoch`` is the ledger's."""

    events: list[StoredEvent]
    epoch: int


class Tail:
    """Latest events of one ledger. Run :meth:`run` as a task; read with :meth:`after`."""

    def __init__(self, nats: NatsConnection, ledger: Ledger, name: str) -> None:
        self._nats = nats
        self._ledger = ledger
        self._name = name
        self._window: list[StoredEvent] = []
        self.last = -1
        """Last position in memory; -1 until the ledger was read for the first time."""
        self.head = 0
        self.epoch = 0
        self.source = "ledger"
        """Origin of the last events: ``stream`` or ``ledger``."""
        self._changed = asyncio.Event()
        self._wanted: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._urgent: dict[str, Collection[str]] = {}
        self._ending: dict[str, Collection[str]] = {}
        """Types that end the rest of a model that rests now."""
        self._grown = asyncio.Event()
        self._look = asyncio.Event()
        """Set when the stream has a gap or an error, or the ledger another head: read the ledger at once."""
        self._reset = asyncio.Event()
        self._credit = 0
        self._ask_more: Callable[[], Awaitable[None]] | None = None
        self._unconfirmed = Unconfirmed(ledger, name)
        self.forgeries = Forgeries(name)

    async def after(self, position: int, limit: int, timeout: float) -> EventBatch:
        """Return the events that follow a position, up to ``limit``, or none if none arrive within ``timeout`` seconds.

        Raises LedgerUnavailable if the ledger has to be read and is unavailable.
        """
        if self.last < 0 or position >= self.last:
            changed = self._changed
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), timeout)
        first = self.last - len(self._window) + 1
        if self.last < 0 or position >= self.last:
            return EventBatch([], self.epoch)
        if position + 1 >= first:
            start = position + 1 - first
            return EventBatch(self._window[start : start + limit], self.epoch)
        epoch = self.epoch
        rows = await self._ledger.read_raw(self._name, position, limit, upto=self.last)
        return EventBatch([event_of(row, self._name) for row in rows], epoch)

    async def rest(self, model: str, seconds: float, *, until: Collection[str] = ()) -> None:
        """Pause a read model, so that events form a batch, until a reader waits for it, an event arrives that is urgent
        for it (:meth:`hurry_for`) or of the types ``until``, or the time is over.
        """
        wanted = self._wanted[model]
        self._ending[model] = until
        try:
            async with asyncio.timeout(seconds):
                await wanted.wait()
        except TimeoutError:
            pass
        finally:
            del self._ending[model]
        wanted.clear()

    def hurry_for(self, types: Collection[str], model: str) -> None:
        """Let events of these types end each rest of the model: it reacts to them."""
        self._urgent[model] = types

    def wake(self) -> None:
        """Read the ledger at once, as it has new events."""
        self._grown.set()

    def note(self, head: Head) -> None:
        """Read the ledger at once if its head is not the last event in memory. To be called with each known head."""
        if head.epoch != self.epoch or head.position != self.last:
            self._look.set()

    def release(self) -> None:
        """End each waiting :meth:`after` without events: the process stops, or a checkpoint was moved."""
        self._wake()

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_ledger())
            tasks.create_task(self._read_when_woken())
            tasks.create_task(self._follow_stream())
            tasks.create_task(self._confirm())

    # The ledger: its head, and the events themselves as soon as a wake-up message announces them.

    async def _watch_ledger(self) -> None:
        while True:
            self._look.clear()
            try:
                before = self.last
                head = await self._ledger.head(self._name)
                self.head = max(head.position, self.last)
                # Newer events may have arrived while the ledger was read.
                if before < 0 or head.epoch != self.epoch or head.position < before:
                    self._start_over(head.position, head.epoch)
                elif head.position > self.last:
                    await self._read_ledger()
            except LedgerUnavailable as error:
                log.warning("ledger not readable", ledger=self._name, error=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                await self._look.wait()

    async def _read_when_woken(self) -> None:
        while True:
            await self._grown.wait()
            self._grown.clear()
            if self.last < 0:
                continue
            try:
                await self._read_ledger()
            except LedgerUnavailable as error:
                log.warning("ledger not readable", ledger=self._name, error=str(error))

    async def _read_ledger(self) -> None:
        """Read the events after the last position from the ledger."""
        full = True
        while full:
            epoch = self.epoch
            rows = await self._ledger.read_raw(self._name, self.last, PAGE)
            full = len(rows) == PAGE
            # The stream may have delivered some of them in the meantime.
            events = [event_of(row, self._name) for row in rows if row["position"] > self.last]
            if not events or self.epoch != epoch or events[0].position != self.last + 1:
                return
            self._append(events)
            self.source = "ledger"

    def _start_over(self, position: int, epoch: int) -> None:
        if self.last >= 0:
            log.warning(
                "ledger changed under the tail",
                ledger=self._name,
                was=(self.epoch, self.last),
                now=(epoch, position),
            )
        self._window.clear()
        self._unconfirmed.forget()
        self.last = self.head = position
        self.epoch = epoch
        self._reset.set()
        self._wake()

    def _append(self, events: list[StoredEvent]) -> None:
        self._window.extend(events)
        self.last = events[-1].position
        self._unconfirmed.forget(self.last)
        self.head = max(self.head, self.last)
        for model, types in chain(self._urgent.items(), self._ending.items()):
            if any(event.type in types for event in events):
                self._wanted[model].set()
        if len(self._window) > 2 * WINDOW:
            del self._window[:-WINDOW]
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    # The stream: a pull consumer without acks, created again after any error.

    async def _follow_stream(self) -> None:
        nats = await self._nats.client()
        wakeups = await nats.subscribe(wakeup_subject(self._name), cb=self._on_wakeup)
        waits = await nats.subscribe(wanted_subject(self._name, "*"), cb=self._on_wanted)
        try:
            while True:
                try:
                    if nats.is_connected and self.last >= 0:
                        await self._consume(nats)
                except (NatsError, OSError, TimeoutError) as error:
                    log.debug("consumer lost", ledger=self._name, error=repr(error))
                await asyncio.sleep(RETRY_S)
        finally:
            with contextlib.suppress(NatsError):
                await wakeups.unsubscribe()
                await waits.unsubscribe()

    async def _on_wakeup(self, _: Msg) -> None:
        self.wake()

    async def _on_wanted(self, message: Msg) -> None:
        wanted = self._wanted.get(message.subject.rpartition(".")[2])
        if wanted is not None:  # else another service has the model
            wanted.set()
            self.wake()

    async def _consume(self, nats: Client) -> None:
        loop = asyncio.get_running_loop()
        js = nats.jetstream(timeout=ANSWER_S)
        self._reset.clear()
        reconnects = nats.stats["reconnects"]
        info = await js.add_consumer(
            stream_name(self._name),
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.last + 1,
                ack_policy=AckPolicy.NONE,
                replay_policy=ReplayPolicy.INSTANT,
                inactive_threshold=INACTIVE_S,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        pull = f"$JS.API.CONSUMER.MSG.NEXT.{stream_name(self._name)}.{info.name}"
        inbox = nats.new_inbox()
        epoch, self._credit, self._heard_at = self.epoch, 0, loop.time()
        # nats-py's fetch() waits for a whole batch once its first message came late; requests of our own with their
        # answers in a callback bring each event at once, and a batch is whatever came in meanwhile.
        request = json.dumps({
            "batch": FETCH, "expires": int(EXPIRES_S * 1e9), "idle_heartbeat": int(HEARTBEAT_S * 1e9),
        }).encode()  # fmt: skip

        async def ask_more() -> None:
            room = len(self._unconfirmed) < WINDOW
            if self._credit < FETCH // 2 and room and not self._reset.is_set():
                self._credit += FETCH
                await nats.publish(pull, request, reply=inbox)

        async def on_message(message: Msg) -> None:
            self._heard_at = loop.time()
            if not message.reply:
                self._on_status(message)
            else:
                self._credit -= 1
                self._on_event(message, epoch)
            await ask_more()

        subscription = await nats.subscribe(inbox, cb=on_message)
        try:
            self._ask_more = ask_more
            await ask_more()
            while not self._reset.is_set() and loop.time() - self._heard_at < SILENCE_S:
                if nats.stats["reconnects"] != reconnects:
                    break  # another server, or one that has forgotten the request
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._reset.wait(), HEARTBEAT_S)
        finally:
            self._ask_more = None
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await subscription.unsubscribe()  # the consumer goes by itself, INACTIVE_S later

    def _on_status(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get(Header.STATUS.value)
        if status == "100":
            return
        if status in ("404", "408"):
            self._credit -= int(headers.get("Nats-Pending-Messages", FETCH))
            return
        self._reset.set()  # 409: the consumer was deleted; 503: no server answers for it
        self._look.set()

    def _on_event(self, message: Msg, epoch: int) -> None:
        headers = message.headers or {}
        sequence = _sequence(message.reply)
        try:
            position = int(headers["encours-position"])
            if headers["encours-epoch"] != str(self.epoch) or epoch != self.epoch:
                self._start_anew()  # an old stream
                return
            if position != sequence:
                raise ValueError(f"{position} in the place of {sequence}")
            if position <= self.last:
                self._compare(position, headers, message.data)
                return  # a duplicate, or read from the ledger already
            if position != self._unconfirmed.last(self.last) + 1:
                if position > self._unconfirmed.last(self.last):
                    self._start_anew()  # a hole
                return
            self._unconfirmed.add(event_from(headers, message.data, self._name))
        except (KeyError, ValueError):
            self.forgeries.add([(sequence, message.data)])
            self._start_anew()

    def _compare(self, position: int, headers: dict[str, str], body: bytes) -> None:
        """Notice a message that is not the event that was read from the ledger."""
        at = position - (self.last - len(self._window) + 1)
        if at >= 0 and (body != self._window[at].raw or headers["ce-id"] != str(self._window[at].event_id)):
            self.forgeries.add([(position, body)])

    def _start_anew(self) -> None:
        """The ledger has the truth, and a new consumer starts after it."""
        self._reset.set()
        self._look.set()

    # What the stream brought is handed on when the ledger has it.

    async def _confirm(self) -> None:
        while True:
            try:
                judged = await self._unconfirmed.judged()
                if judged.stale:
                    continue
                if judged.forged:
                    await self._refuse(judged.forged)
                    continue
            except LedgerUnavailable as error:
                log.warning("ledger not readable", ledger=self._name, error=str(error))
                await asyncio.sleep(RETRY_S)
                continue
            # The ledger itself may have been read in the meantime.
            events = [event for event in judged.events if event.position > self.last]
            if events and events[0].position == self.last + 1:
                self._append(events)
                self.source = "stream"
            else:
                self._unconfirmed.forget(judged.events[-1].position)
            if self._ask_more is not None:
                with contextlib.suppress(NatsError, OSError):
                    await self._ask_more()

    async def _refuse(self, forged: list[StoredEvent]) -> None:
        """Sound the alarm, unless the ledger was restored under the stream, and read the ledger instead."""
        head = await self._ledger.head(self._name)
        if head.epoch == self.epoch:
            self.forgeries.add((event.position, event.raw) for event in forged)
        self._unconfirmed.forget()
        self._start_anew()


def _sequence(reply: str) -> int:
    """Return the stream's sequence number in a reply subject, which has two forms: with and without domain."""
    tokens = reply.split(".")
    return int(tokens[5] if len(tokens) < 11 else tokens[7])

"""Worker process of a service: for every ledger a tail and the read models of the service with their reactors, besides
the background tasks of the service. A worker that has the relay's address has a relay too, active in one process.

New ledgers are found within a second. On SIGTERM the worker finishes its batches and releases its leases.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

import asyncpg
import structlog
from pydantic import SecretStr

from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import Head, LedgerInfo
from encours.ledger.sandboxes import was_dropped
from encours.postgres.connection import FAILED, STORE_SETTINGS, close_pool, open_pool
from encours.postgres.leases import Leases
from encours.projection.control import ensure_control, positions
from encours.projection.projector import check_model
from encours.projection.read_model import Reactor, ReadModel
from encours.projection.status import (
    LedgerState,
    forget_stale_states,
    note_forgeries,
    write_ledger_states,
)
from encours.projection.subscription import ProjectorContext, Subscription
from encours.service.dropped import DroppedLedgers
from encours.transport.client import NatsConnection
from encours.transport.heads import watch_heads
from encours.transport.relay import Relay
from encours.transport.tail import Tail

LEDGERS_S = 0.5
STATE_S = 0.5
STATES_ALL = 120
"""All states are written each time this number of intervals has passed."""
CHECKPOINTS_S = 1.0
STANDBY_S = 0.5
LEADING_S = 2.0
"""Interval in which a relay looks at its lease."""
CONNECT_RETRY_S = 0.5
RESTART_MIN_S, RESTART_MAX_S = 0.2, 10.0
DRAIN_S = 10.0
POOL = 6

COMMAND_TIMEOUT_S = 60.0
# A batch that a power cut loses is read from the ledger again, as its checkpoint is lost with it.
_SETTINGS = {**STORE_SETTINGS, "synchronous_commit": "off"}

log = structlog.get_logger("encours.worker")

Background = Callable[[], Awaitable[None]]


class WorkerSettings(Protocol):
    """Settings that a worker needs."""

    @property
    def ledger_url(self) -> SecretStr: ...
    @property
    def store_url(self) -> SecretStr: ...
    @property
    def nats_url(self) -> SecretStr: ...
    @property
    def relay_url(self) -> SecretStr | None: ...


@dataclass(frozen=True, slots=True)
class _Relaying:
    """Connection as the relay's user, and leases in the ledger's database, that the relays of a process share."""

    nats: NatsConnection
    leases: Leases


class Worker:
    """Worker of a service: ``await Worker(settings, ledger, service, models).run()``. ``reactors``: by model name."""

    def __init__(
        self,
        settings: WorkerSettings,
        ledger: Ledger,
        nats: NatsConnection,
        service: str,
        models: Sequence[ReadModel],
        reactors: Mapping[str, Reactor] | None = None,
        background: Sequence[Background] = (),
    ) -> None:
        for model in models:
            check_model(model)
        if unknown := set(reactors or ()) - {model.name for model in models}:
            raise TypeError(f"reactors for {', '.join(sorted(unknown))}, which is no read model of {service}")
        self._settings, self._ledger, self._nats, self._service = settings, ledger, nats, service
        self._models, self._reactors, self._background = (
            tuple(models),
            dict(reactors or {}),
            tuple(background),
        )
        self.instance = f"{socket.gethostname()}:{os.getpid()}"
        self._stopping = asyncio.Event()
        self._broken = ""
        self._tails: dict[str, Tail] = {}
        self._publishers: dict[str, Relay] = {}
        self._relays: dict[str, str] = {}
        self._written: dict[str, LedgerState] = {}
        self._alarmed: dict[str, int] = {}
        self._dropped = DroppedLedgers(model.name for model in models)
        ledger.on_appended(self._wake)

    def _wake(self, ledger: str, _head: int) -> None:
        if (tail := self._tails.get(ledger)) is not None:
            tail.wake()

    def _note_head(self, ledger: str, head: Head) -> None:
        if (tail := self._tails.get(ledger)) is not None:
            tail.note(head)
        if (relay := self._publishers.get(ledger)) is not None:
            relay.note(head)

    def _connected(self) -> bool:
        return self._nats.connected

    def _break(self, task: str) -> None:
        """A task is gone for good: drain what is left, and end with an error."""
        self._broken = task
        self._stopping.set()

    def stop(self) -> None:
        """Finish the current batches and end, as on SIGTERM."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until :meth:`stop`. Servers may be away at the start and at any later time. Raises WorkerBroken."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        async with AsyncExitStack() as stack:
            pool = await open_pool(
                self._settings.store_url.get_secret_value(),
                f"{self._service} worker",
                size=POOL,
                settings=_SETTINGS,
                command_timeout_s=COMMAND_TIMEOUT_S,
            )
            stack.push_async_callback(close_pool, pool)
            relaying = await self._relaying(stack)
            leases = Leases(self._settings.store_url.get_secret_value(), f"{self._service} projector leases")
            stack.push_async_callback(leases.close)
            await self._until_installed(pool)
            context = ProjectorContext(
                self._service,
                self._ledger,
                self._settings.ledger_url.get_secret_value(),
                self._settings.store_url.get_secret_value(),
                pool,
                leases,
                self._stopping,
            )
            log.info("worker started", instance=self.instance, models=[model.name for model in self._models])
            async with _Tasks(self._break) as tasks:
                tasks.start("leases", leases.watch)
                if relaying is not None:
                    tasks.start("relay leases", relaying.leases.watch)
                for count, background in enumerate(self._background):
                    tasks.start(f"background {count}", background)
                tasks.start("state", lambda: self._publish_state(pool))
                tasks.start("heads", lambda: watch_heads(self._ledger, self._connected, self._note_head))
                tasks.start("checkpoints", lambda: self._watch_checkpoints(context))
                tasks.start("ledgers", lambda: self._ledgers(context, relaying))
                await self._stopping.wait()
                log.info("worker drains", instance=self.instance)
                await tasks.drain({"ledgers"}, DRAIN_S)
            log.info("worker stopped", instance=self.instance)
        if self._broken:
            raise WorkerBroken(f"this task ended: {self._broken}")

    async def _relaying(self, stack: AsyncExitStack) -> _Relaying | None:
        """The relay's own connection, as its own user; None in a worker that was not given its address."""
        if self._settings.relay_url is None:
            return None
        nats = NatsConnection(self._settings.relay_url.get_secret_value(), f"{self._service} relay")
        stack.push_async_callback(nats.close)
        leases = Leases(self._settings.ledger_url.get_secret_value(), f"{self._service} relay lease")
        stack.push_async_callback(leases.close)
        return _Relaying(nats, leases)

    async def _until_installed(self, pool: asyncpg.Pool) -> None:
        while not self._stopping.is_set():
            try:
                await ensure_control(pool)
            except FAILED as error:
                log.warning("store not ready", error=repr(error))
                await self._sleep(CONNECT_RETRY_S)
            else:
                return

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _ledgers(self, context: ProjectorContext, relaying: _Relaying | None) -> None:
        """Start a group of tasks for each ledger when it appears, and end it when the ledger was dropped."""
        followed: dict[str, asyncio.Task[None]] = {}
        looked = False
        try:
            while not self._stopping.is_set():
                try:
                    infos = await self._ledger.ledgers(within_s=LEDGERS_S)
                    for info in infos:
                        if info.name not in followed or followed[info.name].done():
                            follow = self._follow(context, relaying, info)
                            followed[info.name] = asyncio.create_task(follow, name=f"ledger {info.name}")
                    gone = followed.keys() - {info.name for info in infos}
                    if gone or not looked:
                        await end([followed.pop(name) for name in gone])
                        for kept in (self._tails, self._relays, self._written):
                            for name in gone:
                                kept.pop(name, None)
                        nats = None if relaying is None else relaying.nats
                        looked = await self._dropped.forget(self._ledger, context.pool, nats)
                except LedgerUnavailable as error:
                    log.warning("ledgers not readable", error=str(error))
                await self._sleep(LEDGERS_S)
            await asyncio.gather(*followed.values(), return_exceptions=True)
        finally:
            await end(followed.values())

    async def _follow(self, context: ProjectorContext, relaying: _Relaying | None, info: LedgerInfo) -> None:
        log.info("ledger followed", ledger=info.name)
        tail = self._tails[info.name] = Tail(self._nats, self._ledger, info.name)
        async with _Tasks(self._break) as tasks:
            tasks.start(f"tail {info.name}", tail.run)
            if relaying is not None:
                tasks.start(f"relay {info.name}", lambda: self._relay(relaying, info.name))
            subscriptions = [
                Subscription(context, info, model, self._reactors.get(model.name), tail)
                for model in self._models
            ]
            names = set()
            for model, subscription in zip(self._models, subscriptions, strict=True):
                tasks.start(f"{model.name} {info.name}", subscription.run)
                names.add(f"{model.name} {info.name}")
            await self._stopping.wait()
            tail.release()
            await tasks.drain(names, DRAIN_S)

    async def _relay(self, relaying: _Relaying, name: str) -> None:
        """Publish while this process has the lease."""
        nats, leases = await relaying.nats.client(), relaying.leases
        while not self._stopping.is_set():
            self._relays[name] = "standby"
            token = await leases.acquire("relay", name)
            if token is None:
                await self._sleep(STANDBY_S)
                continue
            self._relays[name] = "active"
            log.info("relay active", ledger=name)
            publishing = Relay(nats, self._ledger, name, forgeries=self._tails[name].forgeries)
            self._publishers[name] = publishing
            relay, stop = asyncio.create_task(publishing.run()), asyncio.create_task(self._stopping.wait())
            try:
                while leases.holds(token) and not stop.done() and not relay.done():
                    await asyncio.wait({relay, stop}, timeout=LEADING_S, return_when=asyncio.FIRST_COMPLETED)
            finally:
                del self._publishers[name]
                await end([relay, stop])
                await asyncio.shield(leases.release(token, "relay", name))
            if relay.done() and not relay.cancelled() and relay.exception() is not None:
                if await was_dropped(self._ledger, name):
                    log.info("relay ends with its sandbox", ledger=name)
                    return
                log.error("relay failed", ledger=name, exc_info=relay.exception())

    async def _watch_checkpoints(self, context: ProjectorContext) -> None:
        """Read the positions of all read models together: one that another process moved is looked at by its task."""
        while True:
            with contextlib.suppress(*FAILED):
                known, context.positions = context.positions, await positions(context.pool)
                for ledger in {
                    key[0] for key, position in context.positions.items() if known.get(key) != position
                }:
                    if (tail := self._tails.get(ledger)) is not None:
                        tail.release()
            await asyncio.sleep(CHECKPOINTS_S)

    async def _publish_state(self, pool: asyncpg.Pool) -> None:
        """Write the states that this process sees into the control schema, from which the API answers.

        Those that have changed at once; all every minute, so that they are not taken for those of an ended process.
        """
        await forget_stale_states(pool)
        for count in itertools.count():
            if count % STATES_ALL == 0:
                self._written.clear()
            changed = {s.ledger: s for s in self._states() if self._written.get(s.ledger) != s}
            with contextlib.suppress(*FAILED):
                await write_ledger_states(pool, changed.values())
                self._written |= changed
                await self._raise_alarms(pool)
            await asyncio.sleep(STATE_S)

    def _states(self) -> list[LedgerState]:
        return [
            LedgerState(
                self._service,
                self.instance,
                name,
                t.epoch,
                t.head,
                t.last,
                self._relays.get(name, "none"),
                t.source,
            )
            for name, t in self._tails.items()
            if t.last >= 0
        ]

    async def _raise_alarms(self, pool: asyncpg.Pool) -> None:
        for name, tail in self._tails.items():
            count = tail.forgeries.count
            if new := count - self._alarmed.get(name, 0):
                await note_forgeries(pool, name, new, tail.forgeries.last_position)
                self._alarmed[name] = count


class WorkerBroken(Exception):
    """A task of a worker ended and could not be begun again: the process ends, so that a new one does the work."""


class _Tasks:
    """Tasks that are started again, after a growing pause, when they end with an exception.

    ``broken`` is called with the name of a task that ended all the same.
    """

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._broken = broken

    async def __aenter__(self) -> _Tasks:
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._tasks.values())

    def start(self, name: str, work: Background) -> None:
        """Start a task under a name."""
        task = self._tasks[name] = asyncio.create_task(self._keep(name, work), name=name)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._broken(task.get_name())

    async def _keep(self, name: str, work: Background) -> None:
        pause = RESTART_MIN_S
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await work()
            except Exception as error:
                if asyncio.get_running_loop().time() - started > RESTART_MAX_S:
                    pause = RESTART_MIN_S
                log.error("task failed", task=name, pause_s=pause, exc_info=error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, RESTART_MAX_S)
            else:
                return

    async def drain(self, names: set[str], timeout_s: float) -> None:
        """Wait until these tasks end by themselves."""
        waiting = [self._tasks[name] for name in names]
        if waiting:
            await asyncio.wait(waiting, timeout=timeout_s)

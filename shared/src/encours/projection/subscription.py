"""Subscription of one read model to one ledger: leader or standby, live or being built, with retries.

The checkpoint decides. Each batch locks it and is rolled back if another instance has moved it. So after two leaders,
a lease lost during a batch or a crash at any point, each event is applied once, in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from encours.ledger import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import LedgerInfo
from encours.ledger.sandboxes import was_dropped
from encours.ledger.stored import StoredEvent, event_of
from encours.postgres.connection import FAILED, is_lost
from encours.postgres.leases import Leases
from encours.projection.apply import Applied, DailyStepFailed, apply
from encours.projection.control import (
    REACTING,
    REBUILDING,
    STOPPED,
    Checkpoint,
    load_checkpoint,
    move_checkpoint,
    note_state,
)
from encours.projection.parking import Parking
from encours.projection.projector import Projection, StopBefore
from encours.projection.reactor import Reactions
from encours.projection.read_model import Conn, Reactor, ReadModel
from encours.projection.rebuild import rebuild
from encours.projection.schemas import schema_of
from encours.transport.tail import Tail

BATCH = 1024
PAUSE_FACTOR = 10.0
PAUSE_MAX_S = 0.1
"""Pause after a batch, as a multiple of its duration, unless a reader waits for the model: under load, single events
form batches. There is no pause after a full batch. After events that the model ignores, the pause is the longest, and
the first event that it does not ignore ends it.
"""
WAIT_S = 5.0
"""Longest wait for events. The worker ends it when another process has moved a position."""
STANDBY_S = 0.5
RETRY_MIN_S, RETRY_MAX_S = 0.1, 5.0
STOPPED_MAX_S = 30.0

log = structlog.get_logger("encours.subscription")


class _Overtaken(Exception):
    """Another instance moved the checkpoint, or a rebuild replaced the model: load it again."""


class _Blocked(Exception):
    """The model has to wait for a deployment or a repair; the message is for operators."""


@dataclass(slots=True)
class ProjectorContext:
    """Connections, settings and known positions that the subscriptions of a process share."""

    service: str
    ledger: Ledger
    ledger_dsn: str
    store_dsn: str
    pool: asyncpg.Pool
    leases: Leases
    stopping: asyncio.Event
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    """Checkpoints by ledger and model, as they were a moment ago."""


class Subscription:
    """Subscription of a model to a ledger. Run :meth:`run` as a task."""

    def __init__(
        self,
        context: ProjectorContext,
        info: LedgerInfo,
        model: ReadModel,
        reactor: Reactor | None,
        tail: Tail,
    ) -> None:
        self._context, self._model, self._reactor, self._tail = context, model, reactor, tail
        self._ledger = info.name
        if reactor is not None:
            tail.hurry_for(reactor.types, model.name)
        self._lease = ("projector", context.service, info.name, model.name)

    async def run(self) -> None:
        """Follow the ledger until the process stops: as leader while it has the lease, else as standby."""
        pause = RETRY_MIN_S
        while not self._context.stopping.is_set():
            token = await self._context.leases.acquire(*self._lease)
            if token is None:
                await self._sleep(STANDBY_S)
                continue
            try:
                await self._lead(token)
                pause = RETRY_MIN_S
            except _Overtaken:
                pause = RETRY_MIN_S
            except (_Blocked, StopBefore, DailyStepFailed) as error:
                pause = min(max(pause * 2, 1.0), STOPPED_MAX_S)
                if not await self._is_dropped():
                    await self._note(STOPPED, str(error))
                    log.error(
                        "read model stopped", ledger=self._ledger, model=self._model.name, reason=str(error)
                    )
            except Exception as error:
                pause = min(pause * 2, RETRY_MAX_S)
                await self._failed(error, pause)
            finally:
                # Released during the pause, so that a newer program can take it.
                await asyncio.shield(self._context.leases.release(token, *self._lease))
            await self._sleep(pause)

    async def _failed(self, error: Exception, pause_s: float) -> None:
        if is_lost(error) or isinstance(error, LedgerUnavailable):
            log.warning(
                "a server is unavailable", ledger=self._ledger, model=self._model.name, error=repr(error)
            )
            return
        if await self._is_dropped():
            return
        log.error(
            "projection failed", ledger=self._ledger, model=self._model.name, pause_s=pause_s, exc_info=error
        )
        await self._note(STOPPED, f"{type(error).__name__}: {error}"[:1000])

    async def _is_dropped(self) -> bool:
        """Return True, and say so, if the ledger is a sandbox that was dropped while its read model was built."""
        if not await was_dropped(self._context.ledger, self._ledger):
            return False
        log.info("read model ends with its sandbox", ledger=self._ledger, model=self._model.name)
        return True

    async def _note(self, state: str, reason: str | None) -> None:
        with contextlib.suppress(*FAILED):
            await note_state(self._context.pool, self._ledger, self._model.name, state, reason)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._context.stopping.wait(), seconds)

    async def _lead(self, token: int) -> None:
        context, ledger, model = self._context, self._ledger, self._model
        checkpoint = await self._ready()
        async with context.pool.acquire() as conn:
            parking = await Parking.load(conn, ledger, model.name)
            reactions = await self._reactions(conn, checkpoint)
        projection = Projection(model, schema_of(model.name, ledger), parking)
        position = checkpoint.position
        if reactions is not None:
            await self._react_to_last(reactions, position)
        while context.leases.holds(token) and not context.stopping.is_set():
            batch = await self._tail.after(position, BATCH, WAIT_S)
            if self._tail.last >= 0 and batch.epoch != checkpoint.epoch:
                raise _Overtaken  # of the ledger itself: _ready gives the reason and builds anew
            if not batch.events:
                await self._check_position(position)
                continue
            events = batch.events if reactions is None else reactions.cut(batch.events)
            began = time.monotonic()
            passed = projection.passes_over(events)
            if passed:
                applied = await self._pass_over(events[-1].position, checkpoint, position)
            else:
                applied = await self._apply(projection, events, checkpoint, position)
            pause_s = min(PAUSE_FACTOR * (time.monotonic() - began), PAUSE_MAX_S)
            position = applied.position
            if applied.stop is not None:
                raise applied.stop
            if reactions is not None and reactions.due(events[-1]):
                await self._react(reactions, events[-1])
            if passed and self._tail.last == position:
                await self._tail.rest(model.name, PAUSE_MAX_S, until=projection.wanted)
            elif len(batch.events) < BATCH:
                await self._tail.rest(model.name, pause_s)

    async def _apply(
        self, projection: Projection, events: Sequence[StoredEvent], checkpoint: Checkpoint, position: int
    ) -> Applied:
        ledger, name = self._ledger, self._model.name
        at = position

        async def commit(conn: Conn, new: int) -> None:
            nonlocal at
            if not await move_checkpoint(conn, ledger, name, old=at, epoch=checkpoint.epoch, new=new):
                raise _Overtaken
            at = new

        async with self._context.pool.acquire() as conn, conn.transaction():
            # Lock the row first: while a rebuild has the lock, this batch may neither read nor write.
            now = await load_checkpoint(conn, ledger, name, lock=True)
            expected = (position, checkpoint.epoch, checkpoint.generation)
            if now is None or (now.position, now.epoch, now.generation) != expected:
                raise _Overtaken
            return await apply(conn, projection, events, commit, ledger)

    async def _pass_over(self, new: int, checkpoint: Checkpoint, position: int) -> Applied:
        """Move the checkpoint beyond events that change no row, by one statement."""
        if not await move_checkpoint(
            self._context.pool,
            self._ledger,
            self._model.name,
            old=position,
            epoch=checkpoint.epoch,
            new=new,
            generation=checkpoint.generation,
        ):
            raise _Overtaken
        return Applied(new, None)

    async def _check_position(self, position: int) -> None:
        """Check the checkpoint after an empty batch. A position beyond the head means that the ledger was restored."""
        if self._context.positions.get((self._ledger, self._model.name)) == position <= self._tail.last:
            return
        if position > self._tail.last >= 0:
            head = await self._context.ledger.head(self._ledger)
            if position > head.position:
                raise _Overtaken
        checkpoint = await self._checkpoint()
        if checkpoint is None or checkpoint.position != position:
            raise _Overtaken

    async def _checkpoint(self) -> Checkpoint | None:
        async with self._context.pool.acquire() as conn:
            return await load_checkpoint(conn, self._ledger, self._model.name)

    async def _ready(self) -> Checkpoint:
        """Return the checkpoint of a model that can be followed; build the model first if necessary."""
        checkpoint = await self._checkpoint()
        head = await self._context.ledger.head(self._ledger)
        why = None
        if checkpoint is None:
            why = "it was never built for this ledger"
        elif checkpoint.epoch != head.epoch:
            why = f"it followed epoch {checkpoint.epoch}, the ledger is of epoch {head.epoch} now"
        elif checkpoint.position > head.position:
            why = f"its position is {checkpoint.position}, beyond the ledger's head {head.position}"
        elif checkpoint.model_version > self._model.version:
            raise _Blocked(
                f"built by version {checkpoint.model_version} of the model, this program has {self._model.version}"
            )
        elif checkpoint.model_version < self._model.version:
            why = f"version {self._model.version} of the model replaces {checkpoint.model_version}"
        if checkpoint is not None and why is None:
            await self._note("following", None)
            return checkpoint
        log.info("read model is built", ledger=self._ledger, model=self._model.name, why=why)
        await self._note(REBUILDING, why)
        result = await rebuild(
            ledger_dsn=self._context.ledger_dsn,
            store_dsn=self._context.store_dsn,
            service=self._context.service,
            model=self._model,
            ledger=self._ledger,
            stop_at=self._reactor.types if self._reactor else frozenset(),
        )
        log.info(
            "read model built", **{key: value for key, value in result.as_dict().items() if key != "service"}
        )
        built = await self._checkpoint()
        if built is None:
            raise _Overtaken
        return built

    async def _reactions(self, conn: Conn, checkpoint: Checkpoint) -> Reactions | None:
        if self._reactor is None:
            return None
        info = await self._context.ledger.info(self._ledger)
        # The first build ended at the first event that needs a reaction: none is due before it.
        first_build = checkpoint.generation == 1
        return await Reactions.load(
            conn,
            self._reactor,
            self._ledger,
            self._model.name,
            epoch=checkpoint.epoch,
            model_at=None if first_build else checkpoint.position,
            effects_from=info.effects_from,
        )

    async def _react_to_last(self, reactions: Reactions, position: int) -> None:
        """Run a reaction that a crash interrupted, or before which a build stopped."""
        rows = await self._context.ledger.read_raw(self._ledger, position - 1, 1) if position else []
        if rows and reactions.due(event := event_of(rows[0], self._ledger)):
            await self._react(reactions, event)

    async def _react(self, reactions: Reactions, event: StoredEvent) -> None:
        """React, with retries until it succeeds: the model waits."""
        pause = RETRY_MIN_S
        while True:
            try:
                await reactions.react(self._context.pool, event)
            except Exception as error:
                if await self._is_dropped():
                    raise _Overtaken from error
                log.error(
                    "reaction failed",
                    ledger=self._ledger,
                    model=self._model.name,
                    position=event.position,
                    exc_info=error,
                )
                await self._note(
                    REACTING, f"reaction to position {event.position}: {type(error).__name__}: {error}"[:1000]
                )
                pause = min(pause * 2, RETRY_MAX_S)
                await self._sleep(pause)
                if self._context.stopping.is_set():
                    raise _Overtaken from error
            else:
                return

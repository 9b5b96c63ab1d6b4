"""Application of a batch of events: rows, parked streams and checkpoint in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from encours.ledger.stored import StoredEvent
from encours.projection.projector import UNWRITABLE, Projection, StopBefore
from encours.projection.read_model import Conn

log = structlog.get_logger("encours.projector")

Commit = Callable[[Conn, int], Awaitable[None]]
"""Move of the checkpoint to a position inside the transaction; an exception rolls the batch back."""


class DailyStepFailed(Exception):
    """A model's daily step failed. No single event is at fault, so nothing is parked."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Position reached, and the reason for stopping when an event is unknown to this program."""

    position: int
    stop: StopBefore | None


async def apply(
    conn: Conn, projection: Projection, events: Sequence[StoredEvent], commit: Commit, ledger: str
) -> Applied:
    """Project a batch and write it. If the database refuses a row (a value too long for an index, a number too large),
    the batch is halved until the event of that row is alone, and its stream is parked.

    ``events`` is not empty. Rows of earlier batches are read again, as another process may have had the lease in
    between.
    """
    todo = [events]
    position = events[0].position - 1
    for _ in range(2 * len(events) + 1):
        if not todo:
            break
        part = todo.pop()
        projection.forget()
        projection.parking.begin()
        try:
            applied = await _transaction(conn, projection, part, commit, ledger)
        except DailyStepFailed:
            projection.parking.rollback()
            raise
        except UNWRITABLE as error:
            projection.parking.rollback()
            if len(part) > 1:
                middle = len(part) // 2
                todo += [part[middle:], part[:middle]]
                continue
            await _park_alone(conn, projection, part[0], error, commit, ledger)
            position = part[0].position
            continue
        except BaseException:
            projection.parking.rollback()
            raise
        position = applied.position
        if applied.stop is not None:
            return applied
    return Applied(position, None)


async def _transaction(
    conn: Conn, projection: Projection, events: Sequence[StoredEvent], commit: Commit, ledger: str
) -> Applied:
    async with conn.transaction():
        stop = await projection.fold(conn, events)
        position = events[-1].position if stop is None else stop.position - 1
        if position < events[0].position:
            return Applied(position, stop)
        await projection.write(conn)
        try:
            await projection.run_daily_step(conn)
        except UNWRITABLE as error:
            raise DailyStepFailed(f"daily step of {projection.model.name}: {error}") from error
        alarms = await projection.parking.write(conn, ledger, projection.model.name)
        await commit(conn, position)
    for stream, parked in alarms:
        log.error(
            "stream parked",
            ledger=ledger,
            model=projection.model.name,
            stream=stream,
            position=parked.position,
            type=parked.type,
            reason=parked.reason,
        )
    return Applied(position, stop)


async def _park_alone(
    conn: Conn, projection: Projection, event: StoredEvent, error: BaseException, commit: Commit, ledger: str
) -> None:
    projection.parking.park(event, f"its rows cannot be written: {type(error).__name__}: {error}")
    async with conn.transaction():
        await projection.parking.write(conn, ledger, projection.model.name)
        await commit(conn, event.position)
    log.error(
        "stream parked",
        ledger=ledger,
        model=projection.model.name,
        stream=event.stream,
        position=event.position,
    )

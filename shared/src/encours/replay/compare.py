"""Comparison of two folds of every stream: the library's repository, and the session that commands use.

Both share the connections, the contracts and ``evolve``. Queries, decoding of rows, order, folding and cache differ, so
that a difference in state means an error in one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from eventsourcing.application import AggregateNotFoundError

from encours.kernel.ids import uuid7
from encours.ledger.command import CommandMeta
from encours.ledger.session import Session
from encours.replay.application import LedgerApplication, Replayed
from encours.replay.folders import Folders

LISTED = 20
"""Differences that are listed; the others are counted."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """A stream whose two states differ: fields by name, or the error of a side that could not fold it."""

    stream: str
    version: int
    library: Any
    session: Any


@dataclass(slots=True)
class Comparison:
    """Result for one ledger. ``differences`` lists the first :data:`LISTED` of ``differing`` streams."""

    ledger: str
    head: int
    streams: int = 0
    events: int = 0
    set_aside: int = 0
    """Events that an operator has set aside: both sides leave them out."""
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        """Count a difference, and list it while there is room."""
        self.differing += 1
        if len(self.differences) < LISTED:
            self.differences.append(difference)


def compare(app: LedgerApplication, folders: Folders, progress: Progress | None = None) -> Comparison:
    """Fold each stream both ways at one version, the one that the session found. Services may go on appending.

    ``progress(events, head)`` is called after each block of streams.
    """
    done = Comparison(app.ledger_name, app.recorder.max_notification_id() or 0)
    done.set_aside = sum(map(len, app.recorder.set_aside.values()))
    for names in app.blocks():
        folded = app.loop.run(_sessions(app, folders, names))
        with app.recorder.holding(names):
            for name, (state, version) in zip(names, folded, strict=True):
                _compare(app, name, state, version, done)
        if progress is not None:
            progress(done.events, done.head)
    return done


async def _sessions(app: LedgerApplication, folders: Folders, names: Sequence[str]) -> list[tuple[Any, int]]:
    """Return state and version of each stream as a command loads it: read and folded, then from the cache."""
    ledger = app.loop.ledger
    info = await ledger.info(app.ledger_name)
    meta = CommandMeta(
        ledger=app.ledger_name,
        command_id=uuid7(),
        fingerprint=b"",
        actor="verify",
        today=datetime.now(UTC).date(),
    )
    reading, cached = (Session(ledger, meta, info.epoch, fresh=fresh) for fresh in (True, False))

    async def load(name: str) -> tuple[Any, int]:
        try:
            await reading.load(folders.of(name), name, guard=False)
            return await cached.load(folders.of(name), name, guard=False), cached.version(name)
        except Exception as error:
            return error, 0

    return await asyncio.gather(*map(load, names))


def _compare(app: LedgerApplication, name: str, state: Any, version: int, done: Comparison) -> None:
    done.streams += 1
    other: Any
    try:
        replayed: Replayed = app.repository.get(name, version=version or None)
        other, read = replayed.state, replayed.version
    except AggregateNotFoundError as missing:
        other, read = missing, 0
    except Exception as error:
        other, read = error, 0
    left_out = app.recorder.set_aside.get(name, ())
    while read + 1 in left_out:  # the session counts what was left out at the end: the next event follows it
        read += 1
    done.events += max(version, read) - len(left_out)
    if read != version or isinstance(state, Exception) or state != other:
        done.add(Difference(name, version, *_apart(other, state)))


def _apart(library: Any, session: Any) -> tuple[Any, Any]:
    """Both sides as JSON types, without the fields that are equal."""
    left, right = shown(library), shown(session)
    if isinstance(left, dict) and isinstance(right, dict):
        names = {name for name in {*left, *right} if left.get(name) != right.get(name)}
        return tuple({name: side.get(name) for name in sorted(names)} for side in (left, right))  # type: ignore[return-value]
    return left, right


def shown(state: Any) -> Any:
    """A state, or the error that stands for it, in JSON types."""
    if isinstance(state, Exception):
        return f"{type(state).__name__}: {state}"
    return msgspec.to_builtins(state, str_keys=True, order="deterministic", enc_hook=str)

"""Input and output of the ledger. Structs, because they are made once per event: a frozen
dataclass takes ten times as long."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from encours.contracts import Event

LedgerKind = Literal["live", "sandbox"]


class NumberStep(msgspec.Struct, frozen=True, gc=False):
    """Take the next number of a legal series under the ledger's lock, so that numbers have no holes.

    The number is ``prefix`` and the running number of (entity, code, year) with at least ``width`` digits; it
    is written into the event's empty field ``number``. The series is dated by the events' ``effective_on``. It begins
    with ``first``, and above the numbers of another system that read like its own.
    """

    entity: str
    code: str
    year: int
    prefix: str
    width: int
    first: int = 1


class RawEvent(msgspec.Struct, frozen=True, gc=False):
    """A payload that has no contract here: offline tools and the `eventsourcing` recorder."""

    type: str
    schema_version: int
    data: bytes


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to append; ``version`` is its own place in the stream, from 1."""

    stream: str
    version: int
    data: Event | RawEvent
    entity: str
    effective_on: date
    event_id: UUID
    number: NumberStep | None = None


class Guard(msgspec.Struct, frozen=True, gc=False):
    """The head of a stream that nothing is written to must still be this version (0: no such stream)."""

    stream: str
    version: int


class Append(msgspec.Struct, frozen=True, gc=False):
    """One command's outcome, stored whole or not at all. It may hold no events: the command is still
    recorded.

    ``fingerprint`` tells a repetition from another command under the same id. ``answer`` is returned to a
    repetition. ``clock_at`` sets the clock of a sandbox, which never goes back.
    """

    ledger: str
    command_id: UUID
    fingerprint: bytes
    events: tuple[NewEvent, ...]
    actor: str
    guards: tuple[Guard, ...] = ()
    reason: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    answer: bytes = b"{}"
    clock_at: datetime | None = None


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Place of a stored append. Without events ``first_position`` is ``last_position + 1``.

    ``numbers`` has one element an event. ``replayed``: stored by an earlier call, whose ``answer`` this is.
    ``head`` is a position of the ledger that includes this append.
    """

    first_position: int
    last_position: int
    recorded_at: datetime
    numbers: tuple[str | None, ...]
    answer: bytes
    replayed: bool
    head: int


class Head(msgspec.Struct, frozen=True):
    """The last position of a ledger and when it was recorded (None while it is empty)."""

    position: int
    epoch: int
    recorded_at: datetime | None


class LedgerInfo(msgspec.Struct, frozen=True):
    """A ledger. ``clock_at`` is a sandbox's clock; positions up to ``effects_from`` never cause an effect.

    ``copy_of``: the ledger that it was copied from (:mod:`encours.ledger.sandboxes`); nothing leaves a copy.
    """

    id: int
    name: str
    epoch: int
    kind: LedgerKind
    time_zone: str
    clock_at: datetime | None
    effects_from: int
    created_at: datetime
    copy_of: str | None = None


class Clock(msgspec.Struct, frozen=True):
    """The instant that a ledger's clock shows, and its business date in the ledger's zone."""

    now: datetime
    today: date

    def day_in(self, time_zone: str | None) -> date:
        """Return the date in another zone; the ledger's for None."""
        return self.today if time_zone is None else self.now.astimezone(ZoneInfo(time_zone)).date()


class StoredCommand(msgspec.Struct, frozen=True):
    """Record of a command id."""

    command_id: UUID
    fingerprint: bytes
    first_position: int
    last_position: int
    answer: bytes

"""Metadata of a command: actor, time, cause; and the result that is stored with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from encours.contracts import Recorded


class CommandMeta(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Actor, time and cause of a command. ``today`` is the ledger's business date; with ``now``, the instant that its
    clock shows, the command's day is that of the entity whose streams it reads.

    ``entities`` are those that the actor may act for, None for all; streams of others are neither read nor written.
    ``id_is_new``: the id was made for this call, so that nothing is stored under it yet.
    """

    ledger: str
    command_id: UUID
    fingerprint: bytes
    actor: str
    today: date
    now: datetime | None = None
    reason: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    dry_run: bool = False
    clock_at: datetime | None = None
    entities: tuple[str, ...] | None = None
    id_is_new: bool = False


def derived(
    ledger: str,
    command_id: UUID,
    *,
    actor: str,
    today: date,
    because_of: Recorded | None = None,
    fingerprint: bytes | None = None,
    clock_at: datetime | None = None,
) -> CommandMeta:
    """Return the metadata of a reaction or a job, whose ``command_id`` is derived from its event or its day.

    A repetition changes nothing. ``because_of`` is the event reacted to: its id becomes the causation, its correlation
    and trace are continued. With a ``fingerprint``, a repetition with another one is refused
    (:class:`CommandReused`); without, it gets the first result.
    """
    return CommandMeta(
        ledger=ledger,
        command_id=command_id,
        fingerprint=command_id.bytes if fingerprint is None else fingerprint,
        actor=actor,
        today=today,
        causation_id=because_of.event_id if because_of else None,
        correlation_id=because_of.correlation_id if because_of else None,
        traceparent=because_of.traceparent if because_of else None,
        clock_at=clock_at,
    )


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Value that a use case returns. It is stored with the command, and a repetition gets it again.

    ``id`` is the stream that the answer shows, ``as_of`` the business day of the command. A use case whose answer
    needs more derives a class with more fields.
    """

    id: str
    as_of: date


def completed(stored: bytes, stream: str, day: date) -> bytes:
    """Give a stored result its ``id`` and ``as_of`` where an earlier release stored it without.

    Such a command wrote to one stream, ``stream``, and is repeated at most a day or two after an upgrade.
    """
    fields = msgspec.json.decode(stored, type=dict[str, Any])
    if "id" in fields and "as_of" in fields:
        return stored
    return msgspec.json.encode({"id": stream, "as_of": day} | fields)

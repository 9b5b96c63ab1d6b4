"""Sandboxes: copies of a ledger up to a position, each a ledger of its own with a test clock, that can be dropped.

A copy has the same events byte for byte, with their positions, commands and number series; none of them causes an
effect again (``effects_from``). One transaction makes it, so that a process that ends in between leaves nothing. A
dropped sandbox is no ledger any more: its rows are deleted, its entry in the register and its name stay.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from encours.kernel.errors import Invalid, Refusal
from encours.ledger import admin
from encours.ledger.client import Ledger
from encours.ledger.errors import CommandReused, LedgerUnavailable, UnknownLedger
from encours.postgres.connection import FAILED

PURGED_AT_ONCE = 10_000
"""Rows that one statement deletes of a dropped sandbox."""
_PROVEN_AT_ONCE = 5_000
_PURGE_LOOK_S = 5.0
_SHOWN = """s.id, s.name, s.source, s.position, s.note, s.command_id, s.fingerprint, s.created_by, s.created_at,
  s.dropped_by, s.dropped_at"""
_FORK = f"select {_SHOWN} from ledger.fork_sandbox($1, $2, $3, $4, $5, $6, $7, $8, $9) s"
_DROP = f"select {_SHOWN} from ledger.drop_sandbox($1, $2) s"
_OF_SOURCE = f"""select {_SHOWN} from ledger.sandbox s where s.source = $1 and ($2::text is null or s.name = $2)
  order by s.created_at, s.id"""
_DROPPED = "select name from ledger.sandbox where dropped_at is not null"
_STANDING = f"""select {_SHOWN}, exists (select from ledger.event e where e.ledger = s.id) as has_events
  from ledger.sandbox s order by s.created_at, s.id"""
_TYPES = """select type, count(*) from ledger.event where ledger = $1 and position > $2 and position <= $3
  group by type order by type"""


_log = logging.getLogger(__name__)


class SandboxNameTaken(Refusal):
    """A ledger has the name, or a sandbox that was dropped had it."""

    code = "sandbox-name-taken"
    title = "Name is in use"
    remedy = "Choose another name: that of a dropped sandbox is not used again."


class TooManySandboxes(Refusal):
    """The installation has as many sandboxes as its settings allow."""

    code = "too-many-sandboxes"
    title = "Too many sandboxes"
    remedy = "Drop a sandbox that is no longer needed, or raise ENCOURS_SANDBOXES_MAX."


class SandboxTooLarge(Refusal):
    """There are more events up to the position than the settings allow."""

    code = "sandbox-too-large"
    title = "Too many events for a sandbox"
    status = 422
    remedy = "Choose an earlier position, or raise ENCOURS_SANDBOX_EVENTS_MAX."


class SandboxHasCopies(Refusal):
    """Sandboxes were made of the sandbox to drop. They are asked about in it, so they go first."""

    code = "sandbox-has-copies"
    title = "Sandbox has been copied"
    remedy = "Drop its copies first: GET /v1/sandboxes with its name in Encours-Ledger lists them."


class SandboxBeingMade(Refusal):
    """Another sandbox is being made; they are made one after the other, and none is dropped meanwhile."""

    code = "sandbox-being-made"
    title = "Another sandbox is being made"
    status = 503
    remedy = "Repeat the request after Retry-After seconds."

    def __init__(self) -> None:
        super().__init__("Another sandbox is being made at the moment.", retry_after_s=10)


class Sandbox(msgspec.Struct, frozen=True):
    """Entry of the register. ``position``: up to here the sandbox has the events of its source."""

    id: int
    name: str
    source: str
    position: int
    note: str
    command_id: UUID
    fingerprint: bytes
    created_by: str
    created_at: datetime
    dropped_by: str | None
    dropped_at: datetime | None


class SandboxLimits(msgspec.Struct, frozen=True):
    """Number of sandboxes of the installation, and of events that each may begin with."""

    sandboxes: int
    events: int


class Proof(msgspec.Struct, frozen=True):
    """SHA-256 over the common events on both sides: equal if no byte differs."""

    positions: int
    source_sha256: str
    sandbox_sha256: str


async def fork(
    ledger: Ledger,
    source: str,
    name: str,
    position: int | None,
    *,
    note: str,
    command_id: UUID,
    fingerprint: bytes,
    actor: str,
    limits: SandboxLimits,
) -> Sandbox:
    """Copy a ledger up to ``position`` (None: its end) into a new sandbox; once for a command.

    Raises CommandReused, :class:`SandboxNameTaken`, :class:`TooManySandboxes`, :class:`SandboxTooLarge`, Invalid for a
    position that the ledger does not have or that is within a command, :class:`SandboxBeingMade`, LedgerUnavailable.
    """
    given = (source, name, position, note, command_id, fingerprint, actor, limits.sandboxes, limits.events)
    try:
        rows = await ledger.query(_FORK, *given)
    except asyncpg.LockNotAvailableError:
        raise SandboxBeingMade from None
    except asyncpg.PostgresError as refused:
        raise _refusal(refused, limits) from refused
    made = Sandbox(*rows[0])
    if made.fingerprint != fingerprint:
        raise CommandReused
    return made


def _refusal(refused: asyncpg.PostgresError, limits: SandboxLimits) -> Exception:
    match refused.sqlstate:
        case admin.NAME_USED:
            return SandboxNameTaken(f"{refused}.")
        case "EN004":
            return TooManySandboxes(f"This installation may have {limits.sandboxes} sandboxes and has them.")
        case "EN005":
            return SandboxTooLarge(f"Up to there are more than {limits.events} events.", "/at_position")
        case "EN006":
            return Invalid(f"{refused}.", "/at_position")
        case _:
            return refused


async def drop(ledger: Ledger, name: str, actor: str) -> Sandbox:
    """Drop a sandbox; one that is dropped stays as it is. Its rows are deleted later, by :func:`purge`.

    Raises UnknownLedger for what is no sandbox, :class:`SandboxHasCopies`, :class:`SandboxBeingMade`.
    """
    try:
        return Sandbox(*(await ledger.query(_DROP, name, actor))[0])
    except asyncpg.NoDataFoundError:
        raise UnknownLedger(name) from None
    except asyncpg.LockNotAvailableError:
        raise SandboxBeingMade from None
    except asyncpg.PostgresError as refused:
        if refused.sqlstate != "EN007":
            raise
        raise SandboxHasCopies(f"{refused}.") from refused


async def purge(ledger: Ledger) -> int:
    """Delete some rows of dropped sandboxes; return their number, 0 when none is left."""
    return int((await ledger.query("select ledger.purge_sandboxes($1)", PURGED_AT_ONCE))[0][0])


async def purge_dropped(ledger: Ledger) -> None:
    """Delete the rows of dropped sandboxes, page by page, until cancelled. Several processes may do so."""
    while True:
        gone = 0
        try:
            gone = await purge(ledger)
        except (*FAILED, LedgerUnavailable) as error:
            _log.warning("rows of dropped sandboxes wait: %s", error)
        await asyncio.sleep(0 if gone else _PURGE_LOOK_S)


async def sandboxes_of(ledger: Ledger, source: str, name: str | None = None) -> list[Sandbox]:
    """Return the sandboxes that were made of a ledger, oldest first, dropped ones included."""
    return [Sandbox(*row) for row in await ledger.query(_OF_SOURCE, source, name)]


async def dropped_names(ledger: Ledger) -> list[str]:
    """Return the names of all dropped sandboxes."""
    return [row[0] for row in await ledger.query(_DROPPED)]


async def was_dropped(ledger: Ledger, name: str) -> bool:
    """Return True if the ledger is a dropped sandbox; False also where that cannot be looked up."""
    try:
        return name in await dropped_names(ledger)
    except (*FAILED, LedgerUnavailable):
        return False


async def standing_sandboxes(connection: asyncpg.Connection) -> list[Sandbox]:
    """Return all sandboxes that have events: those that are in use, and dropped ones whose rows are not deleted yet."""
    rows = await connection.fetch(_STANDING)
    return [Sandbox(*tuple(row)[:-1]) for row in rows if row["has_events"]]


async def types_since(ledger: Ledger, name: str, after: int, upto: int) -> dict[str, int]:
    """Return the number of events by type with positions in ``(after, upto]``."""
    ledger_id = (await ledger.info(name)).id
    return {row[0]: row[1] for row in await ledger.query(_TYPES, ledger_id, after, upto)}


async def prove(ledger: Ledger, sandbox: Sandbox) -> Proof:
    """Hash the common events of a sandbox and of its source, page by page: every column of every row."""
    digests = []
    for name in (sandbox.source, sandbox.name):
        total = hashlib.sha256()
        for after in range(0, sandbox.position, _PROVEN_AT_ONCE):
            upto = min(after + _PROVEN_AT_ONCE, sandbox.position)
            total.update(await ledger.digest(name, after, upto) or b"")
        digests.append(total.hexdigest())
    return Proof(sandbox.position, *digests)

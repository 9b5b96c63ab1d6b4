"""Making, comparing and dropping sandboxes: they hold all entities, so a key must cover all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dunning_svc.read_models.sandboxes.query import LedgerFigures, figures_since
from encours.kernel.errors import NotFound, Refusal
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta
from encours.ledger.sandboxes import Sandbox, SandboxLimits, drop, fork, sandboxes_of
from encours.reading.moment import Granted
from encours.reading.read_db import ReadDb, ReadModelNotReady
from encours.service.long_work_request import require_all_entities


class SandboxNotFound(NotFound):
    """No sandbox of this name was made of the ledger (404)."""

    code = "sandbox-not-found"
    title = "Sandbox not found"
    remedy = "Ask in the ledger that it was made of; GET /v1/sandboxes lists its sandboxes."


class SandboxDropped(Refusal):
    """The sandbox that an earlier run of the command made was dropped (409)."""

    code = "sandbox-dropped"
    title = "Sandbox was dropped"
    remedy = "Make another one with a new name and a new Idempotency-Key."


class SandboxOfAllEntities(Refusal):
    """The key is limited to some entities (403)."""

    code = "sandbox-of-all-entities"
    title = "Sandboxes hold all entities"
    status = 403
    remedy = "Use a key that is not limited to some entities."


@dataclass(frozen=True, slots=True)
class MakeSandbox:
    """Copy the ledger up to a position, its end if ``None``."""

    name: str
    at_position: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Made:
    """A sandbox as it was made; ``replayed``: by an earlier run of the command."""

    sandbox: Sandbox
    replayed: bool


@dataclass(frozen=True, slots=True)
class SandboxComparison:
    """A sandbox beside its source, both since the position of the copy.

    ``today`` is its business date; no figures while its read models are being built. Neither once it was dropped.
    """

    sandbox: Sandbox
    today: date | None = None
    own: LedgerFigures | None = None
    source: LedgerFigures | None = None


def require_all(granted: Granted) -> None:
    """Raise :class:`SandboxOfAllEntities` unless the caller's key covers every entity."""
    require_all_entities(granted, SandboxOfAllEntities)


async def make_sandbox(
    ledger: Ledger, meta: CommandMeta, command: MakeSandbox, limits: SandboxLimits
) -> Made:
    """Make a sandbox of the ledger. Idempotent by the command's id.

    Raises :class:`SandboxOfAllEntities`, :class:`SandboxDropped`, and as :func:`encours.ledger.sandboxes.fork`.
    """
    require_all(meta.entities)
    known = await sandboxes_of(ledger, meta.ledger, command.name)
    made = await fork(
        ledger,
        meta.ledger,
        command.name,
        command.at_position,
        note=command.note,
        command_id=meta.command_id,
        fingerprint=meta.fingerprint,
        actor=meta.actor,
        limits=limits,
    )
    if made.dropped_at is not None:
        raise SandboxDropped(f"{made.name}, which this command made, was dropped by {made.dropped_by}.")
    return Made(made, replayed=made.command_id in {each.command_id for each in known})


async def found_sandbox(ledger: Ledger, source: str, name: str) -> Sandbox:
    """Return a sandbox of the ledger. Raises :class:`SandboxNotFound`."""
    found = await sandboxes_of(ledger, source, name)
    if not found:
        raise SandboxNotFound(name)
    return found[0]


async def drop_sandbox(ledger: Ledger, meta: CommandMeta, name: str) -> Sandbox:
    """Drop a sandbox of the ledger; one that was dropped stays as it is.

    Raises :class:`SandboxOfAllEntities`, :class:`SandboxNotFound`, and as :func:`encours.ledger.sandboxes.drop`.
    """
    require_all(meta.entities)
    return await drop(ledger, (await found_sandbox(ledger, meta.ledger, name)).name, meta.actor)


async def compare(ledger: Ledger, db: ReadDb, sandbox: Sandbox) -> SandboxComparison:
    """Compare a sandbox with its source."""
    if sandbox.dropped_at is not None:
        return SandboxComparison(sandbox)
    today = await ledger.today(sandbox.name)
    try:
        own = await figures_since(ledger, db, sandbox.name, sandbox.position)
        source = await figures_since(ledger, db, sandbox.source, sandbox.position)
    except ReadModelNotReady:
        return SandboxComparison(sandbox, today)
    return SandboxComparison(sandbox, today, own, source)

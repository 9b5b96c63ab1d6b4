"""Commands that an event causes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import TypeVar, TypeVarTuple, Unpack

import structlog

from encours.contracts import Recorded
from encours.contracts.actors import RISK
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta, Result, derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict
from encours.ledger.execute import execute
from encours.ledger.session import Session

C = TypeVar("C")
Ts = TypeVarTuple("Ts")
TRANSIENT = (LedgerUnavailable, VersionConflict)
"""Refusals that a repetition of the reaction may not meet again."""

log = structlog.get_logger("risk_svc.reactions")


async def perform(
    ledger: Ledger,
    e: Recorded,
    today: date,
    subject: str,
    use_case: Callable[[Session, C, Unpack[Ts]], Awaitable[Result]],
    command: C,
    *given: *Ts,
    once: object = None,
) -> None:
    """Run a command that the event causes, on ``subject``; a repetition changes nothing.

    With ``once`` another event does not cause it again for the same value. A refusal is logged, as one object must not
    stop the others.
    """
    key = derived_uuid(e.ledger, e.event_id if once is None else once, type(command).__name__, subject)
    meta = derived(e.ledger, key, actor=RISK, today=today, because_of=e)
    await _attempt(ledger, meta, subject, use_case, command, *given)


async def perform_at(
    ledger: Ledger,
    name: str,
    position: int,
    today: date,
    subject: str,
    use_case: Callable[[Session, C, Unpack[Ts]], Awaitable[Result]],
    command: C,
    *given: *Ts,
) -> None:
    """Run a command on ``subject`` that the figures of a ledger at a position cause; otherwise as :func:`perform`."""
    key = derived_uuid(type(command).__name__, name, subject, position)
    meta = derived(name, key, actor=RISK, today=today)
    await _attempt(ledger, meta, subject, use_case, command, *given)


async def _attempt(
    ledger: Ledger,
    meta: CommandMeta,
    subject: str,
    use_case: Callable[[Session, C, Unpack[Ts]], Awaitable[Result]],
    command: C,
    *given: *Ts,
) -> None:
    try:
        await execute(ledger, meta, use_case, command, *given)
    except TRANSIENT:
        raise
    except DomainError as refusal:
        log.warning("refused in a reaction", id=subject, error=str(refusal))

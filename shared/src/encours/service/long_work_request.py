"""Commands that request long work: a worker starts the process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Generic

from encours.kernel.errors import Invalid, Refusal
from encours.kernel.ids import derived_id
from encours.ledger.command import CommandMeta
from encours.ledger.errors import CommandReused
from encours.reading.moment import Granted
from encours.service.long_work_store import LongWorkStore, W


@dataclass(frozen=True, slots=True)
class RequestedWork(Generic[W]):
    """Long work as it was requested; ``replayed``: by an earlier run of the command."""

    work: W
    replayed: bool


def require_all_entities(granted: Granted, refusal: type[Refusal]) -> None:
    """Raise the refusal unless the caller's key covers every entity, as the work does."""
    if granted is not None:
        raise refusal("This API key covers only some entities of the ledger.")


def read_upto(wanted: int | None, last_on: date, today: date, head: int) -> int:
    """Return the position up to which events are read: the ledger's head, or an earlier one that is wanted.

    Raises ``Invalid`` for a period or a position that is not over.
    """
    if last_on > today:
        raise Invalid(f"The period ends after today, {today}.", "/to")
    return position_upto(wanted, head)


def position_upto(wanted: int | None, head: int) -> int:
    """Return a position that is wanted, or the ledger's head. Raises ``Invalid`` for one beyond the head."""
    if wanted is not None and wanted > head:
        raise Invalid(f"The ledger's last position is {head}: choose one up to it.", "/position")
    return wanted or head


async def request_long_work(
    store: LongWorkStore[W], meta: CommandMeta, prefix: str, make: Callable[[str], Awaitable[W]]
) -> RequestedWork[W]:
    """Store a request that is made for an id of this prefix, unless an earlier run of the command did.

    Raises :class:`CommandReused`, and what ``make`` raises.
    """
    work_id = derived_id(prefix, meta.ledger, meta.command_id)
    known = await store.get(meta.ledger, work_id)
    replayed = known is not None
    if known is None:
        known = await store.add(await make(work_id))
    if known.fingerprint != meta.fingerprint:
        raise CommandReused
    return RequestedWork(known.as_requested(), replayed)

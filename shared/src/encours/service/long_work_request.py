"""Commands that request long work: a worker starts the process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

from encours.kernel.ids import derived_id
from encours.ledger.command import CommandMeta
from encours.ledger.errors import CommandReused
from encours.service.long_work_store import LongWorkStore, W


@dataclass(frozen=True, slots=True)
class RequestedWork(Generic[W]):
    """Long work as it was requested; ``replayed``: by an earlier run of the command."""

    work: W
    replayed: bool


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

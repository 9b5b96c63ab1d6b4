"""Customers by the merges of their records, each loaded from its own stream, whose version the append verifies."""

from __future__ import annotations

from datetime import date
from typing import Protocol, TypeVar

from encours.contracts.parties import Merge, merged_into
from encours.ledger.session import Session
from encours.ledger.states import Folder


class WithMerges(Protocol):
    """State of a customer that knows the merges of its record into others."""

    @property
    def merges(self) -> tuple[Merge, ...]: ...


S = TypeVar("S", bound=WithMerges)


async def survivor(
    session: Session, folder: Folder[S], customer_id: str, on: date, *, guard: bool = True
) -> tuple[str, S]:
    """Return the record that a customer has become by a day, and its state; itself if it is not merged."""
    state = await session.load(folder, customer_id, guard=guard)
    passed = [customer_id]
    while (into := merged_into(state.merges, on)) is not None and into not in passed:
        passed.append(into)
        state = await session.load(folder, into, guard=guard)
    return passed[-1], state

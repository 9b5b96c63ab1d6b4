"""A promise as it was made."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events.dunning.promises import PromiseMade
from encours.ledger.states import Folder


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise. ``made`` is None before the first event only."""

    made: PromiseMade | None = None
    entity_id: str = ""


def _evolve(state: Promise, e: Recorded) -> Promise:
    match e.data:
        case PromiseMade():
            return Promise(e.data, e.entity)
        case _:
            return state


PROMISE = Folder(Promise, _evolve)
"""Promises."""

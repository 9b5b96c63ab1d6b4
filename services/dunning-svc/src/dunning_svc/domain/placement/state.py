"""A placement: what was handed over, and what was recalled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.placements import InvoicesPlaced, InvoicesRecalled
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class PlacementNotFound(NotFound):
    """The ledger has no placement of this id."""

    code = "placement-not-found"
    title = "Placement not found"
    remedy = "Use an id from GET /v1/placements."


@dataclass(frozen=True, slots=True)
class Recall:
    """Return of an invoice from the partner."""

    on: date
    cause: str


@dataclass(frozen=True, slots=True)
class Placement:
    """A placement. ``made`` is None before the first event only."""

    made: InvoicesPlaced | None = None
    entity_id: str = ""
    position: int = 0
    recalled: Mapping[str, Recall] = field(default_factory=dict)

    @property
    def placed_ids(self) -> tuple[str, ...]:
        """Return the invoices that are with the partner."""
        assert self.made is not None
        return tuple(each.invoice_id for each in self.made.invoices if each.invoice_id not in self.recalled)


def _evolve(state: Placement, e: Recorded) -> Placement:
    match e.data:
        case InvoicesPlaced():
            return Placement(e.data, e.entity, e.position)
        case InvoicesRecalled() as data:
            recall = Recall(data.recalled_on, data.cause)
            return replace(state, recalled={**state.recalled, **dict.fromkeys(data.invoice_ids, recall)})
        case _:
            return state


PLACEMENT = Folder(Placement, _evolve, PlacementNotFound)
"""Placements."""

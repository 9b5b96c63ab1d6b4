"""A collector: the versions of its record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.collectors import CollectorDefined, CollectorTargetSet
from encours.contracts.portfolios import record_on
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class CollectorNotFound(NotFound):
    """The ledger has no collector of this code."""

    code = "collector-not-found"
    title = "Collector not found"
    remedy = "Use a code from GET /v1/collectors, or save the collector first."


@dataclass(frozen=True, slots=True)
class Collector:
    """Versions of a collector's record, in the order in which they were recorded."""

    versions: tuple[CollectorDefined, ...] = ()
    targets: tuple[CollectorTargetSet, ...] = ()
    """Cash targets, one for a month and currency."""

    def on(self, day: date) -> CollectorDefined | None:
        """Return the version in force on a day."""
        return record_on(self.versions, day)


def _evolve(state: Collector, e: Recorded) -> Collector:
    match e.data:
        case CollectorDefined():
            return replace(state, versions=(*state.versions, e.data))
        case CollectorTargetSet():
            key = e.data.month, e.data.currency
            others = (each for each in state.targets if (each.month, each.currency) != key)
            return replace(state, targets=(*others, e.data))
        case _:
            return state


COLLECTOR = Folder(Collector, _evolve, CollectorNotFound)

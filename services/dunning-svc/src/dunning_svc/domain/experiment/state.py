"""An experiment, from its start to its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.experiment import (
    ExperimentCustomerAssigned,
    ExperimentStarted,
    ExperimentStopped,
)
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class ExperimentNotFound(NotFound):
    """The ledger has no experiment of this id (404)."""

    code = "experiment-not-found"
    title = "Experiment not found"
    remedy = "Use an id from GET /v1/experiments."


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment. ``started`` is None before the first event only."""

    started: ExperimentStarted | None = None
    started_on: date = date.min
    stopped: ExperimentStopped | None = None
    stopped_on: date | None = None


def _evolve(state: Experiment, e: Recorded) -> Experiment:
    match e.data:
        case ExperimentStarted():
            return Experiment(e.data, e.effective_on)
        case ExperimentStopped():
            return replace(state, stopped=e.data, stopped_on=e.effective_on)
        case _:
            return state


EXPERIMENT = Folder(Experiment, _evolve, ExperimentNotFound)
"""Experiments."""


@dataclass(frozen=True, slots=True)
class TrialAssignment:
    """Assignment of a customer. ``assigned`` is None before the event."""

    assigned: ExperimentCustomerAssigned | None = None


def _assign(state: TrialAssignment, e: Recorded) -> TrialAssignment:
    return TrialAssignment(e.data) if isinstance(e.data, ExperimentCustomerAssigned) else state


ASSIGNMENT = Folder(TrialAssignment, _assign)
"""Assignments of customers."""

"""Experiments and assignments, from their events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from dunning_svc.domain.policy.arms import AssignedArm, RunningExperiment
from dunning_svc.domain.policy.choice import Key
from dunning_svc.domain.policy.policy import Policy
from dunning_svc.read_models.cases.rows.access import Rows, existing, select
from dunning_svc.read_models.cases.rows.experiments import ExperimentRow, TrialAssignmentRow
from encours.contracts import Recorded
from encours.contracts.events import experiment
from encours.contracts.events.dunning.experiment import Arm
from encours.projection.read_model import Conn

ExperimentEvent = (
    experiment.ExperimentStarted | experiment.ExperimentCustomerAssigned | experiment.ExperimentStopped
)


def experiment_changed(e: Recorded, data: ExperimentEvent, rows: Rows) -> None:
    """Store an experiment, its end, or a customer in it."""
    match data:
        case experiment.ExperimentStarted():
            rows.put(
                ExperimentRow(
                    experiment_id=data.experiment_id,
                    champion_id=data.champion_id,
                    champion_version=data.champion_version,
                    challenger_id=data.challenger_id,
                    challenger_version=data.challenger_version,
                    challenger_percent=data.challenger_percent,
                    started_on=e.effective_on,
                    position=e.position,
                )
            )
        case experiment.ExperimentStopped():
            row = existing(rows, ExperimentRow, data.experiment_id)
            rows.put(replace(row, stopped_on=e.effective_on))
        case experiment.ExperimentCustomerAssigned():
            rows.put(
                TrialAssignmentRow(
                    experiment_id=data.experiment_id,
                    customer_id=data.customer_id,
                    arm=data.arm,
                    day=data.day,
                    position=e.position,
                )
            )


def running(rows: Iterable[ExperimentRow], versions: Mapping[Key, Policy]) -> list[RunningExperiment]:
    """Return the experiments that run, with the policies of their challengers."""
    return [
        RunningExperiment(
            row.experiment_id,
            (row.champion_id, row.champion_version),
            versions[row.challenger_id, row.challenger_version],
            row.challenger_percent,
            row.position,
        )
        for row in rows
        if row.stopped_on is None
    ]


def turns(rows: Iterable[ExperimentRow]) -> list[date]:
    """Return the days on which experiments started or stopped."""
    return [day for row in rows for day in (row.started_on, row.stopped_on) if day is not None]


async def experiment_rows(conn: Conn, schema: str) -> list[ExperimentRow]:
    """Return the experiments of a ledger, oldest first."""
    return await select(conn, schema, ExperimentRow, "order by position")


async def assigned_to(conn: Conn, schema: str, customer_ids: Sequence[str]) -> dict[str, list[AssignedArm]]:
    """Return the assignments of each of these customers."""
    rows = await select(
        conn, schema, TrialAssignmentRow, "where customer_id = any($1) order by position", list(customer_ids)
    )
    found: dict[str, list[AssignedArm]] = {}
    for row in rows:
        found.setdefault(row.customer_id, []).append(assigned(row))
    return found


def assigned(row: TrialAssignmentRow) -> AssignedArm:
    """Return the assignment of a row."""
    return AssignedArm(row.experiment_id, row.customer_id, arm_in(row), row.position)


def arm_in(row: TrialAssignmentRow) -> Arm:
    """Return the arm of a row."""
    return "challenger" if row.arm == "challenger" else "champion"

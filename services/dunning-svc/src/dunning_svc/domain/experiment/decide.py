"""Rules of the start and the end of an experiment: its guard-rails and its plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dunning_svc.domain.experiment.commands import Baseline, StartExperiment, StopExperiment
from dunning_svc.domain.experiment.sample import customers_needed
from dunning_svc.domain.experiment.state import Experiment
from dunning_svc.domain.policy.policy import Policy, Step
from encours.contracts.events.dunning.experiment import (
    ExperimentStarted,
    ExperimentStopped,
    PlannedSample,
)
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_id

BASELINE_CUSTOMERS = 30
"""Fewest customers that a baseline is measured on."""
WATCHED_CUSTOMERS = 20
"""Fewest customers of an arm before the rule on disputes may stop an experiment."""
_MILLI = 1_000


class OtherExperiments(NamedTuple):
    """Experiments of a ledger: those that run with one of the policies, and the number of all that were started."""

    ledger: str
    running: Sequence[str]
    started: int


class DisputeCounts(NamedTuple):
    """Customers of each arm, and those of them that disputed an invoice since their assignment."""

    champion: int
    champion_disputed: int
    challenger: int
    challenger_disputed: int


class LegalStepByLot(Refusal):
    """The arms differ in formal notices or litigation files (422)."""

    code = "experiment-legal-step"
    title = "Formal steps differ"
    status = 422
    remedy = (
        "Give both policies the same formal notices and litigation files: same code, act, day, template, interval and "
        "minimums. Whether a customer gets one is not left to chance."
    )


class ExperimentRunning(Refusal):
    """Another experiment runs with this champion or challenger (409)."""

    code = "experiment-running"
    title = "Policy is in another experiment"
    remedy = "Stop the experiment that `detail` names, or wait for its end."


class ChampionNotInForce(Refusal):
    """No version of the champion is in force (422)."""

    code = "experiment-champion-not-in-force"
    title = "Champion is not in force"
    status = 422
    remedy = "Name a policy of which a version is in force, or activate one first."


class BaselineMissing(Refusal):
    """The past has too few customers to plan the sample by (422)."""

    code = "experiment-baseline-missing"
    title = "Sample cannot be planned"
    status = 422
    remedy = "State the `baseline`: mean and standard deviation of the measure between customers."


def start(
    cmd: StartExperiment,
    champion: Policy | None,
    challenger: Policy,
    others: OtherExperiments,
    past: Baseline,
) -> ExperimentStarted:
    """Start an experiment. ``past``: the baseline in the ledger.

    Its id follows from the number of those before it: of two starts at the same time the ledger refuses one, which is
    then decided again.

    Raises the refusals of this module.
    """
    if champion is None:
        raise ChampionNotInForce(f"No version of {cmd.champion_id} is in force.", "/champion_id")
    if others.running:
        raise ExperimentRunning(f"{others.running[0]} runs with one of the policies.")
    formal = [[step for step in policy.steps if step.formal] for policy in (champion, challenger)]
    if [_legal(step) for step in formal[0]] != [_legal(step) for step in formal[1]]:
        raise LegalStepByLot(_difference(*formal), "/challenger_id")
    return ExperimentStarted(
        experiment_id=derived_id("exp", others.ledger, others.started),
        name=cmd.name,
        champion_id=champion.policy_id,
        champion_version=champion.version,
        challenger_id=challenger.policy_id,
        challenger_version=challenger.version,
        challenger_percent=cmd.challenger_percent,
        sample=_planned(cmd, cmd.baseline or past),
        disputes_limit_percent=cmd.disputes_limit_percent,
        backtest_id=cmd.backtest_id,
        without_backtest=cmd.without_backtest,
        cause=cmd.cause,
    )


def _legal(step: Step) -> tuple[object, ...]:
    floors = tuple(sorted(step.floors_minor.items()))
    return step.code, step.act, step.offset_days, step.template, step.interval_days, floors


def _difference(champion: Sequence[Step], challenger: Sequence[Step]) -> str:
    names = [", ".join(step.code for step in steps) or "none" for steps in (champion, challenger)]
    return (
        f"Formal steps of the champion: {names[0]}; of the challenger: {names[1]}. They have to be the same."
    )


def _planned(cmd: StartExperiment, baseline: Baseline) -> PlannedSample:
    if cmd.baseline is None and (baseline.customers < BASELINE_CUSTOMERS or baseline.deviation <= 0):
        raise BaselineMissing(
            f"The past year has {baseline.customers} customers to measure by; {BASELINE_CUSTOMERS} that differ are "
            "needed.",
            "/baseline",
        )
    needed = customers_needed(baseline.deviation, cmd.difference, cmd.power_percent, cmd.challenger_percent)
    return PlannedSample(
        measure=cmd.measure,
        difference_milli=round(cmd.difference * _MILLI),
        baseline_milli=round(baseline.mean * _MILLI),
        deviation_milli=round(baseline.deviation * _MILLI),
        baseline_customers=baseline.customers,
        power_percent=cmd.power_percent,
        horizon_days=cmd.horizon_days,
        champion_customers=needed[0],
        challenger_customers=needed[1],
    )


def stop(state: Experiment, cmd: StopExperiment) -> list[ExperimentStopped]:
    """End an experiment; no event if it has ended."""
    if state.stopped is not None:
        return []
    return [ExperimentStopped(experiment_id=cmd.experiment_id, by="person", cause=cmd.cause)]


def watch(state: Experiment, seen: DisputeCounts) -> list[ExperimentStopped]:
    """End an experiment whose challenger has more customers with disputes than its limit allows; else no event."""
    started = state.started
    if started is None or state.stopped is not None:
        return []
    if min(seen.champion, seen.challenger) < WATCHED_CUSTOMERS:
        return []
    shares = (100 * seen.champion_disputed / seen.champion, 100 * seen.challenger_disputed / seen.challenger)
    if shares[1] - shares[0] <= started.disputes_limit_percent:
        return []
    cause = (
        f"{shares[1]:.1f} % of the challenger's customers have disputed an invoice, {shares[0]:.1f} % of the "
        f"champion's; the limit is {started.disputes_limit_percent} points."
    )
    return [ExperimentStopped(experiment_id=started.experiment_id, by="disputes", cause=cause)]

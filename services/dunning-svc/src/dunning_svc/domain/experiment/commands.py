"""Commands on experiments."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts.events.dunning.experiment import Measure


@dataclass(frozen=True, slots=True)
class Baseline:
    """Mean and standard deviation of a measure between customers, in days or percent.

    ``customers``: those that it was measured on; 0 if a person states it.
    """

    mean: float
    deviation: float
    customers: int = 0


@dataclass(frozen=True, slots=True)
class StartExperiment:
    """Compare a version of a policy with the version in force of another one, or of the same."""

    name: str
    champion_id: str
    challenger_id: str
    challenger_version: int
    challenger_percent: int
    measure: Measure
    difference: float
    power_percent: int
    horizon_days: int
    disputes_limit_percent: int
    cause: str
    baseline: Baseline | None = None
    backtest_id: str | None = None
    without_backtest: str | None = None


@dataclass(frozen=True, slots=True)
class StopExperiment:
    """End an experiment."""

    experiment_id: str
    cause: str

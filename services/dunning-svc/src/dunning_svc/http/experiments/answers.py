"""Answers about experiments."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.experiment.effect import ArmFigure, Conclusion, Effect, ExperimentOutcome, Quantity
from dunning_svc.domain.experiment.state import EXPERIMENT, Experiment
from encours.contracts.events.dunning.experiment import Measure, PlannedSample
from encours.http.answers import Answer
from encours.http.paging import Listing
from encours.http.queries import AsOf

_MILLI = 1_000


class ArmOut(BaseModel):
    """A policy that is compared."""

    policy_id: str
    version: int


class SampleOut(BaseModel):
    """The plan: how many customers show a difference of the size asked for."""

    measure: Measure
    difference: float = Field(description="In days or percent points.")
    power_percent: int
    horizon_days: int
    baseline_mean: float
    baseline_deviation: float = Field(description="Standard deviation between customers.")
    baseline_customers: int = Field(description="Customers that it was measured on; 0 if it was stated.")
    champion_customers: int
    challenger_customers: int

    @classmethod
    def of(cls, sample: PlannedSample) -> SampleOut:
        """Return a plan."""
        return cls(
            measure=sample.measure,
            difference=sample.difference_milli / _MILLI,
            power_percent=sample.power_percent,
            horizon_days=sample.horizon_days,
            baseline_mean=sample.baseline_milli / _MILLI,
            baseline_deviation=sample.deviation_milli / _MILLI,
            baseline_customers=sample.baseline_customers,
            champion_customers=sample.champion_customers,
            challenger_customers=sample.challenger_customers,
        )


class ArmFigureOut(BaseModel):
    """Mean over the customers of an arm."""

    customers: int
    mean: float | None

    @classmethod
    def of(cls, figure: ArmFigure) -> ArmFigureOut:
        """Return a figure to two decimals."""
        return cls(customers=figure.customers, mean=_rounded(figure.mean))


class EffectOut(BaseModel):
    """Difference of challenger less champion, with its interval at 95 %."""

    quantity: Quantity = Field(
        description="`days_to_pay`: days from the due date, at most the horizon. `paid_at_30_days`: percent of "
        "invoices. `contacts`: messages per 30 days. `disputes`: percent of customers."
    )
    champion: ArmFigureOut
    challenger: ArmFigureOut
    difference: float | None = Field(description="Null with fewer than two customers in an arm.")
    low: float | None
    high: float | None

    @classmethod
    def of(cls, effect: Effect) -> EffectOut:
        """Return an effect to two decimals."""
        return cls(
            quantity=effect.quantity,
            champion=ArmFigureOut.of(effect.champion),
            challenger=ArmFigureOut.of(effect.challenger),
            difference=_rounded(effect.difference),
            low=_rounded(effect.low),
            high=_rounded(effect.high),
        )


class ExperimentResultOut(BaseModel):
    """Behaviour of the customers. Only the planned measure at the planned sample allows a conclusion."""

    sample_reached: bool = Field(description="True once both arms have the planned number of customers.")
    conclusion: Conclusion = Field(
        description="About the planned measure alone. `difference_shown`: its interval excludes zero. Intervals hold "
        "for one look at the planned sample; a look at each of many days finds differences that are none."
    )
    effects: list[EffectOut]

    @classmethod
    def of(cls, outcome: ExperimentOutcome) -> ExperimentResultOut:
        """Return an outcome."""
        return cls(
            sample_reached=outcome.sample_reached,
            conclusion=outcome.conclusion,
            effects=[EffectOut.of(each) for each in outcome.effects.values()],
        )


class ExperimentOut(BaseModel):
    """A comparison of two policies."""

    id: str
    name: str
    status: Literal["running", "stopped"]
    champion: ArmOut
    challenger: ArmOut
    challenger_percent: int
    sample: SampleOut
    disputes_limit_percent: int
    started_on: date
    stopped_on: date | None
    stopped_by: Literal["person", "disputes"] | None
    stop_reason: str | None
    reason: str
    backtest_id: str | None
    without_backtest: str | None

    @classmethod
    def of(cls, state: Experiment) -> ExperimentOut:
        """Return an experiment."""
        started, stopped = state.started, state.stopped
        assert started is not None, "an experiment that exists was started"
        return cls(
            id=started.experiment_id,
            name=started.name,
            status="running" if stopped is None else "stopped",
            champion=ArmOut(policy_id=started.champion_id, version=started.champion_version),
            challenger=ArmOut(policy_id=started.challenger_id, version=started.challenger_version),
            challenger_percent=started.challenger_percent,
            sample=SampleOut.of(started.sample),
            disputes_limit_percent=started.disputes_limit_percent,
            started_on=state.started_on,
            stopped_on=state.stopped_on,
            stopped_by=None if stopped is None else stopped.by,
            stop_reason=None if stopped is None else stopped.cause,
            reason=started.cause,
            backtest_id=started.backtest_id,
            without_backtest=started.without_backtest,
        )


class ExperimentAsOf(ExperimentOut, AsOf):
    """An experiment at the dates of the question."""


class ExperimentWithResult(ExperimentAsOf):
    """An experiment with what its customers did up to the dates of the question."""

    result: ExperimentResultOut


class ExperimentList(Listing[ExperimentOut], AsOf):
    """Experiments of the ledger, newest first."""


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


EXPERIMENT_ANSWER = Answer(EXPERIMENT, lambda state, *_: ExperimentOut.of(state))

"""Bodies of experiments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dunning_svc.domain.experiment.commands import Baseline, StartExperiment, StopExperiment
from dunning_svc.http.identifiers import PolicyId
from encours.contracts.events.dunning.experiment import Measure
from encours.http.models import Body, LongText, ShortText


class BaselineBody(Body):
    """Measure of customers before the experiment, in days or percent."""

    mean: Annotated[float, Field(ge=-1_000, le=1_000, allow_inf_nan=False)]
    deviation: Annotated[float, Field(ge=0.001, le=1_000, allow_inf_nan=False)] = Field(
        description="Standard deviation between customers. For a share of p percent, √(p · (100 − p)) is on the safe "
        "side."
    )


class ExperimentBody(Body):
    """Comparison of two policies."""

    name: ShortText
    champion_id: PolicyId = Field(description="Policy in force. Its customers are in the experiment.")
    challenger_id: PolicyId = Field(
        description="Policy that some of them get. Its own criteria do not count."
    )
    challenger_version: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    challenger_percent: Annotated[int, Field(ge=1, le=50, strict=True)] = Field(
        default=50, description="Share of the customers that get the challenger: at most half."
    )
    measure: Measure = Field(
        default="days_to_pay",
        description="`days_to_pay`: from the due date to payment, up to the horizon. `paid_at_30_days`: share of "
        "invoices that are paid 30 days after the due date.",
    )
    difference: Annotated[float, Field(ge=0.001, le=100, allow_inf_nan=False)] = Field(
        description="Smallest difference that is worth finding, in days or percent points.", examples=[3]
    )
    power_percent: Annotated[int, Field(ge=50, le=99, strict=True)] = Field(
        default=80, description="Probability to find a true difference of that size."
    )
    horizon_days: Annotated[int, Field(ge=10, le=180, strict=True)] = Field(
        default=60, description="Days past the due date for which an invoice is followed."
    )
    disputes_limit_percent: Annotated[int, Field(ge=1, le=50, strict=True)] = Field(
        default=5,
        description="The experiment stops once the share of customers with a dispute is higher by more points than "
        "this under the challenger.",
    )
    baseline: BaselineBody | None = Field(
        default=None, description="If left out, it is measured on the last year of the ledger."
    )
    backtest_id: ShortText | None = Field(
        default=None, description="A back-test of the challenger, completed today or yesterday."
    )
    without_backtest: LongText | None = Field(default=None, description="Reason for naming no back-test.")
    reason: LongText

    def to_command(self) -> StartExperiment:
        """Return the command."""
        given = self.baseline
        return StartExperiment(
            name=self.name,
            champion_id=self.champion_id,
            challenger_id=self.challenger_id,
            challenger_version=self.challenger_version,
            challenger_percent=self.challenger_percent,
            measure=self.measure,
            difference=self.difference,
            power_percent=self.power_percent,
            horizon_days=self.horizon_days,
            disputes_limit_percent=self.disputes_limit_percent,
            baseline=None if given is None else Baseline(given.mean, given.deviation),
            backtest_id=self.backtest_id,
            without_backtest=self.without_backtest,
            cause=self.reason,
        )


class StopExperimentBody(Body):
    """The reason for the end."""

    reason: LongText

    def to_command(self, experiment_id: str) -> StopExperiment:
        """Return the command."""
        return StopExperiment(experiment_id, self.reason)

"""Experiments: two policies compared on customers that are assigned by chance. Appended by dunning-svc.

Streams: the experiment id, and for an assignment an id that follows from the experiment and the customer. An experiment
belongs to the whole ledger.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

Arm = Literal["champion", "challenger"]
"""``champion``: the policy that is in force. ``challenger``: the one that some of its customers get instead."""
Measure = Literal["days_to_pay", "paid_at_30_days"]
"""``days_to_pay``: days from the due date to payment, up to the horizon. ``paid_at_30_days``: share of invoices that
are paid 30 days after the due date."""


class PlannedSample(Value, frozen=True, kw_only=True):
    """Number of customers that show a difference of a given size, as planned before the start.

    Values are in thousandths: of a day for ``days_to_pay``, of a percent for ``paid_at_30_days``.
    """

    measure: Measure
    difference_milli: int
    """Smallest difference between the arms that is worth finding, above 0."""
    baseline_milli: int
    """Mean of the measure per customer before the experiment."""
    deviation_milli: int
    """Standard deviation of the measure between customers."""
    baseline_customers: int
    """Customers that mean and deviation were measured on; 0 if they were stated."""
    power_percent: int
    """Probability to find a true difference of that size."""
    horizon_days: int
    """Days past the due date for which an invoice is followed."""
    champion_customers: int
    challenger_customers: int


class ExperimentStarted(Event, frozen=True, kw_only=True):
    """A share of the champion's customers gets the challenger from the next run on, and is compared to the rest."""

    TYPE: ClassVar[str] = "experiment.started"
    experiment_id: str
    name: str
    champion_id: str
    champion_version: int
    challenger_id: str
    challenger_version: int
    challenger_percent: int
    """Share of the customers that get the challenger."""
    sample: PlannedSample
    disputes_limit_percent: int
    """The experiment stops once the share of customers with a dispute is higher by more under the challenger."""
    backtest_id: str | None
    """Back-test of the challenger that the experiment rests on."""
    without_backtest: str | None
    """Reason for naming no back-test."""
    cause: str


class ExperimentCustomerAssigned(Event, frozen=True, kw_only=True):
    """The first day on which a case of the customer came under the experiment, and the arm by chance."""

    TYPE: ClassVar[str] = "experiment.customer_assigned"
    experiment_id: str
    customer_id: str
    arm: Arm
    day: date


class ExperimentStopped(Event, frozen=True, kw_only=True):
    """Every customer gets the policy in force from the next run on. The experiment does not start again."""

    TYPE: ClassVar[str] = "experiment.stopped"
    experiment_id: str
    by: Literal["person", "disputes"]
    """``disputes``: the rule on disputes stopped it."""
    cause: str

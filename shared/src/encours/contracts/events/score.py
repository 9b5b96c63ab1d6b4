"""Versions of the payment model, and grades of customers by it. Appended by risk-svc.

Streams: the models of the ledger, ``score-models``; the grade of a customer. Shares are in basis points.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

STREAM = "score-models"
"""Stream of the models of a ledger."""
CreditGrade = Literal["A", "B", "C", "D", "E"]


class ForecastQuality(Value, frozen=True, kw_only=True):
    """Quality of the forecasts of the hold-out by the model, or by a baseline."""

    forecast: Literal["model", "constant", "past_rate", "shrunk_rate"]
    """``past_rate``: late share of the customer's own past; ``shrunk_rate``: the same with invoices of all added."""
    auc_bps: int
    """Area under the receiver operating characteristic of late payment."""
    brier_bps: int
    mean_error_hundredths: int
    """Mean absolute error of the days late, in hundredths of a day."""
    coverage_bps: int
    """Share of the delays in their intervals of 80 %."""
    width_tenths: int
    """Mean width of the intervals, in tenths of a day."""


class CalibrationBin(Value, frozen=True, kw_only=True):
    """Invoices of the hold-out with a forecast in one tenth of the scale, and the share of them that was late."""

    invoices: int
    forecast_bps: int
    """Mean probability of late payment."""
    late_bps: int
    low_bps: int
    """Bounds of the late share in 95 of 100 samples of the size."""
    high_bps: int


class ScoreModelFitted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A version of the payment model was fitted to the history of the ledger. It is not in use yet."""

    TYPE: ClassVar[str] = "score_model.fitted"
    score_models_id: str
    version: str
    parameters: str
    """JSON document of the fitted parameters."""
    on: date
    """Day of the history: outcomes before it are known."""
    position: int
    """Position up to which the history was read."""
    customers: int
    invoices: int
    """Invoices that had fallen due."""
    first_issued_on: date
    last_issued_on: date
    held_out: int
    """Last invoices by issue, which a model of the others forecasts."""
    held_out_from: date
    held_out_late: int
    quality: tuple[ForecastQuality, ...]
    """On the invoices held out: the model first, then the baselines."""
    bins: tuple[CalibrationBin, ...] = ()
    """Forecasts of the invoices held out beside their outcome, the lowest first; empty before bins were kept."""


class ScoreModelActivated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Grades and forecasts are by this version from now on."""

    TYPE: ClassVar[str] = "score_model.activated"
    score_models_id: str
    version: str
    replaces: str
    """Version that was in use before."""
    text: str
    bins: tuple[CalibrationBin, ...] = ()
    """Bins of the fit: the calibration that whoever activated the version could see."""


class ScoreGraded(Event, frozen=True, kw_only=True):
    """The grade of a customer is another than before. Days count from the due date, negative before it."""

    TYPE: ClassVar[str] = "score.graded"
    score_grade_id: str
    customer_id: str
    grade: CreditGrade
    previous: CreditGrade | None
    """``None`` for the first grade."""
    probability_late_bps: int
    expected_tenths: int
    """Expected days late, in tenths of a day."""
    from_tenths: int
    to_tenths: int
    """80 of 100 delays lie between the two, in tenths of a day."""
    settled: int
    settled_late: int
    open_late: int
    oldest_open_days: int
    reasons: tuple[str, ...]
    definition: str
    model_version: str
    seen_position: int
    """Position of the figures."""

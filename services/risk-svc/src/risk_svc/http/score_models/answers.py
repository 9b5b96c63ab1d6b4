"""Answers about versions of the payment model."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.events.score import CalibrationBin, ForecastQuality, ScoreModelFitted
from encours.http.answers import Answer
from encours.http.models import BusinessDate
from encours.http.paging import Listing
from encours.http.queries import AsOf
from risk_svc.domain.score import document
from risk_svc.domain.score.model import ModelKind
from risk_svc.domain.score.shipped import SHIPPED
from risk_svc.domain.score.versions import ScoreModels
from risk_svc.use_cases.score_models import SCORE_MODELS


class ForecastQualityOut(BaseModel):
    """Quality of forecasts of the invoices held out."""

    forecast: str = Field(description="`model`, or a baseline: `constant`, `past_rate`, `shrunk_rate`.")
    auc: float
    brier: float
    mean_error_days: float
    coverage: float = Field(description="Share of the delays in their intervals of 80 %.")
    width_days: float

    @classmethod
    def of(cls, quality: ForecastQuality) -> ForecastQualityOut:
        """Return the quality of an event."""
        return cls(
            forecast=quality.forecast,
            auc=quality.auc_bps / 10_000,
            brier=quality.brier_bps / 10_000,
            mean_error_days=quality.mean_error_hundredths / 100,
            coverage=quality.coverage_bps / 10_000,
            width_days=quality.width_tenths / 10,
        )


class CalibrationBinOut(BaseModel):
    """Invoices held out with a forecast in one tenth of the scale, and the share of them that was late."""

    invoices: int
    forecast: float = Field(description="Mean probability of late payment.")
    late: float = Field(description="Share that was late.")
    low: float = Field(description="`late` lies between `low` and `high` in 95 of 100 samples of the size.")
    high: float

    @classmethod
    def of(cls, found: CalibrationBin) -> CalibrationBinOut:
        """Return a bin of an event."""
        return cls(
            invoices=found.invoices,
            forecast=found.forecast_bps / 10_000,
            late=found.late_bps / 10_000,
            low=found.low_bps / 10_000,
            high=found.high_bps / 10_000,
        )


class CalibrationOut(BaseModel):
    """History of a fit, and its report: the last quarter forecast by a model of the invoices before it."""

    on: BusinessDate = Field(description="Outcomes before this day are known.")
    position: int
    customers: int
    invoices: int
    first_issued_on: BusinessDate
    last_issued_on: BusinessDate
    held_out: int
    held_out_from: BusinessDate
    held_out_late: int
    quality: list[ForecastQualityOut]
    bins: list[CalibrationBinOut] = Field(
        description="Tenths of the probability, the lowest first, without those that no invoice has. Empty for a fit "
        "of before bins were kept."
    )

    @classmethod
    def of(cls, fit: ScoreModelFitted) -> CalibrationOut:
        """Return the report of an event."""
        return cls(
            on=fit.on,
            position=fit.position,
            customers=fit.customers,
            invoices=fit.invoices,
            first_issued_on=fit.first_issued_on,
            last_issued_on=fit.last_issued_on,
            held_out=fit.held_out,
            held_out_from=fit.held_out_from,
            held_out_late=fit.held_out_late,
            quality=[ForecastQualityOut.of(each) for each in fit.quality],
            bins=[CalibrationBinOut.of(each) for each in fit.bins],
        )


class ScoreModelItem(BaseModel):
    """A version of the payment model; without a calibration, the one that Encours ships."""

    version: str
    kind: ModelKind
    active: bool
    calibration: CalibrationOut | None

    @classmethod
    def of(cls, state: ScoreModels, version: str) -> ScoreModelItem:
        """Return a version."""
        fit = state.fit_of(version)
        return cls(
            version=version,
            kind=state.version(version).kind,
            active=version == state.active,
            calibration=None if fit is None else CalibrationOut.of(fit),
        )


class ScoreModelList(BaseModel):
    """Versions of the payment model, the shipped one first, and the one in use."""

    active: str
    active_since: BusinessDate | None = Field(description="Null while no version was ever activated.")
    activated_by: str | None
    text: str | None
    data: list[ScoreModelItem]
    next_cursor: str | None = None

    @classmethod
    def of(cls, state: ScoreModels) -> ScoreModelList:
        """Return the versions of a ledger."""
        used = state.activation
        return cls(
            active=state.active,
            active_since=used.on if used else None,
            activated_by=used.actor if used else None,
            text=used.text if used else None,
            data=[
                ScoreModelItem.of(state, each)
                for each in (SHIPPED.version, *(fit.version for fit in state.fitted))
            ],
        )


class ScoreModelsOut(ScoreModelList, Listing[ScoreModelItem], AsOf):
    """Versions of the payment model at the requested dates."""


class ScoreModelOut(ScoreModelItem, AsOf):
    """A version of the payment model with its parameters."""

    parameters: dict[str, Any]

    @classmethod
    def shown(cls, state: ScoreModels, version: str, echo: dict[str, Any]) -> ScoreModelOut:
        """Return a version; ``echo`` holds the dates of the question."""
        parameters = document.plain(state.version(version))
        return cls(**dict(ScoreModelItem.of(state, version)), parameters=parameters, **echo)


SCORE_MODELS_ANSWER = Answer(SCORE_MODELS, lambda state, *_: ScoreModelList.of(state))

"""Versions of the payment model of a ledger: fitted to its history, activated by a person. Stream: the models."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.events.score import (
    STREAM,
    CalibrationBin,
    ForecastQuality,
    ScoreModelActivated,
    ScoreModelFitted,
)
from encours.kernel.errors import NotFound
from risk_svc.domain.score.document import document_of, model_of
from risk_svc.domain.score.fit import Fitted
from risk_svc.domain.score.measures import Bin, Quality
from risk_svc.domain.score.model import ModelKind, PaymentModel
from risk_svc.domain.score.shipped import SHIPPED

ScoreModelEvent = ScoreModelFitted | ScoreModelActivated


class ScoreModelNotFound(NotFound):
    """The ledger has no payment model of this version (404)."""

    code = "score-model-not-found"
    title = "Payment model not found"
    remedy = "Use a version from GET /v1/score-models."


@dataclass(frozen=True, slots=True)
class FitModel:
    """Fit a version to the history of the ledger."""

    kind: ModelKind = "plain"


@dataclass(frozen=True, slots=True)
class ActivateModel:
    """Use a version for grades and forecasts from now on."""

    version: str
    text: str


@dataclass(frozen=True, slots=True)
class LedgerHistory:
    """Customers of a ledger with their outcomes, as known at a position."""

    fitted: Fitted[PaymentModel]
    customers: int
    position: int


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Use of a version from a day on, as known from a position."""

    version: str
    on: date
    text: str
    actor: str
    position: int


@dataclass(frozen=True, slots=True)
class ScoreModels:
    """Fitted versions in their order, and the last activation; without one, the shipped model is in use."""

    fitted: tuple[ScoreModelFitted, ...] = ()
    activation: ModelUse | None = None
    _by_version: dict[str, ScoreModelFitted] = field(default_factory=dict)

    @property
    def active(self) -> str:
        """Version in use."""
        return self.activation.version if self.activation else SHIPPED.version

    @property
    def model(self) -> PaymentModel:
        """Model in use."""
        return self.version(self.active)

    def version(self, version: str) -> PaymentModel:
        """Return the model of a version. Raises :class:`ScoreModelNotFound`."""
        if version == SHIPPED.version:
            return SHIPPED
        if version not in self._by_version:
            raise ScoreModelNotFound(version)
        return model_of(self._by_version[version].parameters)

    def fit_of(self, version: str) -> ScoreModelFitted | None:
        """Return the fit of a version; ``None`` for the shipped one."""
        return self._by_version.get(version)


def evolve(state: ScoreModels, recorded: Recorded) -> ScoreModels:
    """Return the state after one more event."""
    event: ScoreModelEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case ScoreModelFitted():
            known = {**state._by_version, event.version: event}
            return replace(state, fitted=(*state.fitted, event), _by_version=known)
        case ScoreModelActivated():
            used = ModelUse(
                event.version, recorded.effective_on, event.text, recorded.actor, recorded.position
            )
            return replace(state, activation=used)
        case _:
            assert_never(event)


def next_version(state: ScoreModels) -> str:
    """Return the name of the next version that is fitted."""
    return f"own-{len(state.fitted) + 1}"


def record_fit(found: LedgerHistory, on: date) -> ScoreModelFitted:
    """Return the event of a fit on a day."""
    model, report = found.fitted.model, found.fitted.calibration
    measured = {"model": report.quality, **report.baselines}
    return ScoreModelFitted(
        score_models_id=STREAM,
        version=model.version,
        parameters=document_of(model),
        on=on,
        position=found.position,
        customers=found.customers,
        invoices=report.invoices,
        first_issued_on=date.fromordinal(report.first_issued),
        last_issued_on=date.fromordinal(report.last_issued),
        held_out=report.forecast,
        held_out_from=date.fromordinal(report.since),
        held_out_late=report.late,
        quality=tuple(_quality(name, each) for name, each in measured.items()),
        bins=tuple(map(_bin, report.bins)),
    )


def activate(state: ScoreModels, command: ActivateModel) -> list[ScoreModelActivated]:
    """Use a version; no event if it was activated before. Raises :class:`ScoreModelNotFound`.

    The shipped model is in use without an activation, and grades once a day; after its activation too as money moves.
    """
    state.version(command.version)
    if state.activation is not None and command.version == state.active:
        return []
    fitted = state.fit_of(command.version)
    return [
        ScoreModelActivated(
            score_models_id=STREAM,
            version=command.version,
            replaces=state.active,
            text=command.text,
            bins=fitted.bins if fitted else (),
        )
    ]


def _bin(each: Bin) -> CalibrationBin:
    return CalibrationBin(
        invoices=each.count,
        forecast_bps=round(each.forecast * 10_000),
        late_bps=round(each.late * 10_000),
        low_bps=round(each.low * 10_000),
        high_bps=round(each.high * 10_000),
    )


def _quality(name: str, quality: Quality) -> ForecastQuality:
    return ForecastQuality(
        forecast=name,  # type: ignore[arg-type]  # names of the baselines
        auc_bps=round(quality.auc * 10_000),
        brier_bps=round(quality.brier * 10_000),
        mean_error_hundredths=round(quality.mean_error_days * 100),
        coverage_bps=round(quality.coverage * 10_000),
        width_tenths=round(quality.width_days * 10),
    )

"""The payment model as a JSON document, as events keep it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import msgspec

from risk_svc.domain.score.boosted.model import BoostedModel, OddsLine
from risk_svc.domain.score.model import LevelLine, LevelModel, ModelKind, PaymentModel

_DECIMALS = 4


class _Kind(msgspec.Struct):
    kind: ModelKind = "plain"
    """Absent in documents of plain models."""


def document_of(model: PaymentModel) -> str:
    """Return the document of a model, its figures rounded to four decimals; trees are kept whole."""
    return msgspec.json.encode(_shown(model)).decode()


@lru_cache(maxsize=64)
def model_of(document: str) -> PaymentModel:
    """Return the model of a document. Raises :class:`msgspec.ValidationError` for another document."""
    if msgspec.json.decode(document, type=_Kind).kind == "boosted":
        return msgspec.json.decode(document, type=BoostedModel)
    return msgspec.json.decode(document, type=LevelModel)


def plain(model: PaymentModel) -> dict[str, object]:
    """Return the parameters as JSON values."""
    found: dict[str, object] = msgspec.json.decode(document_of(model))
    return found


def _shown(model: PaymentModel) -> PaymentModel:
    if isinstance(model, LevelModel):
        return _level(model)
    assert isinstance(model, BoostedModel)
    return replace(
        model,
        plain=_level(model.plain),
        late_share=_rounded(model.late_share),
        calibration=OddsLine(_rounded(model.calibration.at_zero), _rounded(model.calibration.slope)),
        usual={name: tuple(map(_rounded, found)) for name, found in sorted(model.usual.items())},
    )


def _level(model: LevelModel) -> LevelModel:
    weights = replace(
        model.weights,
        prior_invoices=_rounded(model.weights.prior_invoices),
        half_life_days=_rounded(model.weights.half_life_days),
        wait_days=_rounded(model.weights.wait_days),
    )
    low, high = model.interval
    return replace(
        model,
        weights=weights,
        segments={name: _rounded(days) for name, days in sorted(model.segments.items())},
        location=_line(model.location),
        spread=_line(model.spread),
        newcomer_spread=_rounded(model.newcomer_spread),
        residuals=tuple(map(_rounded, model.residuals)),
        interval=(_rounded(low), _rounded(high)),
    )


def _line(line: LevelLine) -> LevelLine:
    return LevelLine(_rounded(line.at_zero), _rounded(line.slope))


def _rounded(value: float) -> float:
    return round(value, _DECIMALS)

"""Forecast as one value, as it is shown and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reporting_svc.domain.forecast.accuracy import PastForecasts, RangeCalibration
from reporting_svc.domain.forecast.cash import CashForecast, forecast
from reporting_svc.domain.forecast.curves import PaidDebt, PaymentCurves
from reporting_svc.domain.forecast.owed import Expectable, LeftOut


@dataclass(frozen=True, slots=True)
class MadeForecast:
    """A forecast with the calibration and the number of debts that it rests on, and what it is not about."""

    cash: CashForecast
    calibration: RangeCalibration
    debts: int
    left_out: LeftOut

    @property
    def outstanding_minor(self) -> int:
        """Sum of all parts, which is the outstanding amount; minor units."""
        return self.cash.open_minor + self.left_out.minor


def make_forecast(
    owed: Expectable, history: Sequence[PaidDebt], on: int, ends: Sequence[int]
) -> MadeForecast:
    """Return the forecast of a day, by the periods that end on ``ends``; ordinals."""
    past = PastForecasts(history)
    calibration = past.calibration(on)
    curves = PaymentCurves(history, on)
    found = forecast(owed.debts, curves, on, ends, calibration.trend, past.last_day(on))
    return MadeForecast(found, calibration, curves.debts, owed.left_out)

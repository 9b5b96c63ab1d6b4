"""Forecast as one value, as it is shown and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reporting_svc.domain.forecast.accuracy import PastForecasts, RangeCalibration
from reporting_svc.domain.forecast.cash import CashForecast, OpenDebt, OpenDebts, forecast
from reporting_svc.domain.forecast.curves import PaymentCurves
from reporting_svc.domain.forecast.debts import PaidDebts
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


class ForecastModel:
    """Model of the payments after a day, learnt from a history; it expects the cash of any debts of that day."""

    def __init__(self, history: PaidDebts, on: int, ends: Sequence[int]) -> None:
        """Learn the curves, the trend and the days on which payments arrive. Periods end on ``ends``; ordinals."""
        past = PastForecasts(history)
        self._on, self._ends = on, ends
        self._calibration, self._last_day = past.calibration(on), past.last_day(on)
        self._curves = PaymentCurves(history, on)

    def of(self, debts: Sequence[OpenDebt]) -> CashForecast:
        """Return the cash that is expected from debts."""
        owed = OpenDebts.of(debts, self._curves.history, self._on)
        return forecast(owed, self._curves, self._on, self._ends, self._calibration.trend, self._last_day)

    def made(self, owed: Expectable) -> MadeForecast:
        """Return the forecast of all that can be expected."""
        return MadeForecast(self.of(owed.debts), self._calibration, self._curves.debts, owed.left_out)


def make_forecast(owed: Expectable, history: PaidDebts, on: int, ends: Sequence[int]) -> MadeForecast:
    """Return the forecast of a day, by the periods that end on ``ends``; ordinals."""
    return ForecastModel(history, on, ends).made(owed)

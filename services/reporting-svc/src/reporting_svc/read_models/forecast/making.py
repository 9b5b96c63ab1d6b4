"""Forecasts that the requests of a process make: each once at a time, and few at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
"""Forecasts that a process makes at the same time; further ones wait, whatever they ask."""


class ForecastInMaking(Exception):
    """Another request makes the forecast, or as many as are made at once: look again after ``ended``.

    Who waits has left its snapshot, and holds no connection that other requests need.
    """

    def __init__(self, ended: asyncio.Event) -> None:
        super().__init__("The forecast waits for one that is being made.")
        self.ended = ended


class ForecastsInMaking:
    """Forecasts that are being made, by id."""

    def __init__(self) -> None:
        self._ended: dict[str, asyncio.Event] = {}

    @contextmanager
    def making(self, forecast_id: str) -> Iterator[None]:
        """Make a forecast meanwhile. Raises :class:`ForecastInMaking`."""
        ended = self._ended.get(forecast_id)
        if ended is None and len(self._ended) >= AT_ONCE:
            ended = next(iter(self._ended.values()))
        if ended is not None:
            raise ForecastInMaking(ended)
        ended = self._ended[forecast_id] = asyncio.Event()
        try:
            yield
        finally:
            del self._ended[forecast_id]
            ended.set()

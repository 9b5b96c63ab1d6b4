"""Time as an event. Stream ``calendar``, one a ledger. Appended by the holder of the clock lease."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event

STREAM = "calendar"


class DayOpened(Event, frozen=True, kw_only=True):
    """A business day begins. Ladders, limits and promises react to it.

    ``late``: the day had passed when it was opened (catching up after a standstill): nothing is sent for it.
    """

    TYPE: ClassVar[str] = "calendar.day_opened"
    day: date
    late: bool

"""Covers of buyers under an insurance contract, as their events make them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never

from encours.contracts.events.insurance import (
    CoverCancelled,
    CoverGranted,
    CoverReduced,
    CoverResumed,
    CoverStopped,
)

CoverEvent = CoverGranted | CoverReduced | CoverCancelled | CoverStopped | CoverResumed


@dataclass(frozen=True, slots=True)
class Amount:
    """Amount of a cover from a day on, minor units."""

    from_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of cover: its first day and, if it has ended, the first day after it."""

    from_on: date
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class InsuranceCover:
    """A cover with its amounts and stops; ``granted`` is ``None`` before it is recorded."""

    granted: CoverGranted | None = None
    entity_id: str = ""
    amounts: tuple[Amount, ...] = ()
    cancelled: CoverCancelled | None = None
    stops: tuple[Stop, ...] = ()

    @property
    def content(self) -> CoverGranted:
        """Grant of a cover that is recorded."""
        assert self.granted is not None
        return self.granted

    @property
    def last_day(self) -> date | None:
        """Last day of deliveries that it covers, without a run-off; ``None`` without end."""
        until, cancelled = self.content.valid_until, self._cancelled_last()
        return until if cancelled is None else min(until or cancelled, cancelled)

    @property
    def stopped(self) -> bool:
        """A stop is recorded that has not ended."""
        return bool(self.stops) and self.stops[-1].to_on is None

    def amount_on(self, day: date) -> int:
        """Return the amount for deliveries of a day, minor units; that of the first day before it."""
        found = self.amounts[0]
        for each in self.amounts[1:]:
            if each.from_on <= day:
                found = each
        return found.amount_minor

    @property
    def last_covered(self) -> date:
        """Last day of deliveries that it covers, with a run-off."""
        end = self.last_day
        if end is None:
            return date.max
        if self.cancelled is not None and end == self._cancelled_last():
            return end + timedelta(days=self.cancelled.run_off_days)
        return end

    def covers(self, delivered_on: date) -> bool:
        """Return True if it covers a debt for a delivery on a day, whatever its amount is then."""
        granted = self.content
        last = granted.valid_until if self.cancelled is None else self.last_covered
        if delivered_on < granted.valid_from or (last is not None and delivered_on > last):
            return False
        for each in self.stops:  # a generator would take longer than all else: most covers have no stop
            if each.from_on <= delivered_on and (each.to_on is None or delivered_on < each.to_on):
                return False
        return True

    def withdrawn(self, day: date) -> bool:
        """Return True if, on a day, the insurer has cancelled the cover, or reduced it to nothing."""
        if self.cancelled is not None and self.cancelled.by_insurer and self.cancelled.from_on <= day:
            return True
        return self.amount_on(day) == 0

    def _cancelled_last(self) -> date | None:
        return None if self.cancelled is None else self.cancelled.from_on - timedelta(days=1)


def changed(state: InsuranceCover, event: CoverEvent, on: date, entity_id: str) -> InsuranceCover:
    """Return the state after an event that is effective on a day."""
    match event:
        case CoverGranted():
            return InsuranceCover(event, entity_id, (Amount(event.valid_from, event.amount_minor),))
        case CoverReduced():
            earlier = (each for each in state.amounts if each.from_on < event.from_on)
            lower = (
                each
                for each in state.amounts
                if each.from_on > event.from_on and each.amount_minor < event.amount_minor
            )
            return replace(state, amounts=(*earlier, Amount(event.from_on, event.amount_minor), *lower))
        case CoverCancelled():
            return replace(state, cancelled=event)
        case CoverStopped():
            return replace(state, stops=(*state.stops, Stop(on)))
        case CoverResumed():
            if not state.stops:
                return state
            ended = replace(state.stops[-1], to_on=on)
            return replace(state, stops=(*state.stops[:-1], ended))
        case _:
            assert_never(event)

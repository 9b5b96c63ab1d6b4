"""Answers about holds."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from dunning_svc.domain.hold.state import HOLD, Hold
from encours.http.answers import Answer
from encours.http.queries import AsOf


class HoldOut(BaseModel):
    """A customer's hold."""

    customer_id: str
    until: date
    reason: str
    placed_on: date

    @classmethod
    def of(cls, state: Hold) -> HoldOut:
        """Return a hold that was placed."""
        assert state.until is not None
        assert state.placed_on is not None
        return cls(
            customer_id=state.customer_id, until=state.until, reason=state.cause, placed_on=state.placed_on
        )


class HoldAsOf(HoldOut, AsOf):
    """A customer's hold after a command."""


HOLD_ANSWER = Answer(HOLD, lambda state, *_: HoldOut.of(state))

"""Answers to the gateway."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel, Field

from dunning_svc.domain.reminder.state import REMINDER, Reminder
from encours.contracts.events.dunning.replies import CarriedState
from encours.http.answers import Answer
from encours.http.queries import AsOf


class CarriedOut(BaseModel):
    """States of a message that are on record."""

    reminder_id: str
    states: list[CarriedState] = Field(description="In the order of carriage.")

    @classmethod
    def of(cls, state: Reminder) -> CarriedOut:
        """Return the states of a reminder."""
        assert state.requested is not None
        known = [each for each in get_args(CarriedState) if each in state.carried]
        return cls(reminder_id=state.requested.reminder_id, states=known)


class CarriedAsOf(CarriedOut, AsOf):
    """States of a message, at the dates of the answer."""


CARRIED_ANSWER = Answer(REMINDER, lambda state, *_: CarriedOut.of(state))

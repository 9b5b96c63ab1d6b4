"""Rules of a hold."""

from __future__ import annotations

from datetime import date

from dunning_svc.domain.hold.commands import PlaceHold
from dunning_svc.domain.hold.state import Hold
from encours.contracts.events.dunning.reminders import HoldPlaced
from encours.kernel.errors import Refusal


class HoldInThePast(Refusal):
    """The hold would end before it begins (422)."""

    code = "hold-in-the-past"
    title = "Hold ends in the past"
    status = 422
    remedy = "Use today or a later date."


def place(state: Hold, today: date, cmd: PlaceHold) -> list[HoldPlaced]:
    """Place the hold; no event if the same hold is in force. Raises :class:`HoldInThePast` without a hold to end."""
    if (state.until, state.cause) == (cmd.until, cmd.cause):
        return []
    if cmd.until < today and (state.until is None or state.until < today):
        raise HoldInThePast(f"The customer is not on hold; use {today} or a later date.", "/until")
    return [HoldPlaced(customer_id=cmd.customer_id, until=cmd.until, cause=cmd.cause)]

"""Holds: dunning of a customer rests until a day, for a reason, at a person's word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.customer import CustomerRegistered
from encours.contracts.dunning import HoldPlaced
from encours.kernel.errors import Invalid
from encours.ledger.states import Folder


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """``until`` is the last day of rest; a day that has passed ends a hold."""

    customer_id: str
    until: date
    cause: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A customer's hold as it was placed last."""

    customer_id: str = ""
    until: date | None = None
    cause: str = ""
    placed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Debtor:
    """What a hold needs to know of a customer: that there is one, and whose."""

    entity_id: str = ""


def _hold(state: Hold, e: Recorded) -> Hold:
    if isinstance(e.data, HoldPlaced):
        return Hold(e.data.customer_id, e.data.until, e.data.cause, e.effective_on)
    return state


def _debtor(state: Debtor, e: Recorded) -> Debtor:
    return replace(state, entity_id=e.data.entity_id) if isinstance(e.data, CustomerRegistered) else state


HOLD = Folder(Hold, _hold)
DEBTOR = Folder(Debtor, _debtor)


def place(state: Hold, today: date, cmd: PlaceHold) -> list[HoldPlaced]:
    """Nothing when that hold stands already. Raises :class:`Invalid` for a past day when there is none to end."""
    if (state.until, state.cause) == (cmd.until, cmd.cause):
        return []
    if cmd.until < today and (state.until is None or state.until < today):
        raise Invalid(
            f"The customer is not on hold: give a day from {today} on.", "/until", code="hold-in-the-past"
        )
    return [HoldPlaced(customer_id=cmd.customer_id, until=cmd.until, cause=cmd.cause)]

"""A thank-you and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.contracts import Recorded
from encours.contracts.events.dunning.thanks import (
    ThanksFailed,
    ThanksRequested,
    ThanksSent,
    ThanksSuppressed,
    ThanksUnconfirmed,
)
from encours.ledger.states import Folder


@dataclass(frozen=True, slots=True)
class ThankYou:
    """A thank-you. ``requested`` is None before the first event, ``outcome`` the type of the second one."""

    requested: ThanksRequested | None = None
    outcome: str | None = None


def _evolve(state: ThankYou, e: Recorded) -> ThankYou:
    match e.data:
        case ThanksRequested():
            return replace(state, requested=e.data)
        case ThanksSuppressed() | ThanksSent() | ThanksFailed() | ThanksUnconfirmed():
            return replace(state, outcome=e.type)
        case _:
            return state


THANKS = Folder(ThankYou, _evolve)
"""Thank-yous."""

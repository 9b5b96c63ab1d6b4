"""State of a line of a bank statement, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events import bank as events
from encours.kernel.errors import NotFound

LineStatus = Literal["announced", "unmatched", "proposed", "booked", "ignored"]


class BankLineNotFound(NotFound):
    """No line has the id (404)."""

    code = "bank-line-not-found"
    title = "Bank line not found"
    remedy = "Use an id from GET /v1/bank-lines. The id may belong to another ledger, or to a later day than as_of."


@dataclass(frozen=True, slots=True)
class BankLine:
    """A line, for decisions and answers; ``stated`` is ``None`` for one that does not exist."""

    entity_id: str = ""
    stated: events.BankLineRecorded | None = None
    proposals: tuple[events.LineProposal, ...] = ()
    booked: events.BankLineBooked | None = None
    returned: events.BankLineReturnBooked | None = None
    """Set if the line took a payment back."""
    return_proposals: tuple[events.ReturnProposal, ...] = ()
    ignored_cause: str | None = None
    is_left_to_person: bool = False
    """A decision on the line was withdrawn: the machine decides nothing more."""

    @property
    def status(self) -> LineStatus:
        """Return the status of the line; an announced line is booked by the statement that follows."""
        if self.booked is not None or self.returned is not None:
            return "booked"
        if self.ignored_cause is not None:
            return "ignored"
        if self.stated is not None and self.stated.is_announced:
            return "announced"
        return "proposed" if self.proposals or self.return_proposals else "unmatched"


BankLineEvent = (
    events.BankLineRecorded
    | events.BankLineProposed
    | events.BankLineBooked
    | events.BankLineReturnProposed
    | events.BankLineReturnBooked
    | events.BankLineIgnored
    | events.BankLineReopened
)


def evolve(state: BankLine, recorded: Recorded) -> BankLine:
    """Return the line after one more event."""
    event = cast(BankLineEvent, recorded.data)
    match event:
        case events.BankLineRecorded():
            return replace(state, entity_id=recorded.entity, stated=event)
        case events.BankLineProposed():
            return replace(state, proposals=event.proposals)
        case events.BankLineBooked():
            return replace(state, booked=event)
        case events.BankLineReturnProposed():
            return replace(state, return_proposals=event.proposals)
        case events.BankLineReturnBooked():
            return replace(state, returned=event)
        case events.BankLineIgnored():
            return replace(state, ignored_cause=event.cause)
        case events.BankLineReopened():
            return replace(
                state,
                proposals=(),
                booked=None,
                returned=None,
                return_proposals=(),
                ignored_cause=None,
                is_left_to_person=True,
            )
        case _:
            assert_never(event)

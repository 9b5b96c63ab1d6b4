"""State of a line of a bank statement, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events import bank as events
from encours.kernel.errors import NotFound

LineStatus = Literal["announced", "unmatched"]


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

    @property
    def status(self) -> LineStatus:
        """Return the status of the line; an announced line is booked by the statement that follows."""
        return "announced" if self.stated is not None and self.stated.is_announced else "unmatched"


BankLineEvent = events.BankLineRecorded


def evolve(state: BankLine, recorded: Recorded) -> BankLine:
    """Return the line after one more event."""
    event = cast(BankLineEvent, recorded.data)
    match event:
        case events.BankLineRecorded():
            return BankLine(recorded.entity, event)
        case _:
            assert_never(event)

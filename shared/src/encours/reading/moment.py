"""Two dates of a question, resolved, and a read model at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.kernel.errors import Refusal

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

WAIT_S = 2.0
Granted = tuple[str, ...] | None
"""Entities that the caller may see; None for all of the ledger."""


@dataclass(frozen=True, slots=True)
class TimeTravel:
    """Two dates of a question, resolved.

    ``as_of``: events that count up to and including this business date. ``position``: events up to and including
    this position. ``known_at``: as the caller wrote it. ``is_now``: no ``known_at`` was asked for.
    """

    as_of: date
    position: int
    known_at: str | None
    is_now: bool

    @classmethod
    def known_at_position(cls, as_of: date, position: int) -> TimeTravel:
        """Return a business date as it was known at a position of the ledger."""
        return cls(as_of, position, str(position), is_now=False)

    def echo(self) -> dict[str, Any]:
        """Return ``as_of``, ``known_at`` and ``position`` for the body of the answer."""
        return {"as_of": self.as_of.isoformat(), "known_at": self.known_at, "position": self.position}


@dataclass(frozen=True, slots=True)
class View:
    """Read model at one moment: rows and ``time.position`` belong together. ``granted``: entities of the caller."""

    conn: Conn
    schema: str
    time: TimeTravel
    granted: Granted
    incomplete: bool = False

    def echo(self) -> dict[str, Any]:
        """Return the dates as :meth:`TimeTravel.echo` does, and ``incomplete``: streams are parked."""
        return {**self.time.echo(), "incomplete": self.incomplete}


class PositionNotReached(Refusal):
    """The read model, or the ledger itself, is behind what was asked for (503)."""

    code = "position-not-reached"
    title = "Position not reached yet"
    status = 503
    remedy = "Repeat the request after Retry-After seconds."

    def __init__(self, model: str, position: int) -> None:
        super().__init__(f"{model} has not reached position {position} yet.", retry_after_s=1)


class FuturePosition(Refusal):
    """The position that was asked for has not come yet (422)."""

    code = "future-position"
    title = "Position lies in the future"
    status = 422
    remedy = "Ask for an instant or a position that has passed; a restored ledger may have fewer events than before."

    def __init__(self, name: str, head: int) -> None:
        super().__init__(
            f"{name} lies beyond the ledger's end, which is position {head} now.", extra={"head": head}
        )

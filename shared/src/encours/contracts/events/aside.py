"""Events that an operator sets aside. Stream ``set-aside``, one a ledger. Appended by `encours ledger set-aside`."""

from __future__ import annotations

from typing import ClassVar

from encours.contracts.base import Event

STREAM = "set-aside"


class EventSetAside(Event, frozen=True, kw_only=True):
    """An event of the ledger cannot be read: from now on it is left out wherever its stream is folded.

    The event itself stays in the ledger, and in every proof of it.
    """

    TYPE: ClassVar[str] = "ledger.event_set_aside"
    position: int
    stream: str
    fault: str
    """Reason of the program that could not read it."""

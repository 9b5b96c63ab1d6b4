"""A title procedure: its steps so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.events.dunning.titles import (
    TitleContested,
    TitleEnded,
    TitleEnforceable,
    TitleRequested,
    TitleServed,
)
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder

TitleStatus = Literal["requested", "served", "enforceable", "ended"]


class TitleNotFound(NotFound):
    """The ledger has no title procedure of this id."""

    code = "title-not-found"
    title = "Title procedure not found"
    remedy = "Use an id from GET /v1/titles."


@dataclass(frozen=True, slots=True)
class Title:
    """A title procedure. ``requested`` is None before the first event only."""

    requested: TitleRequested | None = None
    entity_id: str = ""
    served: TitleServed | None = None
    contested: TitleContested | None = None
    enforceable: TitleEnforceable | None = None
    ended: TitleEnded | None = None

    @property
    def status(self) -> TitleStatus:
        """Return the last step."""
        if self.ended is not None:
            return "ended"
        if self.enforceable is not None:
            return "enforceable"
        return "requested" if self.served is None else "served"


def _evolve(state: Title, e: Recorded) -> Title:
    match e.data:
        case TitleRequested():
            return Title(e.data, e.entity)
        case TitleServed():
            return replace(state, served=e.data)
        case TitleContested():
            return replace(state, contested=e.data)
        case TitleEnforceable():
            return replace(state, enforceable=e.data)
        case TitleEnded():
            return replace(state, ended=e.data)
        case _:
            return state


TITLE = Folder(Title, _evolve, TitleNotFound)
"""Title procedures."""

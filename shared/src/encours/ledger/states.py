"""Folded states of streams, kept in the process: bounded, and never trusted without a check at the append."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

from encours.contracts import Recorded
from encours.kernel.errors import DomainError

S = TypeVar("S")
LIMIT = 10_000


@dataclass(frozen=True, eq=False)  # compared by identity: it is part of the key of every cache look-up
class Folder(Generic[S]):
    """Initial state and fold of a stream. ``evolve`` returns a new state: states are shared between commands.

    ``missing`` makes the refusal for a stream that does not exist, from its id. ``as_of`` folds what counted on a
    business date, for an aggregate that has a rule of its own for it.
    """

    initial: Callable[[], S]
    evolve: Callable[[S, Recorded], S]
    missing: Callable[[str], DomainError] | None = None
    as_of: Callable[[Iterable[Recorded], date], S] | None = None

    def fold(self, events: Iterable[Recorded], state: S | None = None) -> S:
        """The state after the events, from ``state`` or from the initial one."""
        folded = self.initial() if state is None else state
        for event in events:
            folded = self.evolve(folded, event)
        return folded

    def fold_as_of(self, events: Iterable[Recorded], day: date) -> S:
        """The state by the events that counted on a business date; the initial one when none did."""
        if self.as_of is not None:
            return self.as_of(events, day)
        return self.fold(event for event in events if event.effective_on <= day)


class Folded(NamedTuple, Generic[S]):
    """A state, its stream version, and the entity of the stream: None while it has no events."""

    state: S
    version: int
    entity: str | None


class StateCache:
    """The states used last."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._entries: OrderedDict[Hashable, Folded[Any]] = OrderedDict()

    def get(self, key: Hashable) -> Folded[Any] | None:
        """Return what is kept, or None."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: Hashable, folded: Folded[Any]) -> None:
        """Remember it unless a later version is known; when full, the one used longest ago goes."""
        known = self._entries.get(key)
        if known is not None and known.version > folded.version:
            return
        self._entries[key] = folded
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

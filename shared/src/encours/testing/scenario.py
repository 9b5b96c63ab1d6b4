"""Given events, when a command is decided, then events or a refusal.

    given(PAYMENT, received(10_000)).when(decide.identify, "cus_2").refused("payer-known")

``when`` calls the rule with the state first and what else it takes behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

import pytest

from encours.contracts import Event, Recorded
from encours.kernel.errors import DomainError
from encours.ledger.states import Folder
from encours.testing.events import DAY
from encours.testing.history import ENTITY, happened

S = TypeVar("S")


@dataclass(frozen=True)
class Outcome:
    """A decision that was asked for, and not made before somebody looks."""

    decide: Callable[[], Sequence[Any]]

    def then(self, *wanted: Any) -> None:
        """These events and no other, in order; with their days where the rule gives days."""
        assert list(self.decide()) == list(wanted)

    def then_types(self, *wanted: type[Event]) -> list[Any]:
        """Events of these types and no other; the events, to look into."""
        found = list(self.decide())
        assert [type(each[1] if isinstance(each, tuple) else each) for each in found] == list(wanted)
        return found

    def refused(self, code: str) -> DomainError:
        """A refusal with that code; the refusal, to look into."""
        with pytest.raises(DomainError) as refusal:
            self.decide()
        assert refusal.value.code == code
        return refusal.value


@dataclass(frozen=True)
class Given(Generic[S]):
    """A state that events have led to."""

    state: S

    def when(self, decide: Callable[..., Any], *command: Any, **more: Any) -> Outcome:
        """A rule is asked; one that answers with a single event is taken to answer with a list of it."""

        def decided() -> Sequence[Any]:
            found = decide(self.state, *command, **more)
            return [found] if isinstance(found, Event) else list(found)

        return Outcome(decided)


def given(folder: Folder[S], *events: Event | Recorded, on: date = DAY, entity: str = ENTITY) -> Given[S]:
    """The state after these events: all on one day, unless they are recorded already."""
    rows = [e for e in events if isinstance(e, Recorded)]
    if len(rows) < len(events):
        assert not rows, "either recorded events or events, not both"
        rows = happened(*(e for e in events if isinstance(e, Event)), on=on, entity=entity)
    return Given(folder.fold(rows))

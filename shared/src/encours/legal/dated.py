"""Values from a day on, with their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar


class HasFirstDay(Protocol):
    """A rule or value that is in force from a day on."""

    @property
    def valid_from(self) -> date: ...


V = TypeVar("V", bound=HasFirstDay)


@dataclass(frozen=True, slots=True)
class Dated:
    """A value from a day on, and its source."""

    valid_from: date
    value: int
    source: str


def in_force(values: Sequence[V], day: date) -> V | None:
    """Return the last value that is valid from the day or earlier; ``values`` are in ascending order."""
    found = None
    for value in values:
        if value.valid_from > day:
            break
        found = value
    return found

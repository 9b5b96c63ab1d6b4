"""Read models composed of parts: lists with one common checkpoint and one transaction per batch.

A part declares its tables, the event types that it applies, and a pure `project`. The model gives each event to the
parts that apply its type, in the order of the parts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from encours.contracts import Recorded
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row


class Part(ABC):
    """List of a composed read model. Its members have the meaning of those of :class:`ReadModel`."""

    rows: tuple[type[Row], ...]
    applies: frozenset[str]

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Return the rows that `project` reads; they may belong to another part."""
        return ()

    @abstractmethod
    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event. Pure."""


class ComposedModel(ReadModel):
    """Read model with the tables and event types of its parts. ``ignores`` are the types that no part applies."""

    parts: Sequence[Part]

    def __init__(self) -> None:
        self.rows = tuple(row_type for part in self.parts for row_type in part.rows)
        self.applies = frozenset().union(*(part.applies for part in self.parts))
        self._by_type = {
            kind: tuple(part for part in self.parts if kind in part.applies) for kind in self.applies
        }

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Return the rows that any part reads."""
        for part in self._by_type[e.type]:
            yield from part.keys(e)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply an event to the parts that apply its type."""
        for part in self._by_type[e.type]:
            part.project(e, rows)

"""A read model folded in memory as the projector folds it: batch by batch, with the rows that it asks for ahead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

from msgspec.structs import astuple

from encours.contracts import Recorded
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import CacheMiss, RowCache
from encours.projection.rows import Key, Row, table_of

Tables = dict[str, dict[Key, Any]]


class Folding:
    """The tables of one model. A row that `project` asks for and `keys` has not named is an error here."""

    def __init__(self, model: ReadModel) -> None:
        self.model = model
        self._stored: dict[type[Row], dict[Key, Row]] = {row_type: {} for row_type in model.rows}
        self._rows = RowCache(model.rows)
        self.parked: dict[str, Exception] = {}
        """Exceptions of events that the model could not apply, by stream."""

    def fold(self, batch: Iterable[Recorded], *, keep: int = 0) -> None:
        """One transaction of the projector; ``keep`` rows per table stay in memory after it."""
        events = [e for e in batch if e.type in self.model.applies]
        wanted = self._rows.missing(key for e in events for key in self.model.keys(e))
        for row_type, keys in wanted.items():
            stored = self._stored[row_type]
            self._rows.add_loaded(row_type, keys, [copy(stored[key]) for key in keys if key in stored])
        for e in events:
            self._apply(e)
        for row_type, rows, gone in self._rows.changes():
            key_of = table_of(row_type).key_of
            self._stored[row_type] |= {key_of(row): copy(row) for row in rows}
            for key in gone:
                self._stored[row_type].pop(key, None)
        self._rows.mark_written(keep)

    def fold_in(self, events: Sequence[Recorded], ends: Iterable[int], *, keep: int = 0) -> Tables:
        """Batches that end before these indexes, and the rest; the tables."""
        start = 0
        for end in (*sorted({end for end in ends if 0 < end < len(events)}), len(events)):
            self.fold(events[start:end], keep=keep)
            start = end
        return self.tables()

    def tables(self) -> Tables:
        """Stored columns by key, by table."""
        return {
            row_type.TABLE: {key: astuple(row) for key, row in rows.items()}
            for row_type, rows in self._stored.items()
        }

    def _apply(self, e: Recorded) -> None:
        if e.stream in self.parked:
            return
        try:
            self.model.project(e, self._rows)
        except CacheMiss as missing:
            raise AssertionError(
                f"{self.model.name} asks for {missing.args} at {e.type} and does not name it in keys()"
            ) from missing
        except Exception as error:
            self._rows.rollback_event()
            self.parked[e.stream] = error
        self._rows.undo.clear()


def at_once(model: ReadModel, events: Iterable[Recorded]) -> Tables:
    """The tables after one batch on empty tables, as a rebuild begins: nothing has to be asked for."""
    folding = Folding(model)
    folding._rows.assume_empty()
    folding.fold(events)
    return folding.tables()

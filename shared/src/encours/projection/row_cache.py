"""The rows that a batch of events reads and writes, held in memory between one query and one write.

`project` sees only this. An event is applied whole or not at all: what it had put when it failed is taken
back, so a parked stream leaves no half-applied row behind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, TypeVar

from encours.projection.rows import Key, Row, Table, table_of

R = TypeVar("R", bound=Row)


class CacheMiss(BaseException):
    """`project` asked for a row that is not in memory yet: load it and apply the event again.

    A ``BaseException``, so that an ``except Exception`` inside a projection cannot swallow it.
    """

    def __init__(self, row_type: type[Row], key: Key) -> None:
        super().__init__(row_type.TABLE, key)
        self.row_type = row_type
        self.key = key


class _Absent:
    """Nothing is known of a key; None would say that its row does not exist."""


_ABSENT = _Absent()


class _Slot:
    """The rows of one table. ``None`` stands for a row that is known not to exist."""

    __slots__ = ("check", "complete", "dirty", "key_of", "rows", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.key_of, self.check = table.key_of, table.check_numbers
        self.rows: dict[Key, Any] = {}
        self.dirty: set[Key] | None = set()
        """Keys that are to be written; None while nothing was ever written, so that all are."""
        self.complete = False  # every row of the table is in memory: a key that is not does not exist


class RowCache:
    """Rows by type and key. ``get`` gives a copy: a change counts when it is ``put``."""

    __slots__ = ("_slots", "texts_suspect", "undo")

    def __init__(self, row_types: Iterable[type[Row]]) -> None:
        self._slots: dict[type[Row], _Slot] = {row_type: _Slot(table_of(row_type)) for row_type in row_types}
        self.undo: list[tuple[_Slot, Key, Row | _Absent | None]] = []
        """Rows that the current event replaced; cleared when the event is applied."""
        self.texts_suspect = False

    def get(self, row_type: type[R], *key: object) -> R | None:
        """The row, or None when there is none."""
        slot = self._slots[row_type]
        try:
            row = slot.rows[key]
        except KeyError:
            if slot.complete:
                return None
            raise CacheMiss(row_type, key) from None
        return None if row is None else row.__copy__()

    def put(self, row: Row) -> None:
        """Insert or replace a row. Raises ``ValueError`` for a value that its column cannot hold."""
        slot = self._slots[type(row)]
        try:
            slot.check(row)
        except struct.error as error:
            raise ValueError(
                f"{slot.table.name}: a number does not fit into 64 bits or is none ({error})"
            ) from None
        if self.texts_suspect:
            slot.table.check_texts(row)
        key, rows = slot.key_of(row), slot.rows
        self.undo.append((slot, key, rows.get(key, _ABSENT)))
        rows[key] = row
        if slot.dirty is not None:
            slot.dirty.add(key)

    def drop(self, row_type: type[Row], *key: object) -> None:
        """Delete a row; nothing happens when there is none."""
        slot = self._slots[row_type]
        self.undo.append((slot, key, slot.rows.get(key, _ABSENT)))
        slot.rows[key] = None
        if slot.dirty is not None:
            slot.dirty.add(key)

    # What follows is for the projector, not for projections.

    def rollback_event(self) -> None:
        """Restore the rows that the event replaced; they stay marked for writing."""
        for slot, key, before in reversed(self.undo):
            if isinstance(before, _Absent):
                del slot.rows[key]
                if slot.dirty is not None:
                    slot.dirty.discard(key)
            else:
                slot.rows[key] = before
        self.undo.clear()
        self.texts_suspect = False

    def missing(self, wanted: Iterable[tuple[type[Row], Key]]) -> dict[type[Row], set[Key]]:
        """Return the wanted keys whose rows have to be loaded."""
        missing: dict[type[Row], set[Key]] = {}
        for row_type, key in wanted:
            slot = self._slots[row_type]
            if not slot.complete and key not in slot.rows:
                missing.setdefault(row_type, set()).add(key)
        return missing

    def add_loaded(self, row_type: type[Row], keys: Iterable[Key], rows: Iterable[Row]) -> None:
        """Take rows from the database; keys without a row are noted as absent."""
        slot = self._slots[row_type]
        slot.rows.update(dict.fromkeys(keys))
        key_of = slot.table.key_of
        for row in rows:
            slot.rows[key_of(row)] = row

    def assume_empty(self) -> None:
        """The tables are empty: whatever is not in memory does not exist, until rows are evicted."""
        for slot in self._slots.values():
            slot.complete, slot.dirty = True, None

    @property
    def all_in_memory(self) -> bool:
        """Return if no key can be missing, so that a batch needs no query before it."""
        return all(slot.complete for slot in self._slots.values())

    @property
    def largest_table(self) -> int:
        """Rows in memory of the table that has most."""
        return max((len(slot.rows) for slot in self._slots.values()), default=0)

    def changes(self) -> list[tuple[type[Row], list[Row], list[Key]]]:
        """Per table what has to be written: rows to insert or replace, keys to delete. Sorted by key, so that
        two writers meet rows in one order; a table that was empty has no second writer."""
        found: list[tuple[type[Row], list[Row], list[Key]]] = []
        for row_type, slot in self._slots.items():
            keys: list[Key] = []
            if slot.dirty is None:
                rows = [row for row in slot.rows.values() if row is not None]
            else:
                ordered = sorted(slot.dirty)
                rows = [row for key in ordered if (row := slot.rows[key]) is not None]
                keys = [key for key in ordered if slot.rows[key] is None]
            if rows or keys:
                found.append((row_type, rows, keys))
        return found

    def mark_written(self, limit: int) -> None:
        """The changes are in the database. Keep at most ``limit`` rows a table: rather those that were just
        written, and of these the ones that came last."""
        for slot in self._slots.values():
            excess = len(slot.rows) - limit
            if excess > 0:
                slot.complete = False
                fresh = slot.rows if slot.dirty is None else slot.dirty
                evicted = [key for key in slot.rows if key not in fresh][:excess]
                for key in evicted:
                    del slot.rows[key]
                for key in list(slot.rows)[: excess - len(evicted)]:
                    del slot.rows[key]
            slot.dirty = set()

    def clear(self) -> None:
        """Forget everything: the next batch reads the database again."""
        for slot in self._slots.values():
            slot.rows.clear()
            slot.dirty = set()
            slot.complete = False
        self.undo.clear()

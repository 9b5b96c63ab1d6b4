"""Write-back cache of the rows that a batch of events reads and writes, loaded by one query and stored by one write.

`project` sees only the cache. An event is applied as a whole or not at all: the rows that it had put before it failed
are restored, so that a parked stream leaves no partly applied row.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, TypeVar

from encours.projection.rows import Key, Row, Table, table_of

R = TypeVar("R", bound=Row)


class CacheMiss(BaseException):
    """`project` reads a row that is not in memory: load it and apply the event again.

    A ``BaseException``, so that an ``except Exception`` inside a projection cannot swallow it.
    """

    def __init__(self, row_type: type[Row], key: Key) -> None:
        super().__init__(row_type.TABLE, key)
        self.row_type = row_type
        self.key = key


class _Absent:
    """Mark of a key that is not in the cache; None marks a row that does not exist."""


_ABSENT = _Absent()


class _CachedTable:
    """Cached rows of one table. ``None`` stands for a row that does not exist."""

    __slots__ = ("check", "complete", "dirty", "key_of", "rows", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.key_of, self.check = table.key_of, table.check_numbers
        self.rows: dict[Key, Any] = {}
        self.dirty: set[Key] | None = set()
        """Keys to write; None until the first write, which writes all."""
        self.complete = False  # all rows of the table are in memory; other keys do not exist


class RowCache:
    """Rows by type and key. ``get`` returns a copy; ``put`` stores a change."""

    __slots__ = ("_tables", "texts_suspect", "undo")

    def __init__(self, row_types: Iterable[type[Row]]) -> None:
        self._tables: dict[type[Row], _CachedTable] = {
            row_type: _CachedTable(table_of(row_type)) for row_type in row_types
        }
        self.undo: list[tuple[_CachedTable, Key, Row | _Absent | None]] = []
        """Rows that the current event replaced; cleared when the event is applied."""
        self.texts_suspect = False

    def get(self, row_type: type[R], *key: object) -> R | None:
        """Return the row, or None if it does not exist."""
        cached = self._tables[row_type]
        try:
            row = cached.rows[key]
        except KeyError:
            if cached.complete:
                return None
            raise CacheMiss(row_type, key) from None
        return None if row is None else row.__copy__()

    def put(self, row: Row) -> None:
        """Insert or replace a row. Raises ``ValueError`` for a value that its column cannot hold."""
        cached = self._tables[type(row)]
        try:
            cached.check(row)
        except struct.error as error:
            raise ValueError(
                f"{cached.table.name}: a number does not fit into 64 bits or is none ({error})"
            ) from None
        if self.texts_suspect:
            cached.table.check_texts(row)
        key, rows = cached.key_of(row), cached.rows
        self.undo.append((cached, key, rows.get(key, _ABSENT)))
        rows[key] = row
        if cached.dirty is not None:
            cached.dirty.add(key)

    def drop(self, row_type: type[Row], *key: object) -> None:
        """Delete a row if it exists."""
        cached = self._tables[row_type]
        self.undo.append((cached, key, cached.rows.get(key, _ABSENT)))
        cached.rows[key] = None
        if cached.dirty is not None:
            cached.dirty.add(key)

    # For the projector, not for projections:

    def rollback_event(self) -> None:
        """Restore the rows that the event replaced; they stay marked for writing."""
        for cached, key, before in reversed(self.undo):
            if isinstance(before, _Absent):
                del cached.rows[key]
                if cached.dirty is not None:
                    cached.dirty.discard(key)
            else:
                cached.rows[key] = before
        self.undo.clear()
        self.texts_suspect = False

    def missing(self, wanted: Iterable[tuple[type[Row], Key]]) -> dict[type[Row], set[Key]]:
        """Return the wanted keys whose rows have to be loaded."""
        missing: dict[type[Row], set[Key]] = {}
        for row_type, key in wanted:
            cached = self._tables[row_type]
            if not cached.complete and key not in cached.rows:
                missing.setdefault(row_type, set()).add(key)
        return missing

    def add_loaded(self, row_type: type[Row], keys: Iterable[Key], rows: Iterable[Row]) -> None:
        """Add rows of the database; the other keys have no row."""
        cached = self._tables[row_type]
        cached.rows.update(dict.fromkeys(keys))
        key_of = cached.table.key_of
        for row in rows:
            cached.rows[key_of(row)] = row

    def assume_empty(self) -> None:
        """Treat the tables as empty: a row that is not in memory does not exist, until rows are evicted."""
        for row_type, cached in self._tables.items():
            cached.complete, cached.dirty = not row_type.FINAL, None

    @property
    def all_in_memory(self) -> bool:
        """True if no row that events read can be missing, so that a batch needs no query before it."""
        return all(cached.complete or row_type.FINAL for row_type, cached in self._tables.items())

    @property
    def largest_table(self) -> int:
        """Number of cached rows of the largest table."""
        return max((len(cached.rows) for cached in self._tables.values()), default=0)

    def take_final(self, least: int) -> list[tuple[type[Row], list[Row]]]:
        """Return, and forget, the rows to insert of each table of ``FINAL`` rows that has ``least`` of them."""
        found: list[tuple[type[Row], list[Row]]] = []
        for row_type, cached in self._tables.items():
            if row_type.FINAL and len(cached.rows) >= least:
                found.append((row_type, list(cached.rows.values())))
                cached.rows = {}
                cached.dirty = None if cached.dirty is None else set()
        return found

    def changes(self) -> list[tuple[type[Row], list[Row], list[Key]]]:
        """Return the changes per table: rows to insert or replace, keys to delete. They are sorted by key, so that two
        writers lock rows in one order; a table that was empty has no second writer."""
        found: list[tuple[type[Row], list[Row], list[Key]]] = []
        for row_type, cached in self._tables.items():
            keys: list[Key] = []
            if cached.dirty is None:
                rows = [row for row in cached.rows.values() if row is not None]
            else:
                ordered = sorted(cached.dirty)
                rows = [row for key in ordered if (row := cached.rows[key]) is not None]
                keys = [key for key in ordered if cached.rows[key] is None]
            if rows or keys:
                found.append((row_type, rows, keys))
        return found

    def mark_written(self, limit: int) -> None:
        """Mark the changes as written, and keep at most ``limit`` rows per table, preferably the last ones written."""
        for cached in self._tables.values():
            excess = len(cached.rows) - limit
            if excess > 0:
                cached.complete = False
                fresh = cached.rows if cached.dirty is None else cached.dirty
                evicted = [key for key in cached.rows if key not in fresh][:excess]
                for key in evicted:
                    del cached.rows[key]
                for key in list(cached.rows)[: excess - len(evicted)]:
                    del cached.rows[key]
            cached.dirty = set()

    def clear(self) -> None:
        """Drop all rows: the next batch reads the database again."""
        for cached in self._tables.values():
            cached.rows.clear()
            cached.dirty = set()
            cached.complete = False
        self.undo.clear()

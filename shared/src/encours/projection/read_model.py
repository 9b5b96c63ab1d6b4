"""Interface of read models: rows, event types, a pure `project`, and optionally a reactor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from asyncpg import Connection
from asyncpg.pool import PoolConnectionProxy

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row

Conn = Connection | PoolConnectionProxy
"""Connection, single or of a pool."""
DAY_OPENED = DayOpened.TYPE


class ReadModel(ABC):
    """State folded from the events of one ledger, kept in tables of its own.

    Raise ``version`` with every change of the rows or of `project`: workers then rebuild the model from the ledger at
    their next start. ``applies`` are the types of the events that `project` gets; ``ignores`` are those that it does
    not need and that only move its position. Together they are all contracts, so that no new type can be forgotten
    (``tests/architecture/test_read_models.py``).
    """

    name: str
    version: int
    rows: tuple[type[Row], ...]
    applies: frozenset[str]
    ignores: frozenset[str]

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Return the rows that `project` reads. They are fetched with one query per table and batch; a row that is not
        named here costs a query of its own."""
        return ()

    @abstractmethod
    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event. Pure: no clock, no I/O, no state but `rows`. An exception parks the event's stream."""

    def on_left_out(self, streams: Iterable[str], rows: RowCache) -> None:  # noqa: B027 - optional on purpose
        """Prepare for streams whose first event was set aside, before the first event of a rebuild. Pure."""

    async def on_days_opened(self, conn: Conn, schema: str, days: list[date]) -> None:  # noqa: B027 - optional on purpose
        """Daily step: one set-based change of all rows after a batch with ``calendar.day_opened``, in its transaction.

        ``days`` are the days that were opened since the last call, in order; a rebuild calls it once with all of
        them, and the content must come out the same.
        """


class Sum(NamedTuple):
    """Table that a rebuild fills with sums."""

    row_type: type[Row]
    query: str
    """SQL that gives the columns of the table in order, and null for one that is never null where a row lacks what it
    refers to. The rows of a ``created`` table, without amounts, stand in ``<table>_created``. Meanwhile the schema has
    the aggregate ``total(bigint)``, a faster sum of numbers of 64 bits."""
    of_entries: str | None = None
    """Query over the entries alone whose rows ``query`` finds in ``<table>_summed``: it runs while earlier tables are
    filled."""


class MappedModel(ReadModel):
    """Read model that a rebuild maps and sums, several times faster than it folds events.

    Each event is mapped to new rows by itself, these rows are copied into their tables, and PostgreSQL sums the other
    tables from them. No row is looked up, changed or held in memory. `project` and the sums lead to the same
    content in two ways, which the content hash compares. A history that cannot be mapped (an event fails or a database
    constraint refuses a row) is folded instead, which parks the stream of the event.
    """

    entry: type[Row]
    """Table of the entries that events make, which are never changed. Its first columns and its key are the
    ``position`` of the event and the ``line`` of the entry in it, from 0; the others bear the names of attributes of
    the entries."""
    created: tuple[type[Row], ...]
    """Tables whose rows an event creates without their amounts, which are summed up in the end."""
    creating: frozenset[str]
    """Types whose events create such rows."""
    ordered: frozenset[str]
    """Types whose events depend on earlier ones. `project` applies them in a rebuild too; they touch neither
    entries nor ``created`` rows, nor any that is summed."""

    @abstractmethod
    def entries_of(self, kind: str) -> Callable[[Recorded, Any], Iterable[object]]:
        """Return the function that makes the entries of an event of a type, from it and its payload alone. Pure.

        In a rebuild neither it nor :meth:`creates` nor `project` receives the stream of the event, its version in it,
        or who recorded it, when and why.
        """

    @abstractmethod
    def creates(self, e: Recorded) -> Iterable[Row]:
        """Return the rows of ``created`` tables that the event makes, from itself alone. Pure."""

    @abstractmethod
    def sums(self, schema: str) -> Sequence[Sum]:
        """Tables of ``schema`` to fill, in this order."""


class Reactor(ABC):
    """Reaction of a service to an event, with the read model exactly at that event."""

    types: frozenset[str]

    @abstractmethod
    async def react(self, e: Recorded) -> None:
        """React to the event. Called again after a crash or an exception, so it must be idempotent: derive command ids
        from ``e``. The read model waits until it returns. Not called in a rebuild, nor for positions up to the
        ledger's ``effects_from``."""


def has_daily_step(model: ReadModel) -> bool:
    """Return true if the model has a daily step and so reads the opening of days even when `project` does not."""
    return type(model).on_days_opened is not ReadModel.on_days_opened

"""Rows that an event presupposes."""

from __future__ import annotations

from typing import TypeVar

from encours.contracts import Recorded
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row

R = TypeVar("R", bound=Row)


def known(row_type: type[R], e: Recorded, rows: RowCache, *key: str | int) -> R:
    """Return the row of the event's stream, or of a key. Raises ``LookupError``, which parks the stream."""
    row = rows.get(row_type, *(key or (e.stream,)))
    if row is None:
        raise LookupError(
            f"{e.type} at {e.position}: no {row_type.TABLE} {', '.join(map(str, key)) or e.stream} is known"
        )
    return row

"""Access to rows, and to columns with several entries.

Positions of events are numbers in one text column, separated by blanks, oldest first.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from encours.projection.read_model import Conn
from encours.projection.rows import Row, table_of

R = TypeVar("R", bound=Row)


class Rows(Protocol):
    """Interface of the rows that events are projected into: the batch of a subscription, or a dictionary."""

    def get(self, row: type[R], *key: Any) -> R | None: ...
    def put(self, row: Row) -> None: ...


async def select(conn: Conn, schema: str, kind: type[R], where: str, *args: object) -> list[R]:
    """Return rows of a table. ``where`` is SQL after ``from``, with its own ``where`` or ``order by``."""
    table = table_of(kind)
    records = await conn.fetch(f"select {table.plain} from {schema}.{table.name} {where}", *args)
    return [kind(**dict(zip(table.names, record, strict=True))) for record in records]


def existing(rows: Rows, kind: type[R], *key: Any) -> R:
    """Return a row that an earlier event created. Raises ``LookupError`` if not, which parks the stream."""
    row = rows.get(kind, *key)
    if row is None:
        raise LookupError(f"no {kind.TABLE} {key}")
    return row


def positions(text: str) -> tuple[int, ...]:
    """Return the entries of a column of positions."""
    return tuple(int(number) for number in text.split())


def with_position(text: str, position: int) -> str:
    """Return a column of positions with the position appended, unless it is the last entry already."""
    last = text.rpartition(" ")[2]
    return text if last == str(position) else f"{text} {position}".lstrip()


def with_steps(steps: list[str], *more: str) -> list[str]:
    """Return the steps with others appended, without duplicates."""
    return list(dict.fromkeys((*steps, *more)))

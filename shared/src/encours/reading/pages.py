"""Keyset pages: the order of a list, the condition of a cursor, and the cursor itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from encours.kernel.errors import Refusal

MAX_CURSOR = 2_000
Scalar = str | int | bool | date | datetime | None


class MalformedCursor(Refusal):
    """Not a cursor of this list (400)."""

    code = "malformed-cursor"
    title = "Cursor is not valid"
    status = 400
    remedy = (
        "Send next_cursor exactly as it was answered, with the same filters and sort; or none to begin again."
    )

    def __init__(self) -> None:
        super().__init__(self.remedy)


@dataclass(frozen=True, slots=True)
class Page:
    """Page of a list in one order. ``columns`` end with the unique key, so that the order is total."""

    limit: int
    columns: tuple[str, ...]
    descending: bool
    nullable: bool
    last: tuple[Scalar, ...] | None
    check: str

    @property
    def fetch(self) -> int:
        """Number of rows to select: one more than the page has, which shows that another page follows."""
        return self.limit + 1

    def order_by(self) -> str:
        """Return ``order by due_on desc, id desc``. Columns come from a list of allowed ones, not from callers."""
        end = " nulls last" if self.nullable else ""
        return "order by " + ", ".join(
            f"{column}{' desc' if self.descending else ''}{end}" for column in self.columns
        )

    def after(self, first_argument: int = 1) -> tuple[str, list[Scalar]]:
        """Return the condition for the rows behind the cursor, and its arguments from ``$first_argument`` on."""
        if self.last is None:
            return "true", []
        sign = "<" if self.descending else ">"
        if not self.nullable:
            # A row comparison is what an index on these columns answers without reading what lies before.
            marks = ", ".join(f"${first_argument + n}" for n in range(len(self.columns)))
            return f"({', '.join(self.columns)}) {sign} ({marks})", list(self.last)
        column, key = self.columns[0], self.columns[-1]
        value, last_key = self.last[0], self.last[-1]
        if value is None:
            return f"({column} is null and {key} {sign} ${first_argument})", [last_key]
        behind = f"{column} {sign} ${first_argument} or {column} is null"
        return f"({behind} or ({column} = ${first_argument} and {key} {sign} ${first_argument + 1}))", [
            value,
            last_key,
        ]

    def of_rows(self, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return a page of rows in memory whose columns are never null, and one more if another page follows."""
        ordered = sorted(rows, key=self.key, reverse=self.descending)
        if self.last is not None:
            last = self.last
            ordered = [
                row for row in ordered if (self.key(row) < last if self.descending else self.key(row) > last)
            ]
        return ordered[: self.fetch]

    def key(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of the columns, by which rows are in order."""
        return tuple(row[column.rpartition(".")[2]] for column in self.columns)

    def body(self, rows: Sequence[Any], item: Callable[[Any], Any]) -> dict[str, Any]:
        """Return ``{"data", "next_cursor"}`` of the fetched rows; ``item`` gives the JSON form of a row."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return {"data": [item(row) for row in shown], "next_cursor": self.cursor(shown[-1]) if more else None}

    def cursor(self, row: Mapping[str, Any]) -> str:
        """Return the cursor that continues after a row."""
        key = [_to_json(value) for value in self.key(row)]
        raw = msgspec.json.encode([self.check, *key])
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _to_json(value: Scalar) -> Any:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return value


def _from_json(value: Any) -> Scalar:
    match value:
        case {"d": str(day)}:
            return date.fromisoformat(day)
        case {"t": str(instant)}:
            return datetime.fromisoformat(instant)
        case str() if "\x00" not in value:
            return value
        case bool() | None:
            return value
        case int() if -(2**63) <= value < 2**63:
            return value
        case _:
            raise ValueError("not a key")


def read_cursor(text: str, check: str, columns: int) -> tuple[Scalar, ...]:
    if len(text) > MAX_CURSOR:
        raise MalformedCursor
    try:
        values = msgspec.json.decode(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
        if not isinstance(values, list) or values[:1] != [check] or len(values) != columns + 1:
            raise MalformedCursor
        return tuple(_from_json(value) for value in values[1:])
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        raise MalformedCursor from None

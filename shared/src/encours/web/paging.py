"""Lists: ``limit``, an opaque ``cursor``, ``sort``. Keyset paging, so that no page is skipped or shown twice while rows
come and go, and page 1,000 costs what page 1 costs.

    PAGE = paging("due_on", "number", default="due_on", key="id")

    async def list_invoices(q: …, page: Annotated[Page, PAGE]) -> Response:
        where, arguments = page.after(first_argument=2)
        rows = await view.conn.fetch(f"select … where customer = $1 and {where} {page.order_by()} limit {page.fetch}")
        return q.respond(page.body(rows, item) | view.echo())
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import msgspec
from fastapi import Depends
from pydantic import BaseModel, Field
from starlette.requests import Request

from encours.kernel.errors import DomainError
from encours.web.parameters import malformed, whole_parameter
from encours.web.surface import Surface, query

MAX_LIMIT = 500
DEFAULT_LIMIT = 100
_MAX_CURSOR = 2_000

T = TypeVar("T")
Scalar = str | int | bool | date | datetime | None


class Listing(BaseModel, Generic[T]):
    """One page of a list."""

    data: list[T]
    next_cursor: str | None = Field(
        description="Send it as `cursor` for the next page; null on the last one."
    )


class MalformedCursor(DomainError):
    """Not a cursor of this list (400)."""

    def __init__(self) -> None:
        super().__init__(
            "malformed-cursor",
            "Send next_cursor exactly as it was answered, with the same filters and sort; or none to begin again.",
            title="The cursor is not one of ours",
            status=400,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, in one order. ``columns`` end with the unique key, so that the order is total."""

    limit: int
    columns: tuple[str, ...]
    descending: bool
    nullable: bool
    last: tuple[Scalar, ...] | None
    check: str

    @property
    def fetch(self) -> int:
        """Rows to select: one more than the page, which tells whether another page follows."""
        return self.limit + 1

    def order_by(self) -> str:
        """``order by due_on desc, id desc``. Columns come from the list of allowed ones, never from the caller."""
        end = " nulls last" if self.nullable else ""
        return "order by " + ", ".join(
            f"{column}{' desc' if self.descending else ''}{end}" for column in self.columns
        )

    def after(self, first_argument: int = 1) -> tuple[str, list[Scalar]]:
        """A condition for the rows behind the cursor, and its arguments from ``$first_argument`` on."""
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

    def body(self, rows: Sequence[Any], item: Callable[[Any], Any]) -> dict[str, Any]:
        """``{"data", "next_cursor"}`` of the fetched rows, each turned into its JSON form by ``item``."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return {"data": [item(row) for row in shown], "next_cursor": self.cursor(shown[-1]) if more else None}

    def cursor(self, row: Mapping[str, Any]) -> str:
        """The mark of a row as ``next_cursor``."""
        key = [_to_json(row[column.rpartition(".")[2]]) for column in self.columns]
        raw = msgspec.json.encode([self.check, *key])
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _check(request: Request, sort: str) -> str:
    """Ties a cursor to its list, filters and order: elsewhere it would silently show the wrong rows."""
    filters = sorted(
        (k, v)
        for k, v in request.query_params.multi_items()
        if k not in {"cursor", "limit", "min_position", "sort"}
    )
    return hashlib.sha256(repr((request.scope["path"], sort, filters)).encode()).hexdigest()[:12]


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


def _read_cursor(text: str, check: str, columns: int) -> tuple[Scalar, ...]:
    if len(text) > _MAX_CURSOR:
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


class _MakePage:
    """The dependency behind :func:`paging`."""

    def __init__(self, allowed: Mapping[str, str], default: str, key: str, nullable: frozenset[str]) -> None:
        self._allowed = allowed
        self._nullable = nullable
        self._default = default
        self._key = key
        orders = [sign + name for name in allowed for sign in ("", "-")]
        self.surface = Surface(
            (
                query(
                    "limit",
                    "Items on a page.",
                    type="integer",
                    minimum=1,
                    maximum=MAX_LIMIT,
                    default=DEFAULT_LIMIT,
                ),
                query("cursor", "next_cursor of the page before.", maxLength=_MAX_CURSOR),
                query("sort", "The order; a minus turns it around.", enum=orders, default=default),
            ),
            statuses=frozenset({400}),
        )

    async def __call__(self, request: Request) -> Page:
        limit = whole_parameter(request, "limit", default=DEFAULT_LIMIT, low=1, high=MAX_LIMIT)
        sort = request.query_params.get("sort") or self._default
        name, down = sort.removeprefix("-"), sort.startswith("-")
        column = self._allowed.get(name)
        if column is None:
            raise malformed(
                "sort",
                f"Sort by one of {', '.join(self._allowed)}; put a minus before it to turn the order around.",
            )
        columns = (column,) if column == self._key else (column, self._key)
        check = _check(request, sort)
        text = request.query_params.get("cursor")
        last = None if text is None else _read_cursor(text, check, len(columns))
        nullable = name in self._nullable
        if last is not None and None in (last[1:] if nullable else last):
            raise MalformedCursor
        return Page(limit, columns, down, nullable, last, check)


def paging(
    *names: str,
    default: str,
    key: str = "id",
    columns: Mapping[str, str] | None = None,
    nullable: tuple[str, ...] = (),
) -> Any:
    """The dependency for a list that can be sorted by ``names``; ``key`` is its unique column, never null.

    ``columns`` gives the SQL column of a name where the two differ; ``nullable`` are names whose column may be null.
    """
    allowed = {name: (columns or {}).get(name, name) for name in names}
    return Depends(_MakePage(allowed, default, key, frozenset(nullable)))

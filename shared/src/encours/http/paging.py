"""Lists: ``limit``, an opaque ``cursor``, ``sort``. Keyset paging, so that no page is skipped or shown twice while rows
come and go, and page 1,000 costs what page 1 costs.

    PAGE = paging("due_on", "number", default="due_on", key="id")

    async def list_invoices(q: …, page: Annotated[Page, PAGE]) -> Response:
        async with q.view("invoices") as view:
            rows = await query.invoices(view, page, wanted)        # read_models/invoices/query.py, see ViewWhere
            return q.respond(page.body(rows, InvoiceItem.of) | view.echo())
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field
from starlette.requests import Request

from encours.http.context import context
from encours.http.parameters import malformed, whole_parameter
from encours.http.surface import Surface, query
from encours.reading.pages import MAX_CURSOR, MalformedCursor, Page, read_cursor

MAX_LIMIT = 500
DEFAULT_LIMIT = 100

T = TypeVar("T")


class Listing(BaseModel, Generic[T]):
    """One page of a list."""

    data: list[T]
    next_cursor: str | None = Field(
        description="Send it as `cursor` for the next page; null on the last one."
    )


def _check(request: Request, sort: str) -> str:
    """Ties a cursor to its ledger, list, filters and order: elsewhere it would silently show the wrong rows."""
    filters = sorted(
        (k, v)
        for k, v in request.query_params.multi_items()
        if k not in {"cursor", "fresh", "limit", "min_position", "sort"}
    )
    return hashlib.sha256(
        repr((context(request).ledger, request.scope["path"], sort, filters)).encode()
    ).hexdigest()[:12]


class _MakePage:
    """The dependency behind :func:`paging`."""

    def __init__(
        self,
        allowed: Mapping[str, str],
        default: str,
        key: str,
        nullable: frozenset[str],
        searched: str | None,
    ) -> None:
        self._allowed = allowed
        self._searched = searched
        self._nullable = nullable
        self._default = default
        self._key = key
        sorting = "The order; a minus turns it around."
        if searched is not None:
            sorting += f" If not given: `{searched}` with `q`, else `{default}`."
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
                query("cursor", "next_cursor of the page before.", maxLength=MAX_CURSOR),
                query("sort", sorting, enum=orders, **({} if searched else {"default": default})),
            ),
            statuses=frozenset({400}),
        )

    async def __call__(self, request: Request) -> Page:
        limit = whole_parameter(request, "limit", default=DEFAULT_LIMIT, low=1, high=MAX_LIMIT)
        sort = request.query_params.get("sort") or self._usual(request)
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
        last = None if text is None else read_cursor(text, check, len(columns))
        nullable = name in self._nullable
        if last is not None and None in (last[1:] if nullable else last):
            raise MalformedCursor
        return Page(limit, columns, down, nullable, last, check)

    def _usual(self, request: Request) -> str:
        return self._searched if self._searched and request.query_params.get("q") else self._default


def paging(
    *names: str,
    default: str,
    key: str = "id",
    columns: Mapping[str, str] | None = None,
    nullable: tuple[str, ...] = (),
    searched: str | None = None,
) -> Any:
    """The dependency for a list that can be sorted by ``names``; ``key`` is its unique column, never null.

    ``columns`` gives the SQL column of a name where the two differ; ``nullable`` are names whose column may be null.
    ``searched`` is the order of a request with ``q`` that asks for none.
    """
    allowed = {name: (columns or {}).get(name, name) for name in names}
    return _MakePage(allowed, default, key, frozenset(nullable), searched)


class _MakeFixedPage:
    """The dependency behind :func:`paging_in_order`."""

    def __init__(self, columns: tuple[str, ...], limit: int, of: str) -> None:
        self._columns = columns
        self._limit = limit
        cursor = query("cursor", f"next_cursor of the page before: {of} behind it.", maxLength=MAX_CURSOR)
        self.surface = Surface((cursor,), statuses=frozenset({400}))

    async def __call__(self, request: Request) -> Page:
        check, text = _check(request, ""), request.query_params.get("cursor")
        last = None if text is None else read_cursor(text, check, len(self._columns))
        if last is not None and None in last:
            raise MalformedCursor
        return Page(self._limit, self._columns, False, False, last, check)


def paging_in_order(*columns: str, limit: int, of: str) -> Any:
    """The dependency for a list within an answer that has one order and so many items on a page.

    ``columns`` end with the unique one; none is ever null. ``of``: the items, in the plural.
    """
    return _MakeFixedPage(columns, limit, of)

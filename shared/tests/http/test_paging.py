"""Cursors: opaque, bound to their list, and never a way in."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from encours.http.context import SCOPE_KEY, RequestContext
from encours.http.paging import MAX_LIMIT, paging
from encours.kernel.errors import DomainError
from encours.reading.pages import MalformedCursor, Page

PAGE = paging(
    "due_on", "number", default="due_on", key="id", columns={"number": "invoice.number"}, nullable=("due_on",)
)


async def page(**query: Any) -> Page:
    asked = RequestContext("req_1", "00-1-1-01", sent={}, body_max_bytes=0, content_length=0)
    asked.ledger = query.pop("of", "demo")
    scope = {"type": "http", "path": "/v1/things", "query_string": urlencode(query).encode(), "headers": []}
    request = Request(scope | {SCOPE_KEY: asked})
    made: Page = await PAGE(request)
    return made


ROW = {"due_on": date(2026, 3, 31), "number": "FAC-1", "id": "inv_1"}


async def test_a_cursor_stands_for_the_last_row_shown() -> None:
    first = await page(limit=1, customer="a")
    body = first.body([ROW, ROW], dict)
    assert body["data"] == [ROW]
    second = await page(limit=1, customer="a", cursor=body["next_cursor"])
    assert second.last == (date(2026, 3, 31), "inv_1")
    assert second.after(first_argument=3) == (
        "(due_on > $3 or due_on is null or (due_on = $3 and id > $4))", [date(2026, 3, 31), "inv_1"],
    )  # fmt: skip


async def test_the_last_page_has_no_cursor() -> None:
    assert (await page(limit=1)).body([ROW], dict)["next_cursor"] is None


async def test_a_minus_turns_the_order_around() -> None:
    chosen = await page(sort="-number")
    assert chosen.order_by() == "order by invoice.number desc, id desc"
    cursor = chosen.cursor(ROW)
    assert (await page(sort="-number", cursor=cursor)).after() == (
        "(invoice.number, id) < ($1, $2)",
        ["FAC-1", "inv_1"],
    )


async def test_a_cursor_of_another_ledger_list_order_or_filter_is_refused() -> None:
    cursor = (await page(customer="a")).cursor(ROW)
    await page(customer="a", cursor=cursor, limit=7)
    for other in (
        {"customer": "b"},
        {},
        {"customer": "a", "sort": "-due_on"},
        {"customer": "a", "of": "main"},
    ):
        with pytest.raises(MalformedCursor):
            await page(**other, cursor=cursor)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
async def test_no_text_but_ours_is_a_cursor(text: str) -> None:
    with pytest.raises(MalformedCursor):
        await page(cursor=text)


@pytest.mark.parametrize("value", [1.5, {"d": "x"}, {"d": "2026-02-30"}, [1], "\x00", 2**63, {"t": "soon"}])
async def test_a_forged_key_is_refused(value: object) -> None:
    check = (await page()).check
    forged = base64.urlsafe_b64encode(msgspec.json.encode([check, value, "inv_1"])).decode()
    with pytest.raises(MalformedCursor):
        await page(cursor=forged)


@pytest.mark.parametrize(("sort", "values"), [("number", [None, "inv_1"]), ("due_on", ["a", None])])
async def test_a_forged_null_is_refused_where_there_can_be_none(sort: str, values: list[object]) -> None:
    check = (await page(sort=sort)).check
    forged = base64.urlsafe_b64encode(msgspec.json.encode([check, *values])).decode()
    with pytest.raises(MalformedCursor):
        await page(sort=sort, cursor=forged)


@pytest.mark.parametrize("value", [date(2026, 1, 1), datetime(2026, 1, 1, 5, tzinfo=UTC), "a", 7, True, None])
async def test_every_kind_of_key_survives(value: object) -> None:
    first = await page()
    cursor = first.cursor({"due_on": value, "id": "inv_1"})
    assert (await page(cursor=cursor)).last == (value, "inv_1")


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": str(MAX_LIMIT + 1)}, {"limit": "x"}, {"limit": "-1"}, {"sort": "id; drop"}],
)
async def test_limits_and_orders_are_bounded(query: dict[str, str]) -> None:
    with pytest.raises(DomainError) as refused:
        await page(**query)
    assert (refused.value.status, refused.value.code) == (400, "malformed-parameter")

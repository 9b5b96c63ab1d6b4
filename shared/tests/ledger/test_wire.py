"""An append becomes arrays: aligned, payloads cut where their number goes, faults found before anything is sent."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts import encode
from encours.contracts.events import calendar
from encours.kernel.errors import Invalid
from encours.kernel.ids import uuid7
from encours.ledger import Append, Guard, NewEvent, NumberStep, RawEvent
from encours.ledger.appending.wire import MAX_EVENTS, Prepared, arguments, split_at_number

DAY = date(2026, 3, 31)
STEP = NumberStep("ent_a", "FAC", 2026, "FAC-", 5)
POSITION_OF = {
    "c_id": 2, "c_count": 5, "e_stream": 6, "e_type": 8, "e_entity": 10, "e_data": 13, "e_actor": 14, "e_reason": 15,
    "g_append": 19, "g_stream": 20, "n_code": 22, "n_tail": 26,
}  # fmt: skip


def new(stream: str, *, data: bytes = b'{"number":""}', number: NumberStep | None = None) -> NewEvent:
    return NewEvent(stream, 1, RawEvent("invoice.issued", 1, data), "ent_a", DAY, uuid7(), number)


def prepared(*events: NewEvent, **more: Any) -> Prepared:
    append = Append(
        ledger="books", command_id=uuid7(), fingerprint=b"f", events=events, actor="key:a", **more
    )
    return Prepared(append, 1, asyncio.new_event_loop())


def columns(*batch: Prepared) -> dict[str, list[Any]]:
    sent = arguments(1, None, batch)
    assert len(sent) == 27
    return {name: taken_apart(sent[position]) for name, position in POSITION_OF.items()}


def taken_apart(column: Any) -> list[Any]:
    """As the server takes apart what comes in one text, or as null."""
    if column is None:
        return []
    if not isinstance(column, str):
        return list(column)
    if column.startswith("{"):
        return [int(part) if part.isdigit() else part for part in column[1:-1].split(",") if part]
    return column.split("\x1f")[1:]


def test_columns_are_aligned_with_the_events_of_all_appends_in_order() -> None:
    sent = columns(prepared(new("a"), new("b")), prepared(), prepared(new("c"), reason="because"))
    assert sent["c_count"] == [2, 0, 1]
    assert sent["e_stream"] == ["a", "b", "c"]
    assert sent["e_actor"] == ["key:a"] * 3
    assert sent["e_reason"] == [None, None, "because"]
    assert len(sent["c_id"]) == 3


def test_a_column_without_a_value_is_sent_as_null() -> None:
    sent = columns(prepared(new("a")), prepared(new("b")))
    assert sent["e_reason"] == sent["n_code"] == sent["g_append"] == []


def test_a_batch_of_commands_without_events_has_empty_columns() -> None:
    sent = columns(prepared(guards=(Guard("a", 3),)))
    assert sent["c_count"] == [0]
    assert sent["e_stream"] == sent["n_tail"] == []
    assert (sent["g_append"], sent["g_stream"]) == ([1], ["a"])


def test_guards_name_their_append_by_its_place() -> None:
    sent = columns(prepared(new("a")), prepared(new("b"), guards=(Guard("x", 1), Guard("y", 0))))
    assert list(zip(sent["g_append"], sent["g_stream"], strict=True)) == [(2, "x"), (2, "y")]


def test_an_event_that_takes_a_number_is_cut_and_the_others_are_whole() -> None:
    sent = columns(prepared(new("a", number=STEP), new("b")))
    assert sent["n_code"] == ["FAC", None]
    assert sent["e_data"] == [b'{"number":"', b'{"number":""}']
    assert sent["n_tail"] == [b'"}', None]


def test_contracts_are_sent_as_their_canonical_bytes() -> None:
    event = calendar.DayOpened(day=DAY, late=True)
    sent = columns(prepared(NewEvent("calendar", 1, event, "", DAY, uuid7())))
    assert sent["e_type"] == ["calendar.day_opened"]
    assert sent["e_data"] == [encode(event)]


@settings(deadline=None)
@given(st.text(), st.text(), st.text(alphabet="ABC-0123456789", min_size=1, max_size=20))
def test_the_number_lands_in_its_field_whatever_the_other_fields_hold(
    before: str, after: str, number: str
) -> None:
    data = msgspec.json.encode({"a": before, "number": "", "z": after})
    head, tail = split_at_number("invoice.issued", data)
    assert msgspec.json.decode(head + number.encode() + tail) == {"a": before, "number": number, "z": after}


def test_a_text_that_looks_like_the_field_is_not_mistaken_for_it() -> None:
    data = msgspec.json.encode({"a": '"number":""', "number": ""})
    head, tail = split_at_number("invoice.issued", data)
    assert msgspec.json.decode(head + b"7" + tail) == {"a": '"number":""', "number": "7"}


def test_a_number_belongs_to_the_entity_of_its_event() -> None:
    with pytest.raises(ValueError, match="ent_b"):
        prepared(new("a", number=NumberStep("ent_b", "FAC", 2026, "FAC-", 5)))


def test_a_command_has_a_bounded_number_of_events() -> None:
    with pytest.raises(Invalid):
        prepared(*[new("a")] * (MAX_EVENTS + 1))


def test_a_text_that_is_empty_is_not_taken_for_none() -> None:
    sent = columns(
        prepared(NewEvent("calendar", 1, calendar.DayOpened(day=DAY, late=True), "", DAY, uuid7()))
    )
    assert sent["e_entity"] == [""]


def test_a_name_that_holds_the_separator_is_refused_before_it_joins_a_batch() -> None:
    with pytest.raises(Invalid, match="control characters"):
        prepared(new("a\x1fb"))

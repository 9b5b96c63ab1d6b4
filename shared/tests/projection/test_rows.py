"""Row declarations become tables; what a row set gives back is what a dict would."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.postgres.leases import lock_key
from encours.projection.row_cache import CacheMiss, RowCache
from encours.projection.rows import Id, Row, table_of
from encours.projection.schemas import schema_of, shadow_of


class Part(Row, kw_only=True):
    TABLE = "part"
    KEY = ("order_id", "number")
    order_id: str
    number: int
    price_minor: int | None
    due_on: date | None
    seen_at: datetime
    done: bool
    tags: list[str]


class Count(Row, kw_only=True):
    TABLE = "count"
    KEY = ("name",)
    name: str
    total: int


def test_a_declaration_gives_the_ddl_of_its_columns_in_order() -> None:
    assert table_of(Part).create('"s"') == (
        'create table "s".part (order_id text collate "C" not null, number bigint not null, price_minor bigint, '
        'due_on date, seen_at timestamptz not null, done boolean not null, tags text[] collate "C" not null)'
    )
    assert table_of(Part).create_key('"s"') == 'alter table "s".part add primary key (order_id, number)'


def test_what_cannot_be_a_table_is_refused() -> None:
    class Money(Row, kw_only=True):
        TABLE = "money"
        KEY = ("amount",)
        amount: float

    class Nobody(Row, kw_only=True):
        TABLE = "nobody"
        KEY = ("name",)
        name: str | None

    class Injected(Row, kw_only=True):
        TABLE = "x; drop table y"
        KEY = ("name",)
        name: str

    for row_type in (Money, Nobody, Injected):
        with pytest.raises(TypeError):
            table_of(row_type)


@pytest.mark.parametrize("total", [2**63, -(2**63) - 1, None])
def test_a_number_that_its_column_cannot_hold_is_refused_when_it_is_put(total: int | None) -> None:
    rows = RowCache([Count])
    with pytest.raises(ValueError, match="64 bits"):
        rows.put(Count(name="a", total=total))  # type: ignore[arg-type]


def test_names_of_ledgers_that_differ_only_in_a_dash_get_different_schemas() -> None:
    assert schema_of("open_items", "demo") == '"open_items_demo"'
    names = {schema_of("open_items", name) for name in ("a-b", "a_b", "a.b", "A_b")}
    assert len(names) == 4
    assert max(len(shadow_of("m" * 31, "l-" * 20)), 0) <= 63 + 2
    assert lock_key("a", "b") != lock_key("ab")
    with pytest.raises(ValueError):
        schema_of('x"; drop', "demo")


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["add", "drop", "fail"]), st.integers(-5, 5)),
    max_size=40,
)


@given(steps)
def test_a_row_set_is_a_dict_whose_failed_events_left_no_trace(history: list[tuple[str, str, int]]) -> None:
    rows, naive = RowCache([Count]), dict[str, int]()
    rows.assume_empty()
    for name, kind, amount in history:
        row = rows.get(Count, name) or Count(name=name, total=0)
        row.total += amount  # a copy: nothing is changed until it is put
        assert rows.get(Count, name) is None or rows.get(Count, name) != row or amount == 0
        rows.put(row)
        if kind == "drop":
            rows.drop(Count, name)
        if kind == "fail":
            rows.rollback_event()
            continue
        rows.undo.clear()
        if kind == "drop":
            naive.pop(name, None)
        else:
            naive[name] = naive.get(name, 0) + amount
    found = {name: kept.total for name in "abc" if (kept := rows.get(Count, name)) is not None}
    assert found == naive
    written = {row.name: row.total for _, puts, _ in rows.changes() for row in puts if isinstance(row, Count)}
    assert written == naive


def test_rows_beyond_the_limit_leave_memory_those_first_that_were_not_written_just_now() -> None:
    rows = RowCache([Count])
    rows.assume_empty()
    for number in range(10):
        rows.put(Count(name=str(number), total=number))
    rows.undo.clear()
    rows.mark_written(10)
    complete = rows.all_in_memory
    for name in "098":
        rows.put(Count(name=name, total=int(name)))
    rows.undo.clear()
    rows.mark_written(3)
    assert (complete, rows.all_in_memory) == (True, False)
    for name in "890":
        assert rows.get(Count, name) == Count(name=name, total=int(name))
    with pytest.raises(CacheMiss):
        rows.get(Count, "1")
    assert rows.missing([(Count, ("1",)), (Count, ("0",))]) == {Count: {("1",)}}
    rows.add_loaded(Count, [("1",), ("77",)], [Count(name="1", total=1)])
    assert rows.get(Count, "77") is None


def test_rows_that_no_event_reads_are_taken_once_and_miss_in_no_batch() -> None:
    class Noted(Count, kw_only=True):
        TABLE = "noted"
        FINAL = True

    rows = RowCache([Count, Noted])
    rows.assume_empty()
    taken = []
    for number in range(5):
        rows.put(Count(name=str(number), total=number))
        rows.put(Noted(name=str(number), total=number))
        if number == 3:
            rows.rollback_event()
        rows.undo.clear()
        taken += [
            (row_type, [table_of(row_type).key_of(row) for row in found])
            for row_type, found in rows.take_final(2)
        ]
        if number == 2:
            rows.mark_written(10)
    assert taken == [(Noted, [("0",), ("1",)]), (Noted, [("2",), ("4",)])]
    assert rows.all_in_memory
    assert [(row_type, len(found)) for row_type, found, _ in rows.changes()] == [(Count, 1)]
    with pytest.raises(CacheMiss):
        rows.get(Noted, "0")


def test_an_identifier_is_sixteen_bytes_in_its_column_and_whole_in_memory() -> None:
    class Paid(Row, kw_only=True):
        TABLE = "paid"
        KEY = ("invoice_id",)
        invoice_id: Annotated[str, Id("inv")]
        payment_id: Annotated[str | None, Id("pay")]
        amount_minor: int

    table = table_of(Paid)
    digits = "0190" * 8
    row = Paid(invoice_id=f"inv_{digits}", payment_id=None, amount_minor=5)
    assert [column.sql_type for column in table.columns] == ["uuid", "uuid", "bigint"]
    assert table.values(row) == (digits, None, 5)
    assert table.row((UUID(digits), None, 5)) == row
    assert table.key_columns([(f"inv_{digits}",), ("",)]) == [[digits, "0" * 32]]
    assert table.row((UUID(int=0), None, 5)).invoice_id == ""  # type: ignore[attr-defined]
    for other in (f"pay_{digits}", "inv_1", digits):
        with pytest.raises(ValueError, match="not an identifier"):
            table.values(Paid(invoice_id=other, payment_id=None, amount_minor=5))

"""A list holds rows of the caller's entities only, whatever else it is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from encours.reading.moment import Granted, TimeTravel, View
from encours.reading.pages import Page
from encours.reading.where import Arguments, ViewWhere, Where

PAGE = Page(50, ("due_on", "id"), False, False, None, "")


class Statements:
    """A connection that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        self.asked.append((statement, arguments))
        return []


def view(granted: Granted) -> View:
    conn: Any = Statements()
    return View(conn, "lists", TimeTravel(date(2026, 3, 31), 12, None, True), granted)


async def test_a_page_is_restricted_to_the_granted_entities_before_anything_is_asked() -> None:
    seen = view(("ent_1", "ent_2"))
    await ViewWhere(seen).page(PAGE, "*", "lists.invoice")
    conn: Any = seen.conn
    assert conn.asked == [
        (
            "select * from lists.invoice where (entity_id = any($1::text[])) and true"
            " order by due_on, id limit 51",
            (["ent_1", "ent_2"],),
        )
    ]


def test_a_key_for_all_entities_is_not_restricted() -> None:
    assert Where(None).sql == "true"


def test_a_key_for_no_entity_finds_nothing() -> None:
    where = Where(())
    assert (where.sql, where.arguments) == ("(entity_id = any($1::text[]))", [[]])


def test_what_is_not_asked_for_is_not_required() -> None:
    where = Where(None).equal("customer_id", None).among("status", None).equal("number", "FAC-1")
    assert (where.sql, where.arguments) == ("(number = $1)", ["FAC-1"])


def test_alternatives_do_not_escape_the_grant() -> None:
    where = Where(("ent_1",)).add("a = {} or b = {}", 1, 2)
    assert where.sql == "(entity_id = any($1::text[])) and (a = $2 or b = $3)"


def test_the_dates_of_the_question_are_arguments_once_they_are_needed() -> None:
    where = ViewWhere(view(None))
    where.equal("customer_id", "cus_1").add(f"position <= {where.position} and day <= {where.as_of}")
    where.add(f"known <= {where.position}")
    assert where.arguments == ["cus_1", 12, date(2026, 3, 31)]
    assert "(known <= $2::bigint)" in where.sql


def test_a_row_counts_by_the_day_and_if_a_moment_was_asked_for_up_to_its_position() -> None:
    assert ViewWhere(view(None), entity=None).counts("l") == "l.effective_on <= $1::date"
    then = replace(view(None), time=TimeTravel.known_at_position(date(2026, 3, 31), 7))
    where = ViewWhere(then, entity=None)
    assert where.add(where.counts()).sql == "(effective_on <= $1::date and position <= $2::bigint)"
    assert where.arguments == [date(2026, 3, 31), 7]


def test_conditions_of_one_statement_number_their_arguments_together() -> None:
    arguments = Arguments(["EUR"])
    assert Where(("ent_1",), entity="m.entity", arguments=arguments).sql == "(m.entity = any($2::text[]))"
    assert arguments == ["EUR", ["ent_1"]]


def test_a_cursor_comes_after_all_other_arguments() -> None:
    page = Page(50, ("due_on", "id"), False, False, (date(2026, 1, 1), "inv_1"), "")
    where = Where(("ent_1",))
    statement = where.page_sql(page, "id", "invoice")
    assert "(due_on, id) > ($2, $3)" in statement
    assert where.arguments == [["ent_1"], date(2026, 1, 1), "inv_1"]


def test_one_of_no_values_finds_nothing() -> None:
    where = Where(None).one_of("customer_id", []).one_of("number", ["FAC-1"]).one_of("status", None)
    assert (where.sql, where.arguments) == (
        "(customer_id = any($1::text[])) and (number = $2)",
        [[], "FAC-1"],
    )

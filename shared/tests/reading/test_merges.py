"""Merges of customers at the dates of a question, and on another day."""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.contracts.parties import Merge, Survivors
from encours.reading.merges import debtor_sql, survivors_at
from encours.reading.moment import TimeTravel, View
from encours.reading.where import Arguments

MERGED_ON = date(2026, 3, 2)


class Merges:
    """A connection to a read model with one merge."""

    async def fetch(self, _statement: str, *_arguments: Any) -> list[Any]:
        return [("cus_twin", 7, MERGED_ON, "cus_whole")]


async def test_records_are_those_of_the_day_in_question_not_those_of_today() -> None:
    conn: Any = Merges()
    seen = View(conn, "cases", TimeTravel(date(2026, 3, 31), 12, None, True), None)
    assert (await survivors_at(seen)).records("cus_whole") == ["cus_whole", "cus_twin"]
    assert (await survivors_at(seen, date(2026, 3, 1))).records("cus_whole") == ["cus_whole"]
    assert (await survivors_at(seen, MERGED_ON)).records("cus_twin") == ["cus_whole", "cus_twin"]


def test_a_debtor_is_joined_only_where_customers_are_merged() -> None:
    merge = Merge("cus_twin", 7, MERGED_ON, "cus_whole")
    nobody, merged = Survivors((), MERGED_ON), Survivors([merge], MERGED_ON)
    arguments = Arguments()
    assert debtor_sql(nobody, arguments, "i.customer_id") == ("i.customer_id", "")
    debtor, join = debtor_sql(merged, arguments, "i.customer_id")
    assert debtor == "coalesce(m.survivor_id, i.customer_id)"
    assert join.endswith(" m on m.customer_id = i.customer_id")
    assert arguments == [["cus_twin"], ["cus_whole"]]

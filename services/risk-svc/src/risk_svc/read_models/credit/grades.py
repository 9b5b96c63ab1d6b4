"""Grades of customers: their table, and the customers whose invoices or money have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.events.score import ScoreGraded
from encours.contracts.parties import Survivors
from encours.projection.read_model import Conn
from encours.projection.rows import Row

TURNS = 28
"""Days within which each customer has its turn: the weight of what was paid long ago fades that slowly."""
_AGEING = """
select c.customer_id from {s}.customer c
where c.entity_id = $1 and c.from_position <= $3 and (hashtext(c.customer_id) & 1073741823) % $4 = $5
union
select m.customer_id
from {s}.customer c
join {s}.movement m on m.customer_id = c.customer_id
join {s}.invoice i on i.invoice_id = m.invoice_id
where c.entity_id = $1 and m.position <= $3 and m.effective_on <= $2 and not i.is_penalty
  and exists (select from {s}.exposure x where x.customer_id = c.customer_id and x.exposure_minor <> 0)
  and (i.due_on < $2 or exists (select from {s}.instalment p where p.invoice_id = i.invoice_id and p.due_on < $2))
group by m.customer_id, m.invoice_id having sum(m.open_minor) <> 0
"""


class ScoreGradeRow(Row, kw_only=True):
    """Grade of a customer from an event on, never changed again; the last one counts."""

    TABLE: ClassVar[str] = "grade"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(position)",)
    customer_id: str
    position: int
    effective_on: date
    grade: str

    @classmethod
    def of(cls, e: Recorded, data: ScoreGraded) -> ScoreGradeRow:
        """Return the row of an event."""
        return cls(
            customer_id=data.customer_id, position=e.position, effective_on=e.effective_on, grade=data.grade
        )


async def last_grades(conn: Conn, schema: str, customers: Sequence[str]) -> Mapping[str, str]:
    """Return the last grade of each customer that has one."""
    rows = await conn.fetch(
        f"""select distinct on (customer_id) customer_id, grade from {schema}.grade
            where customer_id = any($1) order by customer_id, position desc""",
        list(customers),
    )
    return {row["customer_id"]: row["grade"] for row in rows}


async def graded_between(conn: Conn, schema: str, *, after: int, upto: int) -> list[str]:
    """Return the customers that were graded between two positions."""
    rows = await conn.fetch(
        f"select distinct customer_id from {schema}.grade where position > $1 and position <= $2", after, upto
    )
    return [row["customer_id"] for row in rows]


async def graded_since(conn: Conn, schema: str, position: int) -> bool:
    """Tell if any customer was graded behind a position."""
    found: bool = await conn.fetchval(
        f"select exists (select from {schema}.grade where position > $1)", position
    )
    return found


async def moved_between(
    conn: Conn, schema: str, merged: Survivors, *, after: int, upto: int
) -> Mapping[str, list[str]]:
    """Return the debtors, by entity, whose invoices or money moved between two positions, by a merge too."""
    rows = await conn.fetch(
        f"""select distinct m.customer_id from {schema}.movement m
            where m.position > $1 and m.position <= $2
              and (m.owed_minor <> 0 or m.open_minor <> 0 or m.unapplied_minor <> 0)
            union
            select unnest(array[of_record.customer_id, of_record.into_id])
            from {schema}.merge m join {schema}.merge of_record using (customer_id)
            where m.position > $1 and m.position <= $2 and of_record.position <= $2""",
        after,
        upto,
    )
    debtors = sorted({merged.of(row["customer_id"]) for row in rows if row["customer_id"] is not None})
    found: dict[str, list[str]] = {}
    for row in await conn.fetch(
        f"select customer_id, entity_id from {schema}.customer where customer_id = any($1) order by customer_id",
        debtors,
    ):
        found.setdefault(row["entity_id"], []).append(row["customer_id"])
    return found


async def ageing_on(
    conn: Conn, schema: str, merged: Survivors, entity_id: str, *, day: date, position: int
) -> set[str]:
    """Return the debtors of an entity whose forecast the day alone may change.

    They are those with an open invoice past due, and those whose turn it is: each customer has one within
    :data:`TURNS` days.
    """
    rows = await conn.fetch(
        _AGEING.format(s=schema), entity_id, day, position, TURNS, day.toordinal() % TURNS
    )
    return {merged.of(row["customer_id"]) for row in rows}

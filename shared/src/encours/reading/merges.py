"""Merges of customers in a read model, and the records that stand for them at the dates of a question.

Every read model that answers by customer keeps :class:`MergeRow` and resolves customers here: rows keep the customer of
their event, so no figure of an earlier day or moment can change.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from encours.contracts import Recorded
from encours.contracts.parties import Merge, Merging, Survivors, merge_of
from encours.projection.rows import Row

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.where import Arguments


class MergeRow(Row, kw_only=True):
    """A merge, or the reversal of one (without ``into_id``); never changed again."""

    TABLE: ClassVar[str] = "merge"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    into_id: str | None

    @classmethod
    def of(cls, e: Recorded, data: Merging) -> MergeRow:
        """Return the row of an event."""
        merge = merge_of(e, data)
        return cls(
            customer_id=merge.customer_id,
            position=merge.position,
            effective_on=merge.effective_on,
            into_id=merge.into_id,
        )

    @property
    def merge(self) -> Merge:
        """The merge of the row."""
        return Merge(self.customer_id, self.position, self.effective_on, self.into_id)


MERGES = "select customer_id, position, effective_on, into_id from {s}.merge"


async def merges(conn: Conn, schema: str) -> list[Merge]:
    """Return every merge that the read model knows."""
    rows = await conn.fetch(MERGES.format(s=schema))
    return [Merge(*row) for row in rows]


async def survivors(conn: Conn, schema: str, as_of: date, position: int) -> Survivors:
    """Return the merges in force on a business day, by what was known at a position."""
    return Survivors(await merges(conn, schema), as_of, position)


async def survivors_at(view: View, on: date | None = None) -> Survivors:
    """Return the merges in force at the dates of the question, or on another business day."""
    return await survivors(view.conn, view.schema, on or view.time.as_of, view.time.position)


async def records_of(view: View, customer_id: str | None) -> list[str] | None:
    """Return all records of the debtor that a customer is at the dates of the question; None for no customer."""
    return None if customer_id is None else (await survivors_at(view)).records(customer_id)


def debtor_sql(merged: Survivors, arguments: Arguments, customer_id: str) -> tuple[str, str]:
    """SQL: the debtor that a customer is, and the join ``m`` that it needs; no join where none is merged."""
    if not merged.merged:
        return customer_id, ""
    join = f"left join {merged_sql(merged, arguments)} m on m.customer_id = {customer_id}"
    return f"coalesce(m.survivor_id, {customer_id})", join


def merged_sql(merged: Survivors, arguments: Arguments) -> str:
    """SQL: a relation of the merged customers, ``customer_id``, and of their survivors, ``survivor_id``."""
    customers, ends = arguments.add(list(merged.merged)), arguments.add(list(merged.merged.values()))
    return f"(select * from unnest({customers}::text[], {ends}::text[]) as m(customer_id, survivor_id))"

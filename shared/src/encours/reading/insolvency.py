"""Insolvency proceedings in a read model: which customers are in proceedings at the dates of a question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from encours.contracts import Recorded
from encours.contracts.events.parties.insolvency import InsolvencyClosed, InsolvencyOpened
from encours.projection.rows import Row

if TYPE_CHECKING:
    from encours.projection.read_model import Conn


class InsolvencyRow(Row, kw_only=True):
    """Begin or end of a customer's proceedings, never changed again. A customer has one in force at most.

    So the last row counts by position, of those whose business date is not later than that of a question.
    """

    TABLE: ClassVar[str] = "insolvency"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    in_force: bool

    @classmethod
    def of(cls, e: Recorded, data: InsolvencyOpened | InsolvencyClosed) -> InsolvencyRow:
        """Return the row of an event."""
        return cls(
            customer_id=data.customer_id,
            position=e.position,
            effective_on=e.effective_on,
            in_force=isinstance(data, InsolvencyOpened),
        )


INSOLVENT = """
select customer_id from (
    select distinct on (customer_id) customer_id, in_force from {s}.insolvency
    where ($1::text[] is null or customer_id = any($1)) and position <= $2 and effective_on <= $3
    order by customer_id, position desc
) last where in_force order by customer_id
"""
"""Customers in proceedings: of some, or of all."""


async def insolvent(
    conn: Conn, schema: str, as_of: date, position: int, customers: Sequence[str] | None = None
) -> list[str]:
    """Return the customers in proceedings on a business day, by what was known at a position; of some, or of all."""
    rows = await conn.fetch(
        INSOLVENT.format(s=schema), None if customers is None else list(customers), position, as_of
    )
    return [row["customer_id"] for row in rows]

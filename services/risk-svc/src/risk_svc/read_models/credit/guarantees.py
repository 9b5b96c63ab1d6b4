"""Guarantees: their table, their events, and those in force at the dates of a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from encours.contracts import Recorded
from encours.contracts.events.guarantee import GuaranteeReleased, GuaranteeTaken
from encours.contracts.parties import Survivors
from encours.projection.read_model import Conn
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from risk_svc.domain.picture import EndingGuarantee


class GuaranteeRow(Row, kw_only=True):
    """A guarantee; its release is effective on ``released_on`` and known from ``released_position``."""

    TABLE: ClassVar[str] = "guarantee"
    KEY: ClassVar[tuple[str, ...]] = ("guarantee_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    guarantee_id: str
    customer_id: str
    currency: str
    amount_minor: int
    valid_from: date
    valid_until: date | None
    taken_position: int
    released_on: date | None = None
    released_position: int | None = None


def apply_guarantee(e: Recorded, data: GuaranteeTaken | GuaranteeReleased, rows: RowCache) -> None:
    """Put a guarantee, or its release."""
    if isinstance(data, GuaranteeTaken):
        rows.put(
            GuaranteeRow(
                guarantee_id=data.guarantee_id,
                customer_id=data.customer_id,
                currency=data.currency,
                amount_minor=data.amount_minor,
                valid_from=data.valid_from,
                valid_until=data.valid_until,
                taken_position=e.position,
            )
        )
        return
    row = rows.get(GuaranteeRow, data.guarantee_id)
    if row is None:
        raise LookupError(f"guarantee {data.guarantee_id} was never taken")
    row.released_on, row.released_position = e.effective_on, e.position
    rows.put(row)


GUARANTEES = """
select customer_id, currency, valid_until, sum(amount_minor)::bigint as amount_minor from {s}.guarantee
where customer_id = any($1) and taken_position <= $2
  and valid_from <= $3 and (valid_until is null or valid_until >= $3)
  and (released_position is null or released_position > $2 or released_on > $3)
group by customer_id, currency, valid_until
"""
"""Sums by customer, currency and last day of the guarantees that count at the dates."""


async def guarantees_in_force(
    conn: Conn, schema: str, customers: Sequence[str], *, as_of: date, position: int
) -> list[Any]:
    """Return sums by customer, currency and last day of the guarantees that count at the dates."""
    return await conn.fetch(GUARANTEES.format(s=schema), list(customers), position, as_of)


def guaranteed_of(customer_id: str, rows: Sequence[Any], merged: Survivors) -> Mapping[str, int]:
    """Return the guaranteed amounts by currency, of all records of a customer."""
    found: Counter[str] = Counter()
    for row in rows:
        if merged.of(row["customer_id"]) == customer_id:
            found[row["currency"]] += row["amount_minor"]
    return found


def ending_of(customer_id: str, rows: Sequence[Any], merged: Survivors) -> tuple[EndingGuarantee, ...]:
    """Return the guaranteed amounts that have a last day, of all records of a customer."""
    return tuple(
        EndingGuarantee(row["valid_until"], row["currency"], row["amount_minor"])
        for row in rows
        if row["valid_until"] is not None and merged.of(row["customer_id"]) == customer_id
    )

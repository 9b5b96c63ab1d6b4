"""Groups of a report: by entity, or by what customers have in common as their records are now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from encours.reading.merges import merged_sql

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.where import Arguments
    from reporting_svc.read_models.receivables.scope import Scope

GroupBy = Literal["entity", "segment", "salesperson"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """SQL of the group of a row: its ``value``, and the ``join`` that it needs."""

    value: str
    join: str = ""


def grouping(args: Arguments, view: View, scope: Scope, by: GroupBy | None, alias: str) -> Grouping:
    """Return the group of rows of ``alias``, which has entity and customer_id as text.

    A merged customer is in the group of its survivor. Null: no group, as for money of payers not yet identified.
    """
    if by is None:
        return Grouping("null::text")
    if by == "entity":
        return Grouping(f"{alias}.entity")
    customer = f"{view.schema}.customer"
    listed = f"""
        select c.customer_id, s.{by} as value
        from {customer} c left join {merged_sql(scope.merged, args)} m using (customer_id)
        join {customer} s on s.customer_id = coalesce(m.survivor_id, c.customer_id)
    """
    return Grouping("g.value", f"left join ({listed}) g on g.customer_id = {alias}.customer_id")

"""Completeness of a number series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Completeness:
    """Completeness of a series in a year: the count of its numbers, and their faults."""

    count: int
    first: str | None
    last: str | None
    last_running: int
    missing: tuple[int, ...]
    missing_count: int
    out_of_date_order: tuple[str, ...]


async def completeness(view: View, *, entity_id: str, series: str, year: int) -> Completeness:
    """Compare the numbers with 1, 2, 3 … and with the order of their dates; up to 100 faults of a kind."""
    where = ViewWhere(view).equal("entity_id", entity_id).equal("series", series).equal("year", year)
    where.add(f"position <= {where.position}")
    arguments, of_series = where.arguments, f"{view.schema}.numbered where {where.sql}"
    (sums,) = await view.conn.fetch(
        f"select count(*) as count, coalesce(max(running), 0) as last_running from {of_series}", *arguments
    )
    ends = await view.conn.fetch(
        f"(select number from {of_series} order by running limit 1) union all "
        f"(select number from {of_series} order by running desc limit 1)",
        *arguments,
    )
    disorder = await view.conn.fetch(
        "select number from (select number, running, issued_on, lag(issued_on) over (order by running) as before "
        f"from {of_series}) n where before > issued_on order by running limit {MAX_LISTED}",
        *arguments,
    )
    last = arguments.add(sums["last_running"])
    missing = await view.conn.fetch(
        f"select n from generate_series(1, {last}::bigint) n where not exists "
        f"(select from {of_series} and running = n) order by n limit {MAX_LISTED}",
        *arguments,
    )
    return Completeness(
        count=sums["count"],
        first=ends[0]["number"] if ends else None,
        last=ends[-1]["number"] if ends else None,
        last_running=sums["last_running"],
        missing=tuple(row["n"] for row in missing),
        missing_count=sums["last_running"] - sums["count"],
        out_of_date_order=tuple(row["number"] for row in disorder),
    )

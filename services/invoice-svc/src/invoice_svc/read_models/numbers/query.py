"""Completeness of a number series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from encours.legal.invoicing import NumberRule
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Completeness:
    """Completeness of a series in a year: the count of its numbers, and their faults.

    ``begins_at`` is the running number from which on the series gives them; those before it are of another system, and
    ``elsewhere`` are the ones that were not taken over. ``following`` is the running number of the next document, and
    ``last_on`` the last date of issue.
    """

    count: int
    taken_over: int
    elsewhere: tuple[int, ...]
    elsewhere_count: int
    begins_at: int
    first: str | None
    last: str | None
    missing: tuple[int, ...]
    missing_count: int
    out_of_date_order: tuple[str, ...]
    ill_formed: tuple[str, ...]
    following: int
    last_on: date | None


async def completeness(
    view: View,
    *,
    entity_id: str,
    series: str,
    year: int,
    first_number: int,
    prefixes: Iterable[str],
    rule: NumberRule,
) -> Completeness:
    """Compare the numbers with those that follow each other, with the order of their dates, and with a rule's form.

    Numbers of another system that read like those of the series count. ``first_number`` is the one with which the
    series begins unless numbers were taken over, ``prefixes`` are those of its numbers in the year. Up to 100 faults of
    a kind.
    """
    where = ViewWhere(view).equal("entity_id", entity_id)
    where.add(f"position <= {where.position} and issued_on <= {where.as_of}")
    arguments = where.arguments
    own = f"series = {arguments.add(series)} and year = {arguments.add(year)}"
    taken = [_running(where, prefix) for prefix in sorted(set(prefixes))]
    numbers = " union all ".join(
        [
            f"select running, number, issued_on, true as own from {view.schema}.numbered where {where.sql} and {own}",
            *(
                f"select {running} as running, number, issued_on, false as own from {view.schema}.taken_number "
                f"where {where.sql} and {condition}"
                for running, condition in taken
            ),
        ]
    )
    first = f"{arguments.add(first_number)}::bigint"
    form = arguments.add(f"^[{rule.characters}]{{1,{rule.max_length}}}$")
    row = await view.conn.fetchrow(
        f"""with n as materialized ({numbers}), own as (
              select min(running) as least from n where own
            ), start as (
              select greatest({first}, (select max(running) + 1 from n, own
                                         where running < coalesce(least, running + 1))) as running
            )
            select (select count(distinct running) from n) as count,
                (select count(*) from n where not own) as taken_over,
                (select running - 1 - (select count(distinct running) from n where running < start.running) from start)
                  as elsewhere_count,
                -- The first ones that lack lie among as many numbers as are known, and that many more.
                array(select m from start, generate_series(1, least(start.running - 1,
                                                                    (select count(*) from n) + {MAX_LISTED})) m
                       where not exists (select from n where n.running = m) order by m limit {MAX_LISTED}) as elsewhere,
                (select running from start) as begins_at,
                (select number from n order by running limit 1) as first,
                (select number from n order by running desc limit 1) as last,
                (select greatest(max(n.running) - min(start.running) + 1, 0) - count(distinct n.running)
                   from n, start where n.running >= start.running) as missing_count,
                array(select m from start, generate_series(start.running, (select max(running) from n)) m
                       where not exists (select from n where n.running = m) order by m limit {MAX_LISTED}) as missing,
                array(select number from (select number, running, issued_on,
                                                 lag(issued_on) over (order by running) as before from n) d
                       where before > issued_on order by running limit {MAX_LISTED}) as out_of_date_order,
                array(select number from n where number !~ {form} order by running limit {MAX_LISTED}) as ill_formed,
                -- Those taken over are passed by, so the next number is behind the last own one by their count at most.
                (select m from start, generate_series(
                     greatest(start.running, (select max(running) + 1 from n where own)),
                     greatest(start.running, (select max(running) + 1 from n where own)) + (select count(*) from n)) m
                  where not exists (select from n where n.running = m) order by m limit 1) as following,
                (select max(issued_on) from n) as last_on""",
        *arguments,
    )
    assert row is not None, "an aggregate has a row"
    return Completeness(
        count=row["count"],
        taken_over=row["taken_over"],
        elsewhere=tuple(row["elsewhere"]),
        elsewhere_count=row["elsewhere_count"],
        begins_at=row["begins_at"],
        first=row["first"],
        last=row["last"],
        missing=tuple(row["missing"]),
        missing_count=row["missing_count"] or 0,
        out_of_date_order=tuple(row["out_of_date_order"]),
        ill_formed=tuple(row["ill_formed"]),
        following=row["following"],
        last_on=row["last_on"],
    )


def _running(where: ViewWhere, prefix: str) -> tuple[str, str]:
    """Return the running number of a number with the prefix, and the condition that it has one, as SQL."""
    text = f"substr(number, {where.arguments.add(len(prefix) + 1)}::int)"
    return f"{text}::bigint", f"{where.beginning('number', prefix)} and {text} ~ '^[0-9]{{1,18}}$'"

"""Runs and reminders by which overdue work is found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.expected.overdue import Unsent
from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Day of the last run, days of runs that are not completed, and reminders without an outcome."""

    last_run: date | None
    open_runs: list[date]
    unsent: list[Unsent]


async def work_done(view: View, effects_from: int) -> WorkDone:
    """Return what has been done and what has not, after ``effects_from``: loaded history expects nothing."""
    last = await view.conn.fetchval(f"select max(day) from {view.schema}.run")
    runs = await view.conn.fetch(
        f"select day from {view.schema}.run where completed_position is null and position > $1", effects_from
    )
    reminders = await view.conn.fetch(
        f"""select r.leaves_on, coalesce(e.country, ''), count(*)
              from {view.schema}.reminder r left join {view.schema}.entity e using (entity_id)
             where r.status = 'requested' and (r.position > $1 or r.approved_position > $1)
               and ($2::text[] is null or r.entity_id = any($2))
             group by 1, 2""",
        effects_from,
        None if view.granted is None else list(view.granted),
    )
    return WorkDone(last, [row[0] for row in runs], [Unsent(*row) for row in reminders])

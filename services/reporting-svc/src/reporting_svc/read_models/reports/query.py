"""List of the saved reports that an actor may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

KEY = "report_id"
SORTS = {"name": "name", "id": KEY}


async def saved_reports(view: View, page: Page, actor: str) -> list[Mapping[str, Any]]:
    """Return a page of the reports at the dates of the question that the actor owns or that are shared with it.

    A report of all entities is there for every key: a run shows each reader what its own key covers. One that is no
    longer shared shows its past to its owner alone.
    """
    where = ViewWhere(view, entity=None)
    known = f"position <= {where.position} and effective_on <= {where.as_of}"
    s = view.schema
    source = f"""(
        select r.report_id, r.name, r.owner, r.source, r.entity, r.definition_version,
               coalesce(n.audience, 'nobody') as audience, coalesce(n.actors, '{{}}'::text[]) as actors,
               l.audience as last_audience, l.actors as last_actors
        from (select distinct on (report_id) * from {s}.saved_report where {known} order by report_id, position desc) r
        left join lateral (
            select * from {s}.report_readers o where o.report_id = r.report_id and {known}
            order by position desc limit 1
        ) n on true
        left join lateral (
            select * from {s}.report_readers o where o.report_id = r.report_id order by position desc limit 1
        ) l on true
        where not exists (select from {s}.dropped_report d where d.report_id = r.report_id and {known})
    ) listed"""
    if view.granted is not None:
        where.among("entity", ["", *view.granted])
    me = where.arguments.add(actor)
    shared = f"(audience = 'everyone' or {me} = any(actors))"
    where.add(f"owner = {me} or {shared} and (last_audience = 'everyone' or {me} = any(last_actors))")
    return await where.page(page, "*", source)

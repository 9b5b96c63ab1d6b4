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

    A report of all entities is there for every key: a run shows each reader what its own key covers.
    """
    where = ViewWhere(view, entity=None)
    known = f"position <= {where.position} and effective_on <= {where.as_of}"
    s = view.schema
    source = f"""(
        select r.report_id, r.name, r.owner, r.source, r.entity, r.definition_version,
               coalesce(n.audience, 'nobody') as audience, coalesce(n.actors, '{{}}'::text[]) as actors
        from (select distinct on (report_id) * from {s}.saved_report where {known} order by report_id, position desc) r
        left join lateral (
            select * from {s}.report_readers o where o.report_id = r.report_id and {known}
            order by position desc limit 1
        ) n on true
        where not exists (select from {s}.dropped_report d where d.report_id = r.report_id and {known})
    ) listed"""
    if view.granted is not None:
        where.among("entity", ["", *view.granted])
    me = where.arguments.add(actor)
    where.add(f"owner = {me} or audience = 'everyone' or {me} = any(actors)")
    return await where.page(page, "*", source)

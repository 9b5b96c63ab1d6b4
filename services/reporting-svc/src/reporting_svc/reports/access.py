"""Right of the owner of a schedule to what it runs, asked again at each run and each mail."""

from __future__ import annotations

from datetime import UTC, datetime

from encours.http.access.keys import Fetch, Grant
from reporting_svc.domain.report.state import CustomReport

SCOPE = "reports:read"


async def grant_of(grants: Fetch, owner: str, entity_id: str) -> Grant | str:
    """Return what the key of an owner may do at this moment, or why it may not run anything."""
    grant = await grants(owner.removeprefix("key:"))
    if grant is None or not grant.valid_at(datetime.now(UTC)):
        return f"The API key of {owner} was revoked or has expired."
    if not grant.allows(SCOPE):
        return f"The API key of {owner} no longer has the scope {SCOPE}."
    if entity_id and not grant.covers(entity_id):
        return f"The API key of {owner} no longer covers {entity_id}."
    return grant


def unseen(report: CustomReport, owner: str) -> str | None:
    """Return why the owner of a schedule no longer sees a report; None if it does."""
    return (
        None
        if report.is_visible_to(owner)
        else f"The report was dropped, or is not shared with {owner} any more."
    )

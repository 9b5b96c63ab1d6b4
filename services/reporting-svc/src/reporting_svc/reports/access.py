"""Rights of the owner of a schedule, looked up again at each run and each mail."""

from __future__ import annotations

from datetime import UTC, datetime

from encours.http.access.keys import Fetch, Grant
from reporting_svc.domain.report.state import CustomReport

SCOPE = "reports:read"


async def grant_of(grants: Fetch, owner: str, entity_id: str) -> Grant | str:
    """Return the grant of an owner's key at this moment, or the reason why it may run nothing."""
    grant = await grants(owner.removeprefix("key:"))
    if grant is None or not grant.valid_at(datetime.now(UTC)):
        return f"The API key of {owner} was revoked or has expired."
    if not grant.allows(SCOPE):
        return f"The API key of {owner} no longer has the scope {SCOPE}."
    if entity_id and not grant.covers(entity_id):
        return f"The API key of {owner} no longer covers {entity_id}."
    return grant


def unseen(report: CustomReport, owner: str) -> str | None:
    """Return the reason why the owner of a schedule no longer sees a report; None if it does."""
    if report.is_visible_to(owner):
        return None
    return f"The report was dropped, or is no longer shared with {owner}."

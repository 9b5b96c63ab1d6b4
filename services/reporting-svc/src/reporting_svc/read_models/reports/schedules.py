"""Rows of schedules and of the mails that they cause, and the questions about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from encours.contracts import Recorded, decode, encode
from encours.contracts.events.schedule import ReportMailRequested, ScheduleSet
from encours.projection.rows import Row
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

KEY = "schedule_id"
SORTS = {"name": "name", "id": KEY}
MAIL_SORTS = {"requested": "position"}


class ScheduleRow(Row, kw_only=True):
    """A schedule from an event on; ``is_set`` is false for one that has ended or stopped. Never changed again."""

    TABLE: ClassVar[str] = "schedule"
    KEY: ClassVar[tuple[str, ...]] = ("schedule_id", "position")
    schedule_id: str
    position: int
    effective_on: date
    entity: str
    owner: str
    name: str
    is_set: bool


class ReportMailRow(Row, kw_only=True):
    """A mail as it is now."""

    TABLE: ClassVar[str] = "report_mail"
    KEY: ClassVar[tuple[str, ...]] = ("mail_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(schedule_id, position)", "(position) where status = 'requested'")
    mail_id: str
    position: int
    schedule_id: str
    document: str
    status: str
    evidence: str | None

    @classmethod
    def of(cls, e: Recorded, data: ReportMailRequested) -> ReportMailRow:
        """Return the row of a request."""
        return cls(
            mail_id=data.mail_id,
            position=e.position,
            schedule_id=data.report_schedule_id,
            document=encode(data).decode(),
            status="requested",
            evidence=None,
        )


def set_row(e: Recorded, data: ScheduleSet) -> ScheduleRow:
    """Return the row of a schedule that is set."""
    return ScheduleRow(
        schedule_id=data.report_schedule_id,
        position=e.position,
        effective_on=e.effective_on,
        entity=e.entity,
        owner=data.owner,
        name=data.name,
        is_set=True,
    )


def unset_row(e: Recorded, schedule_id: str) -> ScheduleRow:
    """Return the row of a schedule that has ended or stopped."""
    return ScheduleRow(
        schedule_id=schedule_id,
        position=e.position,
        effective_on=e.effective_on,
        entity=e.entity,
        owner="",
        name="",
        is_set=False,
    )


def mail_of(document: str) -> ReportMailRequested:
    """Return the request of a row."""
    data = decode(ReportMailRequested.TYPE, ReportMailRequested.VERSION, document.encode())
    assert isinstance(data, ReportMailRequested)
    return data


async def schedules_of(view: View, page: Page, owner: str) -> list[Mapping[str, Any]]:
    """Return a page of an actor's schedules at the dates of the question, ended ones included."""
    where = ViewWhere(view, entity=None)
    known = f"position <= {where.position} and effective_on <= {where.as_of} and is_set"
    source = f"""(
        select distinct on (schedule_id) schedule_id, name, owner from {view.schema}.schedule where {known}
        order by schedule_id, position desc
    ) listed"""
    return await where.equal("owner", owner).page(page, "*", source)


async def active_schedules(conn: Conn, schema: str) -> list[tuple[str, int]]:
    """Return the schedules whose due moments are acted on, with the position at which each was set."""
    rows = await conn.fetch(
        f"""select schedule_id, position from (
              select distinct on (schedule_id) schedule_id, position, is_set from {schema}.schedule
              order by schedule_id, position desc
            ) s where is_set order by schedule_id"""
    )
    return [(row["schedule_id"], row["position"]) for row in rows]


async def mails_of(view: View, page: Page, schedule_id: str) -> list[Mapping[str, Any]]:
    """Return a page of the mails of a schedule, as they are now."""
    where = ViewWhere(view, entity=None).equal("schedule_id", schedule_id)
    where.add(f"position <= {where.position}")
    return await where.page(page, "*", f"{view.schema}.report_mail")


async def requested_mails(
    conn: Conn, schema: str, ledger: str, effects_from: int, limit: int
) -> list[ReportMailRequested]:
    """Return the oldest mails without an outcome that are due for a try, after a position."""
    rows = await conn.fetch(
        f"""select document from {schema}.report_mail m where status = 'requested' and position > $1
              and not exists (
                select from encours_effects.attempt a where a.ledger = $2 and a.reminder_id = m.mail_id
                   and a.state = 'deferred' and a.next_try_at > now()) order by position limit $3""",
        effects_from,
        ledger,
        limit,
    )
    return [mail_of(row["document"]) for row in rows]

"""Answers about schedules and their mails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from msgspec.structs import asdict
from pydantic import BaseModel, Field

from encours.contracts.events.schedule import (
    MailedFormat,
    ReportOptions,
    ScheduledExport,
    ScheduleFrequency,
    SchedulePeriod,
    ScheduleShift,
)
from encours.http.answers import Answer, Json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from reporting_svc.domain.schedule.state import ReportSchedule
from reporting_svc.exports.store import REPORTS
from reporting_svc.http.exports.answers import ReportOptionsOut
from reporting_svc.read_models.reports.schedules import mail_of
from reporting_svc.use_cases.schedules import SCHEDULE

ScheduleState = Literal["active", "stopped", "ended"]


class DueRuleOut(BaseModel):
    """Rule of due days and the hour."""

    frequency: ScheduleFrequency
    hour: int
    weekday: int | None
    day: int | None
    business_day: int | None
    shift: ScheduleShift


class ScheduledMailOut(BaseModel):
    """A report that is sent by mail."""

    report_id: str
    format: MailedFormat
    recipients: list[str]
    language: Literal["en", "fr"]


class ScheduledExportOut(BaseModel):
    """An export of a period that follows the due day."""

    kind: str
    layout: str
    period: SchedulePeriod
    accounts: dict[str, str] = Field(description="Numbers in place of the default ones, by purpose.")
    report: ReportOptionsOut | None = Field(description="Null for entries.")

    @classmethod
    def of(cls, export: ScheduledExport) -> Json:
        """Show what is exported."""
        report = (export.report or ReportOptions()) if export.kind in REPORTS else None
        return {
            "kind": export.kind,
            "layout": export.layout,
            "period": export.period,
            "accounts": export.numbers,
            "report": report and asdict(report),
        }


class LastRunOut(BaseModel):
    """The due moment that was acted on last."""

    due_at: datetime
    missed: int = Field(description="Due moments before it on which nothing ran.")
    mail_ids: list[str]
    export_id: str | None


class ReportScheduleOut(BaseModel):
    """A schedule."""

    id: str
    name: str
    owner: str
    entity_id: str | None = Field(description="Null for a report of all entities.")
    rule: DueRuleOut
    mail: ScheduledMailOut | None
    export: ScheduledExportOut | None
    state: ScheduleState
    stopped_because: str | None = Field(description="To go on, remove the cause and PUT the schedule again.")
    runs: int
    missed: int = Field(description="Due moments on which nothing ran, as after an outage, in all.")
    last_run: LastRunOut | None
    version: int

    @classmethod
    def of(cls, state: ReportSchedule, version: int) -> Json:
        """Show a schedule."""
        current, ran = state.current, state.ran
        assert current is not None
        rule, mail, export = current.due_rule, current.mail, current.export
        return {
            "id": current.report_schedule_id,
            "name": current.name,
            "owner": current.owner,
            "entity_id": state.entity_id or None,
            "rule": {name: getattr(rule, name) for name in DueRuleOut.model_fields},
            "mail": mail
            and {
                "report_id": mail.report_id,
                "format": mail.format,
                "recipients": list(mail.recipients),
                "language": mail.language,
            },
            "export": export and ScheduledExportOut.of(export),
            "state": "ended" if state.ended else "stopped" if state.stopped else "active",
            "stopped_because": state.stopped,
            "runs": state.runs,
            "missed": state.missed,
            "last_run": ran
            and {
                "due_at": ran.due_at.replace("+00:00", "Z"),
                "missed": ran.missed,
                "mail_ids": list(ran.mail_ids),
                "export_id": ran.export_id,
            },
            "version": version,
        }


class ScheduleAsOf(ReportScheduleOut, AsOf):
    """A schedule at the requested dates."""


class ScheduleDetail(ScheduleAsOf):
    """A schedule with its next due moment by its present rule."""

    next_due_at: datetime | None


class ScheduleItem(BaseModel):
    """A schedule without its content."""

    id: str
    name: str
    owner: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Json:
        """Show a row of the list."""
        return {"id": row["schedule_id"], "name": row["name"], "owner": row["owner"]}


class ScheduleList(Listing[ScheduleItem], AsOf):
    """Schedules of the key, ended ones included."""


class ReportMailOut(BaseModel):
    """A mail of a schedule, as it is now."""

    id: str
    report_id: str
    definition_version: int
    report_as_of: date
    report_position: int = Field(description="The report is as it was known at this position.")
    to: str
    format: MailedFormat
    status: Literal["requested", "sent", "failed", "unconfirmed"]
    evidence: str | None = Field(description="Reply of the mail server, or why there is no mail.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Json:
        """Show a row of the list."""
        mail = mail_of(row["document"])
        return {
            "id": mail.mail_id,
            "report_id": mail.report_id,
            "definition_version": mail.definition_version,
            "report_as_of": mail.as_of.isoformat(),
            "report_position": mail.position,
            "to": mail.to,
            "format": mail.format,
            "status": row["status"],
            "evidence": row["evidence"],
        }


class ReportMailList(Listing[ReportMailOut], AsOf):
    """Mails of a schedule, the latest first."""


SCHEDULE_ANSWER = Answer(SCHEDULE, lambda state, version, _: ReportScheduleOut.of(state, version))

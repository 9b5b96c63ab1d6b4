"""Bodies of schedules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from encours.contracts.events.schedule import (
    AccountNumber,
    DueDayRule,
    MailedFormat,
    ReportOptions,
    ScheduledExport,
    ScheduledMail,
    ScheduleFrequency,
    SchedulePeriod,
    ScheduleShift,
)
from encours.http.models import Body, Id, ShortText
from encours.mail.settings import MailAddress
from reporting_svc.domain.schedule.state import SetSchedule
from reporting_svc.http.exports.bodies import ExportedBody

Recipient = Annotated[
    MailAddress, StringConstraints(min_length=3, max_length=254), Field(examples=["credit@firm.example"])
]


class DueRuleBody(Body):
    """Rule of due days and the hour."""

    frequency: ScheduleFrequency
    hour: Annotated[int, Field(ge=0, le=23, strict=True)] = Field(
        default=7, description="On the clock of the entity; of the ledger for a report of all entities."
    )
    weekday: Annotated[int, Field(ge=1, le=7, strict=True)] | None = Field(
        default=None, description="Of `weekly`: 1 for Monday."
    )
    day: Annotated[int, Field(ge=1, le=31, strict=True)] | None = Field(
        default=None, description="Of `monthly`: the day, in shorter months the last one."
    )
    business_day: Annotated[int, Field(ge=1, le=15, strict=True)] | None = Field(
        default=None, description="Of `monthly`: the number of the business day, in place of `day`."
    )
    shift: ScheduleShift = Field(
        default="none",
        description="Move of a day that is no business day in the country of the entity; a daily schedule with it "
        "is due on business days.",
    )

    @model_validator(mode="after")
    def _fits_its_frequency(self) -> DueRuleBody:
        if (self.weekday is not None) != (self.frequency == "weekly"):
            raise ValueError("Give weekday with the frequency weekly, and with no other.")
        if (self.day is not None) + (self.business_day is not None) != (self.frequency == "monthly"):
            raise ValueError(
                "Give either day or business_day with the frequency monthly, and neither with another."
            )
        return self

    def to_rule(self) -> DueDayRule:
        """Return the rule."""
        return DueDayRule(**self.model_dump())


class ScheduledMailBody(Body):
    """A report to be sent by mail, with the rights of the key that sets the schedule."""

    report_id: Annotated[str, Id("rpt")]
    format: MailedFormat = "xlsx"
    recipients: Annotated[list[Recipient], Field(min_length=1, max_length=20)]
    language: Literal["en", "fr"] = "en"


class ScheduledExportBody(ExportedBody):
    """An export as `POST /v1/exports` makes it, of a period that follows the due day."""

    period: SchedulePeriod = Field(description="A report is of its last day.")

    def scheduled(self) -> ScheduledExport:
        """Return the export. Raises :class:`Invalid` for fields that do not belong together."""
        layout, report = self.content("/export")
        numbers = sorted(self.accounts.items())
        return ScheduledExport(
            kind=self.kind,
            layout=layout,
            period=self.period,
            accounts=tuple(AccountNumber(purpose=purpose, number=number) for purpose, number in numbers),
            report=None if report == ReportOptions() else report,
        )


class ReportScheduleBody(Body):
    """A schedule: when it is due, and either a mail or an export."""

    name: ShortText = Field(examples=["Old debts, every Monday"])
    rule: DueRuleBody
    mail: ScheduledMailBody | None = None
    export: ScheduledExportBody | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> ReportScheduleBody:
        if (self.mail is None) == (self.export is None):
            raise ValueError("Give either mail or export.")
        return self

    def to_command(self, schedule_id: str) -> SetSchedule:
        """Return the command. Raises :class:`Invalid` for an export whose fields do not belong together."""
        mail, export = self.mail, self.export
        sent = None
        if mail is not None:
            recipients = tuple(dict.fromkeys(mail.recipients))
            sent = ScheduledMail(
                report_id=mail.report_id, format=mail.format, recipients=recipients, language=mail.language
            )
        made = export.scheduled() if export else None
        entity_id = export.entity_id if export else ""
        return SetSchedule(schedule_id, self.name, self.rule.to_rule(), sent, made, entity_id)

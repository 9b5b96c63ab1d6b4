"""Schedules of reports by mail and of exports, and the mails that they cause. Appended by reporting-svc.

Streams: the id of the schedule; of the mail, which is made of the schedule, its due moment and the address. The entity
is that of the report or export, "" for a report of all entities.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

ScheduleFrequency = Literal["daily", "weekly", "monthly"]
ScheduleShift = Literal["none", "following", "preceding"]
SchedulePeriod = Literal["last_month", "last_quarter", "last_year", "month_to_date", "year_to_date"]
MailedFormat = Literal["csv", "xlsx"]
CountedBy = Literal["due_date", "issue_date"]
"""Date that the days of an aged balance are counted from."""


class DueDayRule(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Rule of due days, and the hour on the clock of the entity, or of the ledger for all entities."""

    frequency: ScheduleFrequency
    hour: int
    weekday: int | None = None
    """1 for Monday to 7; of ``weekly``."""
    day: int | None = None
    """Day of the month, its last one in shorter months; of ``monthly``."""
    business_day: int | None = None
    """Number of the business day of the month, in place of ``day``."""
    shift: ScheduleShift = "none"
    """Move of a day that is no business day."""


class ScheduledMail(Value, frozen=True, kw_only=True):
    """A report that is sent by mail."""

    report_id: str
    format: MailedFormat
    recipients: tuple[str, ...]
    language: Literal["en", "fr"]


class ReportOptions(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Bands, filters and group of a report that is exported, as in ``GET /v1/aged-balance``; ``None`` chooses none."""

    bands: str | None = None
    by: CountedBy = "due_date"
    segment: str | None = None
    salesperson: str | None = None
    collector: str | None = None
    group_by: str | None = None


class AccountNumber(Value, frozen=True, kw_only=True):
    """Number of an account in the creditor's books, by its purpose, such as ``sales``."""

    purpose: str
    number: str


class ScheduledExport(Value, frozen=True, kw_only=True, omit_defaults=True):
    """An export of a period that follows the due day."""

    kind: str
    layout: str
    period: SchedulePeriod
    accounts: tuple[AccountNumber, ...] = ()
    """Of entries: numbers in place of the default ones."""
    report: ReportOptions | None = None
    """``None`` for entries, and of a report the default options."""

    @property
    def numbers(self) -> dict[str, str]:
        """Numbers of accounts by purpose."""
        return {each.purpose: each.number for each in self.accounts}


class ScheduleSet(Event, frozen=True, kw_only=True):
    """A schedule, all of it, in place of the one before: of a mail or of an export."""

    TYPE: ClassVar[str] = "schedule.set"
    report_schedule_id: str
    name: str
    owner: str
    """Actor in whose name it runs."""
    due_rule: DueDayRule
    mail: ScheduledMail | None
    export: ScheduledExport | None


class ScheduleEnded(Event, frozen=True, kw_only=True):
    """Its owner has ended it."""

    TYPE: ClassVar[str] = "schedule.ended"
    report_schedule_id: str


class ScheduleStopped(Event, frozen=True, kw_only=True):
    """Stop of a schedule that cannot run any more; its owner removes the reason and sets it again."""

    TYPE: ClassVar[str] = "schedule.stopped"
    report_schedule_id: str
    why: str


class ScheduleRan(Event, frozen=True, kw_only=True):
    """A due moment was acted on, once: mails were requested, or an export."""

    TYPE: ClassVar[str] = "schedule.ran"
    report_schedule_id: str
    due_at: str
    """Instant, in UTC."""
    missed: int
    """Due moments before it on which nothing ran, as after an outage."""
    mail_ids: tuple[str, ...]
    export_id: str | None


class ReportMailRequested(Event, frozen=True, kw_only=True):
    """A report as it is known at a position, to be sent to an address."""

    TYPE: ClassVar[str] = "report_mail.requested"
    mail_id: str
    report_schedule_id: str
    report_id: str
    definition_version: int
    report_name: str
    owner: str
    as_of: date
    position: int
    to: str
    format: MailedFormat
    language: Literal["en", "fr"]


class ReportMailSent(Event, frozen=True, kw_only=True):
    """The mail server accepted it."""

    TYPE: ClassVar[str] = "report_mail.sent"
    mail_id: str
    evidence: str


class ReportMailFailed(Event, frozen=True, kw_only=True):
    """Refusal for good by the mail server, or of a mail that could not be made."""

    TYPE: ClassVar[str] = "report_mail.failed"
    mail_id: str
    evidence: str


class ReportMailUnconfirmed(Event, frozen=True, kw_only=True):
    """The process ended between handing over and hearing back: nothing is sent again."""

    TYPE: ClassVar[str] = "report_mail.unconfirmed"
    mail_id: str

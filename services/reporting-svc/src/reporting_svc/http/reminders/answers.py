"""Answers about the volume and yield of reminders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.reminders import TRACES, Key, ReminderGroup, ReminderYield, WindowYield
from reporting_svc.http.answers import ScopedReport
from reporting_svc.http.measured import PercentOut
from reporting_svc.http.snapshot import ReceivablesSnapshot


class PaidWithinOut(BaseModel):
    """Payments of the invoices asked for, in the days after the messages, by the day the funds were available."""

    days: int
    messages: int = Field(description="Messages sent at least so many days before as_of.")
    asked: MoneyModel
    paid: MoneyModel = Field(description="At most what each message asked for by invoice.")
    paid_after_later_message: MoneyModel = Field(
        description="The part of it that came after a later message about the same invoice, which counts it too."
    )
    rate: PercentOut
    not_followed_yet: int = Field(description="Messages sent later: what they bring is not known yet.")
    not_followed_yet_asked: MoneyModel

    @classmethod
    def of(cls, window: WindowYield, currency: str) -> Json:
        """Show the payments of a window."""
        return {
            "days": window.days,
            "messages": window.messages,
            "asked": money_json(window.asked_minor, currency),
            "paid": money_json(window.paid_minor, currency),
            "paid_after_later_message": money_json(window.paid_later_minor, currency),
            "rate": PercentOut.of(definitions.REMINDER_YIELD, window.rate, "not-known-yet"),
            "not_followed_yet": window.unfollowed,
            "not_followed_yet_asked": money_json(window.unfollowed_minor, currency),
        }


class ReminderSums(BaseModel):
    """Numbers of reminders, and what was paid after them. Invoices and `asked` are those of the messages sent."""

    requested: int = Field(description="Decided, calls and litigation files included.")
    sent: int = Field(description="Handed over to the channel; of a call, carried out.")
    delivered: int
    read: int
    answered: int
    bounced: int = Field(description="Came back for good.")
    failed: int = Field(description="Refused by the channel; of a call, nobody was reached.")
    unconfirmed: int
    suppressed: int = Field(description="Not sent after all, such as what was paid meanwhile.")
    invoices: int
    asked: MoneyModel
    paid_within: list[PaidWithinOut]

    @classmethod
    def of(cls, found: ReminderYield, currency: str) -> Json:
        """Show the sums of some reminders."""
        return {
            "requested": found.requested,
            **{trace: found.traces[trace] for trace in TRACES},
            "invoices": len(found.invoices),
            "asked": money_json(found.asked_minor, currency),
            "paid_within": [PaidWithinOut.of(window, currency) for window in found.windows],
        }


class ReminderYieldRow(ReminderSums):
    """Reminders of a group. A value is null where it is not known, as the tone of earlier messages, or absent.

    Segment, salesperson and collector are those of the customer on as_of.
    """

    group: dict[ReminderGroup, str | None]


class RemindersOut(ScopedReport):
    """Reminders that were decided from `from` to as_of. What was paid after a message was not paid because of it."""

    definition: str
    currency: str
    from_: date = Field(alias="from")
    group_by: list[ReminderGroup]
    totals: ReminderSums
    data: list[ReminderYieldRow]
    experiments: list[str] = Field(
        description="Experiments of dunning-svc in which some of the reminders took part: `GET /v1/experiments/{id}` "
        "has the effect, with its interval."
    )

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        first: date,
        by: Sequence[ReminderGroup],
        total: ReminderYield,
        groups: Mapping[Key, ReminderYield],
        experiments: Sequence[str],
    ) -> Json:
        """Show the groups and all together."""
        currency = books.total.currency
        return {
            "definition": definitions.REMINDER_YIELD.id,
            "currency": currency,
            "from": first.isoformat(),
            "group_by": list(by),
            "totals": ReminderSums.of(total, currency),
            "data": [
                {"group": dict(zip(by, key, strict=True)), **ReminderSums.of(found, currency)}
                for key, found in groups.items()
            ],
            "experiments": list(experiments),
            **cls.end(books),
        }

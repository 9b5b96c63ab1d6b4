"""Volume and yield of reminders: messages decided and sent, their outcomes, and payments in the days after them.

A payment after a message is not a payment because of it: ladders write to customers who are late, and most of them pay
anyway. Steps and channels cannot be compared by these figures, as their invoices differ; an experiment compares them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, get_args

from encours.contracts.settlement import Funds
from reporting_svc.domain.measures.ratios import percent

WINDOWS = (7, 15, 30)
"""Days after the message in which payments are counted."""
TRACES = ("sent", "delivered", "read", "answered", "bounced", "failed", "unconfirmed", "suppressed")
DebtorGroup = Literal["segment", "salesperson", "collector"]
DEBTOR_GROUPS: tuple[DebtorGroup, ...] = get_args(DebtorGroup)
ReminderGroup = Literal[
    "month",
    "entity",
    "segment",
    "salesperson",
    "collector",
    "policy",
    "step",
    "channel",
    "template",
    "tone",
    "experiment",
]
REMINDER_GROUPS: tuple[ReminderGroup, ...] = get_args(ReminderGroup)
DebtorNames = Mapping[ReminderGroup, Mapping[str, str | None]]
"""Segment, salesperson and collector of each customer, by id."""
Key = tuple[str | None, ...]
"""Values by which reminders are grouped."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A message, or a call, with the amounts that it asked for by invoice; minor units.

    ``sent_on`` is ``None`` for one that never left, or was never made.
    """

    entity: str
    customer_id: str
    policy: str
    step: str
    channel: str
    template: str
    tone: str | None
    experiment: str | None
    decided_on: date
    sent_on: date | None
    traces: frozenset[str]
    asked: Mapping[str, int]


def value_of(reminder: AskedFor, group: ReminderGroup, debtors: DebtorNames) -> str | None:
    """Return the value of a reminder, or of its customer, by which it is grouped."""
    if group == "month":
        return f"{reminder.decided_on:%Y-%m}"
    if group in debtors:
        return debtors[group].get(reminder.customer_id) or None
    return getattr(reminder, group) or None


@dataclass(slots=True)
class WindowYield:
    """Payments in the days after messages; ``unfollowed`` are messages sent fewer days before the last one."""

    days: int
    messages: int = 0
    asked_minor: int = 0
    paid_minor: int = 0
    paid_later_minor: int = 0
    """The part paid after a later message that asked for the same invoice."""
    unfollowed: int = 0
    unfollowed_minor: int = 0

    @property
    def rate(self) -> Fraction | None:
        """Paid in percent of what was asked for (``reminder-yield/1``)."""
        return percent(self.paid_minor, self.asked_minor)


@dataclass(slots=True)
class ReminderYield:
    """Reminders of a group. ``invoices`` and ``asked_minor`` are those of the messages sent."""

    requested: int = 0
    traces: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TRACES, 0))
    invoices: set[str] = field(default_factory=set)
    asked_minor: int = 0
    windows: tuple[WindowYield, ...] = field(
        default_factory=lambda: tuple(WindowYield(days) for days in WINDOWS)
    )


def yields(
    reminders: Sequence[AskedFor],
    funds: Mapping[str, Sequence[Funds]],
    on: date,
    key: Callable[[AskedFor], Key],
) -> dict[Key, ReminderYield]:
    """Return the yield of each group, in order. ``funds``: money that covers each invoice, by day of availability."""
    later = _messages_by_invoice(reminders)
    found: dict[Key, ReminderYield] = {}
    for reminder in reminders:
        group = found.setdefault(key(reminder), ReminderYield())
        group.requested += 1
        for trace in reminder.traces:
            group.traces[trace] += 1
        if reminder.sent_on is not None:
            _add(group, reminder, reminder.sent_on, funds, later, on)
    return dict(sorted(found.items(), key=lambda item: [(part is None, part or "") for part in item[0]]))


def _messages_by_invoice(reminders: Iterable[AskedFor]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for reminder in reminders:
        if reminder.sent_on is not None:
            for invoice_id in reminder.asked:
                found.setdefault(invoice_id, []).append(reminder.sent_on)
    return {invoice_id: sorted(days) for invoice_id, days in found.items()}


def _add(
    group: ReminderYield,
    reminder: AskedFor,
    sent_on: date,
    funds: Mapping[str, Sequence[Funds]],
    later: Mapping[str, Sequence[date]],
    on: date,
) -> None:
    asked_minor = sum(reminder.asked.values())
    group.invoices.update(reminder.asked)
    group.asked_minor += asked_minor
    for window in group.windows:
        last = sent_on + timedelta(days=window.days)
        if last > on:
            window.unfollowed += 1
            window.unfollowed_minor += asked_minor
            continue
        window.messages += 1
        window.asked_minor += asked_minor
        for invoice_id, minor in reminder.asked.items():
            days = later[invoice_id]
            following = next(iter(days[bisect_right(days, sent_on) :]), last)
            paid = _paid(funds.get(invoice_id, ()), sent_on, last, minor)
            window.paid_minor += paid
            window.paid_later_minor += paid - _paid(
                funds.get(invoice_id, ()), sent_on, min(following, last), minor
            )


def _paid(funds: Iterable[Funds], after: date, until: date, most_minor: int) -> int:
    """Return what was paid after a day and until another, up to an amount."""
    return min(most_minor, sum(part.amount_minor for part in funds if after < part.available_on <= until))

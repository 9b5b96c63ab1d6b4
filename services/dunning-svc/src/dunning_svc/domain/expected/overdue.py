"""Work that is overdue: a pure function of the time, the runs and the reminders without an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from dunning_svc.domain.policy.working_days import working_day_from

OverdueKind = Literal["day_not_opened", "run_not_completed", "reminder_not_sent", "mailbox_not_read"]
_OPENED_BY = time(7, 0)
"""Local time by which a day, which opens at six, has to be open."""
_MAILBOX_UNREAD = timedelta(hours=6)
"""Longest time in which a mailbox that is read every minute may not be read: part of a working day."""
_TEXTS: dict[OverdueKind, tuple[str, str]] = {
    "day_not_opened": (
        "No run is on record since {since}.",
        "See with `encours status` whether the workers run and follow the ledger. Days that were missed open by "
        "themselves, without reminders.",
    ),
    "run_not_completed": (
        "The run of {since} has not been completed.",
        "See with `encours status` whether the worker of dunning-svc runs, and read its log. It completes the run "
        "itself.",
    ),
    "reminder_not_sent": (
        "Decided since {since} and without an outcome: {count}.",
        "See with `encours doctor` whether the mail server answers, and read the log of dunning-svc's worker. It goes "
        "on trying for 72 hours.",
    ),
    "mailbox_not_read": (
        "The mailbox for replies has not been read since {since}.",
        "Read the log of dunning-svc's worker: `mailbox.unreachable` names the mail server and the error. Correct "
        "ENCOURS_REPLY_MAILBOX_URL if it has changed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Unsent:
    """Reminders without an outcome of one creditor; ``day``: from which on they may leave."""

    day: date
    country: str
    count: int


@dataclass(frozen=True, slots=True)
class OverdueWork:
    """A kind of work that is overdue, the first day of it, and how much there is."""

    kind: OverdueKind
    since: date
    count: int

    @property
    def detail(self) -> str:
        """Return what has not happened, in a sentence."""
        reminders = "1 reminder" if self.count == 1 else f"{self.count} reminders"
        return _TEXTS[self.kind][0].format(since=self.since, count=reminders)

    @property
    def remedy(self) -> str:
        """Return what to do next."""
        return _TEXTS[self.kind][1]


def overdue(
    now: datetime,
    last_run: date | None,
    open_runs: Sequence[date],
    unsent: Iterable[Unsent],
    mailbox_read_at: datetime | None = None,
) -> Iterator[OverdueWork]:
    """Yield what is overdue at a local time of the ledger.

    A day is open an hour after its opening, and its run is completed on the next day. A reminder leaves by the next
    business day of its creditor's country after the first day on which it may leave. A mailbox, if there is one, is
    read within six hours. A ledger without any run expects nothing.
    """
    if last_run is None:
        return
    expected = now.date() if now.time() >= _OPENED_BY else now.date() - timedelta(days=1)
    if last_run < expected:
        missing = last_run + timedelta(days=1)
        yield OverdueWork("day_not_opened", missing, (expected - last_run).days)
    left_open = [day for day in open_runs if day < expected]
    if left_open:
        yield OverdueWork("run_not_completed", min(left_open), len(left_open))
    late = [
        each
        for each in unsent
        if each.day < expected
        if working_day_from(each.country, each.day + timedelta(days=1)) <= expected
    ]
    if late:
        yield OverdueWork(
            "reminder_not_sent", min(each.day for each in late), sum(each.count for each in late)
        )
    if mailbox_read_at is not None and now - mailbox_read_at > _MAILBOX_UNREAD:
        yield OverdueWork("mailbox_not_read", mailbox_read_at.astimezone(now.tzinfo).date(), 1)

"""Hours of sending: by the addressee's clock, on both nights on which it changes, and what waits for them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from msgspec import json
from msgspec.structs import replace

from dunning_svc.domain.expected.overdue import Unsent, overdue
from dunning_svc.domain.ladder.explain import explain
from dunning_svc.domain.policy.checks import PolicyContradicts, require_consistent
from dunning_svc.domain.policy.hours import hours_for, leaves_on, may_leave
from dunning_svc.domain.policy.written import document_of, written
from dunning_svc.outbox.dispatch import Dispatcher
from dunning_svc.outbox.hours import hour_of
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.contracts.events.dunning.document import PolicyHours
from encours.contracts.events.dunning.reminders import ReminderRequested, SendingHours
from encours.kernel.time_zones import time_zone_of
from encours.ledger.model import Clock
from tests.histories.dunning import History
from tests.histories.letters import CREDITOR, CUSTOMER, reminder
from tests.histories.policies import written_policy

HOURS = {"from": "09:00", "until": "17:30"}
PARIS = SendingHours(from_time="09:00", until_time="17:30", time_zone="Europe/Paris", business_days_of="FR")
NEW_YORK = replace(PARIS, time_zone="America/New_York", business_days_of=None)
FRIDAY, MONDAY, TUESDAY = date(2026, 4, 3), date(2026, 4, 6), date(2026, 4, 7)
"""The Monday is Easter Monday, no business day in France."""


def local(day: date, clock: str, zone: str = "Europe/Paris") -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "clock", "leaves"),
    [
        (FRIDAY, "08:59", False),
        (FRIDAY, "09:00", True),
        (FRIDAY, "16:59", True),
        (FRIDAY, "17:29", True),
        (FRIDAY, "17:30", False),
        (date(2026, 4, 4), "12:00", False),
        (MONDAY, "12:00", False),
        (TUESDAY, "09:00", True),
    ],
)
def test_a_message_leaves_within_the_hours_of_a_business_day(day: date, clock: str, leaves: bool) -> None:
    assert may_leave(PARIS, local(day, clock)) is leaves


def test_hours_are_those_of_the_addressee_and_not_of_the_creditor() -> None:
    assert not may_leave(NEW_YORK, local(FRIDAY, "14:59"))
    assert may_leave(NEW_YORK, local(FRIDAY, "15:00"))
    assert may_leave(NEW_YORK, local(FRIDAY, "23:29"))
    assert may_leave(None, local(FRIDAY, "03:00"))


@pytest.mark.parametrize(("day", "hours_open"), [(date(2026, 3, 29), 2), (date(2026, 10, 25), 4)])
def test_in_a_night_on_which_the_clock_changes_a_window_is_an_hour_shorter_or_longer(
    day: date, hours_open: int
) -> None:
    """Three hours by the clock, from one to four: the hour from two to three is missing, or passes twice."""
    night = replace(PARIS, from_time="01:00", until_time="04:00", business_days_of=None)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=3)
    minutes = [start + timedelta(minutes=n) for n in range(8 * 60)]
    left = [each for each in minutes if may_leave(night, each)]
    assert len(left) == 60 * hours_open
    assert left == [left[0] + timedelta(minutes=n) for n in range(len(left))], "one window, not two"
    assert leaves_on(night, day, left[0]) == day


@pytest.mark.parametrize(
    ("known", "on"),
    [
        (local(FRIDAY, "06:00"), FRIDAY),
        (local(FRIDAY, "16:59"), FRIDAY),
        (local(FRIDAY, "17:30"), TUESDAY),
        (local(MONDAY, "10:00"), TUESDAY),
    ],
)
def test_what_is_decided_too_late_leaves_on_the_next_business_day(known: datetime, on: date) -> None:
    assert leaves_on(PARIS, known.date(), known) == on
    assert leaves_on(None, FRIDAY, known) == FRIDAY


def test_each_country_has_one_zone_and_an_unknown_one_the_universal_time() -> None:
    found = [time_zone_of(each) for each in ("FR", "GB", "US", "AU", "PT", "XX")]
    assert found == [
        "Europe/Paris", "Europe/London", "America/New_York", "Australia/Sydney", "Europe/Lisbon", "UTC",
    ]  # fmt: skip


def decided(**more: Any) -> tuple[History, ReminderRequested]:
    history = History()
    history.activate_document("own", document_of(written_policy(hours=HOURS, **more)))
    history.issue(2, 5_000)
    while not history.decided or not isinstance(history.decided[-1][1], ReminderRequested):
        history.open_day()
    request = history.decided[-1][1]
    assert isinstance(request, ReminderRequested)
    return history, request


def test_a_decision_has_its_hours_which_are_explained_and_shown() -> None:
    history, request = decided(acts_on="business_days")
    assert request.hours == PARIS
    policy = history.rows.policies().version_of(request.basis)
    assert (
        "The message leaves between 09:00 and 17:30, time of Europe/Paris, on business days (FR)."
        in explain(request, policy, "en").reasons
    )
    assert (
        "Le message part entre 09:00 et 17:30, heure de Europe/Paris, les jours ouvrés (FR)."
        in explain(request, policy, "fr").reasons
    )
    row = history.rows.get(ReminderRow, request.reminder_id)
    assert row is not None
    assert row.leaves_on == request.day
    assert decided()[1].hours == replace(PARIS, business_days_of=None)


def test_the_policy_may_name_the_zone_and_a_document_without_hours_is_written_as_before() -> None:
    named = PolicyHours(from_time="09:00", until_time="24:00", time_zone="America/Los_Angeles")
    hours = hours_for(named, "US", business_days=True)
    assert (hours.time_zone, hours.business_days_of) == ("America/Los_Angeles", "US")
    plain = written_policy(hours=HOURS | {"time_zone": "Pacific/Auckland"})
    assert document_of(written(document_of(plain))) == document_of(plain)
    assert b"hours" not in json.encode(document_of(written_policy()))


def test_hours_of_less_than_two_hours_are_refused() -> None:
    with pytest.raises(PolicyContradicts) as refused:
        require_consistent(document_of(written_policy(hours={"from": "09:00", "until": "10:59"})))
    assert [each.pointer for each in refused.value.errors] == ["/hours/until"]
    require_consistent(document_of(written_policy(hours={"from": "22:00", "until": "24:00"})))


async def test_outside_its_hours_a_message_is_handed_to_nobody() -> None:
    """Neither attempts nor carriers are touched: they are None here."""
    none: Any = None
    open_carriers = cast(Any, SimpleNamespace(is_down=lambda _channel: False))
    asked = reminder(hours=PARIS)
    outgoing = [OutgoingReminder(asked, CUSTOMER, CREDITOR)]
    dispatcher = Dispatcher(cast(Any, _At(local(FRIDAY, "17:30"))), none, none, open_carriers)
    assert await dispatcher.dispatch("main", outgoing) == outgoing
    dispatcher = Dispatcher(cast(Any, _At(local(FRIDAY, "17:29"))), none, none, open_carriers)
    with pytest.raises(AttributeError):
        await dispatcher.dispatch("main", outgoing)


async def test_a_clock_that_was_set_shows_days_and_no_hours() -> None:
    info: Any = SimpleNamespace(name="try", clock_at=local(FRIDAY, "03:00"))
    assert await hour_of(cast(Any, _At(local(FRIDAY, "03:00"))), info) is None


class _At:
    """A ledger at a time."""

    def __init__(self, now: datetime) -> None:
        self._clock = Clock(now, now.date())

    async def info(self, name: str) -> Any:
        return SimpleNamespace(name=name, clock_at=None)

    async def today(self, _name: str) -> date:
        return self._clock.today

    async def clock(self, _name: str) -> Clock:
        return self._clock


def test_no_alarm_is_raised_for_a_message_that_waits_for_its_hours() -> None:
    """Known on Good Friday after hours: it leaves on Tuesday, so it is late on Wednesday."""
    waiting = Unsent(leaves_on(PARIS, FRIDAY, local(FRIDAY, "18:00")), "BE", 1)

    def late(day: date) -> list[date]:
        return [work.since for work in overdue(local(day, "12:00"), day, [], [waiting])]

    assert late(TUESDAY) == []
    assert late(TUESDAY + timedelta(days=1)) == [TUESDAY]
    assert late(MONDAY) == []

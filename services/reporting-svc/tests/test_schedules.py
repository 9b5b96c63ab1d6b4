"""Given a rule, the due moments are those that a calendar on the wall shows."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from encours.contracts.events.report import ReportDocument
from encours.contracts.events.schedule import (
    DueDayRule,
    ReportMailRequested,
    ScheduledMail,
    ScheduleRan,
    ScheduleSet,
    ScheduleStopped,
)
from encours.kernel.bands import STANDARD
from encours.kernel.business_days import business_calendar
from encours.kernel.errors import Invalid
from encours.testing.events import event
from encours.testing.history import recorded
from reporting_svc.domain.report.document import plan_of
from reporting_svc.domain.report.table import ReportRows
from reporting_svc.domain.schedule.overdue import overdue_runs
from reporting_svc.domain.schedule.rule import due_at, due_days, due_moments, next_due, period_of
from reporting_svc.domain.schedule.state import (
    ReportSchedule,
    ScheduleHasEnded,
    ScheduleNotFound,
    SetSchedule,
    end,
    evolve,
    set_schedule,
)
from reporting_svc.http.schedules.bodies import ReportScheduleBody
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import TiedFigures
from reporting_svc.reports.message import ATTACHED_BYTES_MAX, report_text
from reporting_svc.reports.run import ReportRun

FRANCE = business_calendar("FR")
PARIS = "Europe/Paris"
MAY = (date(2026, 5, 1), date(2026, 5, 31))
MINE, OTHER = "key:mine", "key:other"
MAIL = ScheduledMail(report_id="rpt_1", format="csv", recipients=("a@firm.example",), language="en")


def days(rule: DueDayRule) -> list[int]:
    return [day.day for day in due_days(rule, FRANCE, *MAY)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (DueDayRule(frequency="weekly", hour=7, weekday=5), [1, 8, 15, 22, 29]),
        # 1 and 8 May, Ascension and Whit Monday are holidays.
        (DueDayRule(frequency="weekly", hour=7, weekday=5, shift="following"), [4, 11, 15, 22, 29]),
        (DueDayRule(frequency="weekly", hour=7, weekday=1, shift="preceding"), [4, 11, 18, 22]),
        (DueDayRule(frequency="monthly", hour=7, day=31), [31]),
        (DueDayRule(frequency="monthly", hour=7, day=31, shift="preceding"), [29]),
        (DueDayRule(frequency="monthly", hour=7, day=1, shift="following"), [4]),
        (DueDayRule(frequency="monthly", hour=7, business_day=1), [4]),
        (DueDayRule(frequency="monthly", hour=7, business_day=3), [6]),
        (DueDayRule(frequency="daily", hour=7), list(range(1, 32))),
    ],
)
def test_due_days_are_those_of_the_calendar(rule: DueDayRule, expected: list[int]) -> None:
    assert days(rule) == expected


def test_a_daily_schedule_with_a_shift_is_due_on_business_days() -> None:
    found = due_days(DueDayRule(frequency="daily", hour=7, shift="following"), FRANCE, *MAY)
    assert found == [
        MAY[0] + timedelta(n) for n in range(31) if FRANCE.is_business_day(MAY[0] + timedelta(n))
    ]


def test_the_day_of_a_shorter_month_is_its_last_one() -> None:
    rule = DueDayRule(frequency="monthly", hour=7, day=30)
    assert due_days(rule, FRANCE, date(2026, 2, 1), date(2026, 3, 31)) == [
        date(2026, 2, 28),
        date(2026, 3, 30),
    ]


def test_the_hour_is_on_the_clock_of_the_entity_in_summer_and_winter() -> None:
    rule = DueDayRule(frequency="daily", hour=7)
    assert due_at(rule, date(2026, 1, 5), PARIS) == datetime(2026, 1, 5, 6, tzinfo=UTC)
    assert due_at(rule, date(2026, 7, 5), PARIS) == datetime(2026, 7, 5, 5, tzinfo=UTC)
    assert due_at(rule, date(2026, 1, 5), "America/New_York") == datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_after_an_outage_the_latest_moment_runs_and_the_others_are_counted() -> None:
    rule = DueDayRule(frequency="daily", hour=7)
    since = datetime(2026, 1, 5, 6, tzinfo=UTC)
    assert due_moments(rule, FRANCE, PARIS, since, since + timedelta(hours=23)) == []
    moments = due_moments(rule, FRANCE, PARIS, since, since + timedelta(days=4, hours=1))
    assert (moments[-1].day, moments[-1].at) == (date(2026, 1, 9), since + timedelta(days=4))
    assert len(moments) == 4
    assert due_moments(rule, FRANCE, PARIS, moments[-1].at, since + timedelta(days=4, hours=1)) == []


def test_what_is_not_run_in_time_and_what_was_missed_is_overdue() -> None:
    state = made()
    assert state.current is not None
    begun = state.since
    due = due_moments(state.current.due_rule, FRANCE, PARIS, begun, begun + timedelta(days=3))
    last = due[-1].at

    def overdue(of: ReportSchedule, now: datetime) -> list[tuple[str, date, int]]:
        return [(each.kind, each.since, each.count) for each in overdue_runs(of, FRANCE, PARIS, now)]

    assert overdue(state, due[0].at + timedelta(minutes=14)) == []
    assert overdue(state, due[0].at + timedelta(minutes=15)) == [("schedule_not_run", due[0].day, 1)]
    assert overdue(state, last + timedelta(hours=1)) == [("schedule_not_run", due[0].day, len(due))]
    ran = event(ScheduleRan, report_schedule_id="scd_1", due_at=last.isoformat(), missed=len(due) - 1)
    after = evolve(state, recorded(ran, entity="ent_1"))
    assert overdue(after, last + timedelta(hours=1)) == [("schedule_missed", last.date(), len(due) - 1)]
    whole = evolve(state, recorded(replace(ran, missed=0), entity="ent_1"))
    assert overdue(whole, last + timedelta(hours=1)) == []
    stopped = ScheduleStopped(report_schedule_id="scd_1", why="revoked")
    assert overdue(evolve(state, recorded(stopped, entity="ent_1")), last + timedelta(hours=1)) == []


def test_moments_are_missed_for_four_hundred_days_at_most() -> None:
    rule, now = DueDayRule(frequency="daily", hour=7), datetime(2026, 1, 5, 12, tzinfo=UTC)
    moments = due_moments(rule, FRANCE, PARIS, now - timedelta(days=1000), now)
    assert (len(moments), moments[0].day) == (401, date(2026, 1, 5) - timedelta(days=400))


def test_the_next_moment_of_a_monthly_rule_is_up_to_two_months_ahead() -> None:
    rule = DueDayRule(frequency="monthly", hour=7, day=1, shift="preceding")
    due = next_due(rule, FRANCE, PARIS, datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert due == datetime(2026, 7, 31, 5, tzinfo=UTC), "1 August is a Saturday"
    rule = DueDayRule(frequency="monthly", hour=7, day=31)
    due = next_due(rule, FRANCE, PARIS, datetime(2026, 5, 31, 12, tzinfo=UTC))
    assert due == datetime(2026, 6, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize("hour", [0, 2, 23])
def test_whenever_it_is_looked_at_each_moment_is_acted_on_or_counted_once(hour: int) -> None:
    rule = DueDayRule(frequency="daily", hour=hour, shift="following")
    since = at = datetime(2026, 3, 25, 12, tzinfo=UTC)
    acted, missed, due = 0, 0, set[datetime]()
    while at < datetime(2026, 4, 20, tzinfo=UTC):
        if moments := due_moments(rule, FRANCE, PARIS, since, at):
            assert since < moments[0].at <= moments[-1].at <= at
            since, acted, missed = moments[-1].at, acted + 1, missed + len(moments) - 1
            due.add(since)
        following = next_due(rule, FRANCE, PARIS, at)
        assert following is not None
        assert following > at
        at += timedelta(hours=31)
    expected = due_days(rule, FRANCE, date(2026, 3, 25), since.astimezone(ZoneInfo(PARIS)).date())
    begun = datetime(2026, 3, 25, 12, tzinfo=UTC)
    assert acted + missed == sum(due_at(rule, day, PARIS) > begun for day in expected)
    assert acted == len(due)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("last_month", "2026-04-01", "2026-04-30"),
        ("last_quarter", "2026-01-01", "2026-03-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("month_to_date", "2026-05-01", "2026-05-06"),
        ("year_to_date", "2026-01-01", "2026-05-06"),
    ],
)
def test_a_period_follows_the_due_day(period: Any, first: str, last: str) -> None:
    assert period_of(period, date(2026, 5, 6)) == (date.fromisoformat(first), date.fromisoformat(last))


BODY: dict[str, Any] = {
    "name": "Mondays",
    "rule": {"frequency": "weekly", "weekday": 1},
    "mail": {"report_id": "rpt_" + "0" * 32, "recipients": ["a@firm.example"]},
}
EXPORT = {"kind": "fec", "entity_id": "ent_" + "0" * 32, "period": "last_month"}


@pytest.mark.parametrize(
    "fields",
    [
        {"mail": None},
        {"export": EXPORT},
        {"rule": {"frequency": "weekly"}},
        {"rule": {"frequency": "daily", "weekday": 1}},
        {"rule": {"frequency": "monthly"}},
        {"rule": {"frequency": "monthly", "day": 1, "business_day": 1}},
        {"rule": {"frequency": "monthly", "day": 32}},
        {"rule": {"frequency": "daily", "hour": 24}},
        {"rule": {"frequency": "hourly"}},
        {"mail": BODY["mail"] | {"recipients": []}},
        {"mail": BODY["mail"] | {"recipients": ["nobody"]}},
        {"mail": BODY["mail"] | {"recipients": ["a@b.example\r\nBcc: c@d.example"]}},
        {"name": "a\nb"},
    ],
)
def test_a_schedule_that_contradicts_itself_is_refused(fields: dict[str, Any]) -> None:
    assert ReportScheduleBody.model_validate(BODY).to_command("scd_1").mail is not None
    with pytest.raises(ValidationError):
        ReportScheduleBody.model_validate(BODY | fields)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"layout": "csv"}, "/export/layout"),
        ({"kind": "journal"}, "/export/layout"),
        ({"kind": "journal", "layout": "sage", "group_by": "segment"}, "/export/group_by"),
        ({"kind": "open_items", "layout": "sage"}, "/export/layout"),
        ({"kind": "open_items", "layout": "csv", "group_by": "segment"}, "/export/group_by"),
        ({"kind": "open_items", "layout": "csv", "accounts": {"sales": "706000"}}, "/export/accounts"),
        ({"kind": "aged_balance", "layout": "csv", "bands": "60,30"}, "/export/bands"),
    ],
)
def test_an_export_that_contradicts_itself_is_refused_where_it_does(
    fields: dict[str, Any], pointer: str
) -> None:
    body = ReportScheduleBody.model_validate(BODY | {"mail": None, "export": EXPORT | fields})
    with pytest.raises(Invalid) as refused:
        body.to_command("scd_1")
    assert [each.pointer for each in refused.value.errors] == [pointer]


def test_an_unknown_group_is_answered_with_those_that_exist() -> None:
    export = EXPORT | {"kind": "aged_balance", "layout": "csv", "group_by": "tags"}
    with pytest.raises(ValidationError, match="or field: and the code of a custom field"):
        ReportScheduleBody.model_validate(BODY | {"mail": None, "export": export})


def made() -> ReportSchedule:
    command = SetSchedule("scd_1", "Mondays", DueDayRule(frequency="daily", hour=7), MAIL, None)
    (event_,) = set_schedule(ReportSchedule(), command, MINE)
    return evolve(ReportSchedule(), recorded(event_, entity="ent_1"))


def test_a_schedule_that_stopped_goes_on_when_it_is_set_again_and_one_that_ended_does_not() -> None:
    state = made()
    command = SetSchedule("scd_1", "Mondays", DueDayRule(frequency="daily", hour=7), MAIL, None)
    assert state.is_active
    assert set_schedule(state, command, MINE) == []
    stopped = evolve(
        state, recorded(ScheduleStopped(report_schedule_id="scd_1", why="revoked"), entity="ent_1")
    )
    assert not stopped.is_active
    (again,) = set_schedule(stopped, command, MINE)
    assert evolve(stopped, recorded(again, entity="ent_1")).is_active
    ended = evolve(state, recorded(end(state, "scd_1", MINE)[0], entity="ent_1"))
    assert end(ended, "scd_1", MINE) == []
    with pytest.raises(ScheduleHasEnded):
        set_schedule(ended, command, MINE)


def test_the_schedule_of_another_is_not_there() -> None:
    with pytest.raises(ScheduleNotFound):
        end(made(), "scd_1", OTHER)
    with pytest.raises(ScheduleNotFound):
        set_schedule(
            made(), SetSchedule("scd_1", "x", DueDayRule(frequency="daily", hour=7), MAIL, None), OTHER
        )


def test_runs_and_missed_moments_are_added_up() -> None:
    state = made()
    for n in (0, 3):
        ran = event(ScheduleRan, report_schedule_id="scd_1", due_at="2036-01-05T06:00:00+00:00", missed=n)
        state = evolve(state, recorded(ran, entity="ent_1"))
    assert (state.runs, state.missed, state.since) == (2, 3, datetime(2036, 1, 5, 6, tzinfo=UTC))
    assert isinstance(state.current, ScheduleSet)


@pytest.mark.parametrize(
    ("size", "said"), [(ATTACHED_BYTES_MAX, "attached"), (ATTACHED_BYTES_MAX + 1, "6 MB")]
)
def test_a_file_that_is_too_large_is_named_and_not_attached(size: int, said: str) -> None:
    mail = event(
        ReportMailRequested, report_name="<b>Debts</b>", report_id="rpt_1", report_schedule_id="scd_1",
        as_of=date(2026, 3, 31), position=7, format="csv", language="en",
    )  # fmt: skip
    plan = plan_of(ReportDocument(source="open_items", columns=("number",)))
    run = ReportRun(plan, Scope(), None, ReportRows(plan, mail.as_of).table(), ())
    text = report_text(mail, run, size)
    assert said in text.text
    assert ("/v1/reports/rpt_1/run?format=csv&as_of=2026-03-31&known_at=7" in text.text) == (
        said != "attached"
    )
    assert "<b>" not in text.html.partition("<body>")[2]
    assert "DELETE /v1/schedules/scd_1" in text.text
    assert (text.subject, text.text.partition("\n")[0]) == (
        "Report <b>Debts</b> as of 2026-03-31",
        "Rows: 0.",
    )


def test_a_mail_in_french_has_days_and_amounts_as_they_are_written_there() -> None:
    mail = event(
        ReportMailRequested, report_name="Créances", report_id="rpt_1", as_of=date(2026, 3, 31), language="fr"
    )
    plan = plan_of(ReportDocument(source="open_items", columns=("number",), limit=1))
    found = ReportRows(plan, mail.as_of)
    found.add({"number": f"FAC-{n}", "currency": "EUR"} for n in range(3))
    figures = dataclasses.replace(Figures.none("EUR", STANDARD), ledger=123_450)
    run = ReportRun(plan, Scope(), None, found.table(), (TiedFigures(figures),))
    text = report_text(mail, run, 1)
    assert text.subject == "État Créances au 31/03/2026"
    assert text.text.splitlines()[:6:2] == [
        "Lignes : 1.",
        "Autres lignes, au-delà de la limite de l'état : 2.",
        "Rapproché du compte clients : 1\u202f234,50\u00a0EUR.",
    ]

"""Scheduled statements: one for each period, none left out, whenever the days are opened."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.events.money.statement import StatementBalance
from invoice_svc.domain.customer.merge import MergeCustomer
from invoice_svc.domain.statement_schedule.commands import ScheduleStatements, schedule_id
from invoice_svc.domain.statement_schedule.decide import StatementContent
from invoice_svc.use_cases.folds import STATEMENT_SCHEDULE
from invoice_svc.use_cases.parties import customers, statements

STREAM = schedule_id("cus_1")
MONTHLY = "FREQ=MONTHLY;BYMONTHDAY=1"
EMPTY = StatementContent(("cus_1",), (), "0" * 64)
FULL = StatementContent(
    ("cus_1",),
    (StatementBalance(currency="EUR", opening_minor=0, debit_minor=5, credit_minor=5, closing_minor=0),),
    "1" * 64,
)


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def scheduled(rule: str | None = MONTHLY, since: date | None = None, **more: Any) -> ScheduleStatements:
    values: dict[str, Any] = {"scope": "own", "language": None, "even_if_nothing": False} | more
    return ScheduleStatements("cus_1", rule, since, **values)


def opened(books: Any, today: date, content: StatementContent = FULL) -> None:
    """Let a day open: all that is due is decided."""

    async def read(*_: Any) -> StatementContent:
        return content

    for _ in range(50):
        done = books.do(statements.decide_next, STREAM, today, 7, read, today=today)
        if not done.events:
            return


def periods(books: Any) -> list[tuple[date, date]]:
    return [(each.first_day, each.last_day) for each in books.state(STATEMENT_SCHEDULE, STREAM).decided]


def test_a_statement_is_due_on_each_date_of_the_rule_for_the_days_since_the_one_before(firm: Any) -> None:
    firm.do(statements.schedule, scheduled(since=day(10)), today=day(10))
    for number in range(60):
        opened(firm, day(11) + timedelta(days=number))
    assert periods(firm) == [(day(10), day(30)), (day(1, 7), day(31, 7))]


@pytest.mark.parametrize("gaps", [(31, 7, 30, 1), (90, 1), (1,) * 90])
def test_an_outage_leaves_no_period_out_and_decides_none_twice(firm: Any, gaps: tuple[int, ...]) -> None:
    firm.do(statements.schedule, scheduled("FREQ=WEEKLY;BYDAY=MO", day(1)), today=day(1))
    today = day(1)
    for gap in gaps:
        today += timedelta(days=gap)
        opened(firm, today)
        opened(firm, today)
    found = periods(firm)
    assert found[0] == (day(1), day(7))
    assert all(later[0] == earlier[1] + timedelta(days=1) for earlier, later in itertools.pairwise(found))
    assert today - timedelta(days=7) <= found[-1][1] < today


def test_another_rule_goes_on_where_the_statements_have_ended(firm: Any) -> None:
    firm.do(statements.schedule, scheduled(since=day(1)), today=day(1))
    opened(firm, day(1, 7))
    firm.do(statements.schedule, scheduled("FREQ=WEEKLY;BYDAY=MO", day(15, 7)), today=day(10, 7))
    opened(firm, day(20, 7))
    assert periods(firm) == [(day(1), day(30)), (day(1, 7), day(19, 7))]
    firm.do(statements.schedule, scheduled(None), today=day(21, 7))
    opened(firm, day(1, 12))
    assert len(periods(firm)) == 2
    firm.do(statements.schedule, scheduled(since=day(5, 12)), today=day(5, 12))
    assert firm.state(STATEMENT_SCHEDULE, STREAM).periods.next_from == day(5, 12)


def test_nothing_is_sent_without_entry_and_balance_unless_it_is_asked_for(firm: Any) -> None:
    firm.do(statements.schedule, scheduled(since=day(1)), today=day(1))
    opened(firm, day(1, 7), EMPTY)
    firm.do(statements.schedule, scheduled(even_if_nothing=True), today=day(2, 7))
    opened(firm, day(1, 8), EMPTY)
    opened(firm, day(1, 9), FULL)
    decided = firm.state(STATEMENT_SCHEDULE, STREAM).decided
    assert [(each.outcome, each.at_position, each.language) for each in decided] == [
        ("nothing", 7, "fr"),
        ("due", 7, "fr"),
        ("due", 7, "fr"),
    ]


def test_a_record_that_is_merged_has_no_statement_of_its_own(firm: Any, make: Any) -> None:
    firm.do(customers.register, make.customer("cus_2"))
    firm.do(statements.schedule, scheduled(since=day(1)), today=day(1))
    firm.do(customers.merge, MergeCustomer("cus_1", "cus_2", on=day(20)))
    opened(firm, day(1, 7))
    assert firm.state(STATEMENT_SCHEDULE, STREAM).decided[0].outcome == "merged"
    with make.refused("customer-merged"):
        firm.do(statements.schedule, scheduled("FREQ=DAILY"), today=day(1, 7))


def test_a_rule_without_a_date_and_a_start_long_ago_are_refused(firm: Any, make: Any) -> None:
    for wrong in (scheduled("FREQ=HOURLY"), scheduled(since=date(2020, 1, 1))):
        with make.refused("invalid-request"):
            firm.do(statements.schedule, wrong)
    firm.do(statements.schedule, scheduled(since=day(1)), today=day(1))
    before = len(firm.ledger.events)
    firm.do(statements.schedule, scheduled(), today=day(9))
    assert len(firm.ledger.events) == before, "the same rule again records nothing"

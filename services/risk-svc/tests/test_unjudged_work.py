"""Early warnings that are overdue, and when they become so."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from encours.contracts.events.credit_warning import ConcentrationRule, WarningRules, WarningRulesSet
from encours.testing.events import event
from risk_svc.domain.warning.episode import rules_of
from risk_svc.domain.warning.unjudged import UnjudgedCustomer, UnjudgedWork, rules_on, unjudged

THURSDAY, FRIDAY, SATURDAY = (date(2026, 3, day) for day in (5, 6, 7))
ENTITY, OTHER = f"ent_{1:032x}", f"ent_{2:032x}"
ALL_OFF = WarningRules(**dict.fromkeys(WarningRules.__struct_fields__))
ONE_ON = replace(ALL_OFF, concentration=ConcentrationRule(share_bps=1_000, least_debtors=1))


def told(hour: int, day: date, *opened: tuple[int, date], since: int | None = 10) -> list[UnjudgedWork]:
    now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return list(unjudged(now, opened, {} if since is None else {ENTITY: since}, []))


@pytest.mark.parametrize(
    ("hour", "day", "since", "late"),
    [
        (23, THURSDAY, 10, 0),
        (6, FRIDAY, 10, 0),
        (7, FRIDAY, 10, 1),
        (7, SATURDAY, 10, 2),
        (7, SATURDAY, 11, 1),
        (7, SATURDAY, 12, 0),
        (7, SATURDAY, None, 0),
    ],
)
def test_a_day_is_judged_by_seven_of_the_next_where_rules_were_on(
    hour: int, day: date, since: int | None, late: int
) -> None:
    found = told(hour, day, (11, THURSDAY), (12, FRIDAY), since=since)
    first = FRIDAY if since == 11 else THURSDAY
    assert [(each.kind, each.since, each.count) for each in found] == (
        [("warnings_not_judged", first, late)] if late else []
    )
    for each in found:
        assert each.detail == f"The early warnings of {first} have not been judged."
        assert "worker of risk-svc" in each.remedy


def test_a_customer_without_a_judgement_is_told_at_once_while_rules_are_on() -> None:
    failed = [
        UnjudgedCustomer(ENTITY, f"cus_{number:032x}", day, "ValueError: no date")
        for number, day in enumerate((FRIDAY, THURSDAY))
    ]
    now = datetime(2026, 3, 6, 8, tzinfo=UTC)
    (found,) = unjudged(now, [], {ENTITY: 3}, failed)
    assert (found.kind, found.since, found.count) == ("customers_not_judged", THURSDAY, 2)
    assert f"2 customers, the first cus_{1:032x} (ValueError: no date)" in found.detail
    assert list(unjudged(now, [], {OTHER: 3}, failed)) == []


def test_rules_are_on_from_the_first_that_raises_a_warning() -> None:
    def put(position: int, entity: str, rules: WarningRules) -> tuple[int, WarningRulesSet]:
        made: WarningRulesSet = event(
            WarningRulesSet, warning_rules_id=rules_of(entity), entity_id=entity, version=1, rules=rules
        )
        return position, made

    story = [
        put(1, ENTITY, ONE_ON), put(2, OTHER, ALL_OFF), put(3, ENTITY, ONE_ON),
        put(4, ENTITY, ALL_OFF), put(5, OTHER, ONE_ON), put(6, ENTITY, ONE_ON),
    ]  # fmt: skip
    assert [rules_on(story[:upto]) for upto in (1, 3, 4, 6)] == [
        {ENTITY: 1}, {ENTITY: 1}, {}, {OTHER: 5, ENTITY: 6},
    ]  # fmt: skip

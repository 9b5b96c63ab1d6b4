"""Premium of the turnover that is declared to the insurer: its rate, the minimum of a year, and both dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from encours.contracts.events.insurance import InsuranceContractSet, PremiumRule, TurnoverPeriod, TurnoverRule
from encours.kernel.errors import Invalid
from encours.testing.memory import TODAY
from risk_svc.domain.insurance import contract, deadline
from risk_svc.domain.insurance.deadlines import InsuranceDeadline
from risk_svc.domain.insurance.premium import YearPremium, periods_of, premiums
from risk_svc.use_cases import insurance
from tests.histories.insurance import CONTRACT, TERMS, desk_with_contract

RULE = PremiumRule(rate_ppm=1_800, minimum_minor=9_000_00)
"""0.18 % of the turnover, 9,000.00 a year at least."""
JAN = date(2026, 1, 1)


def content(
    period: TurnoverPeriod = "quarter", valid_from: date = JAN, valid_until: date | None = None
) -> InsuranceContractSet:
    declares = TurnoverRule(period=period, within_days=30)
    terms = with_fields(TERMS, turnover=declares, premium=RULE)
    command = replace(CONTRACT, terms=terms, valid_from=valid_from, valid_until=valid_until)
    made: InsuranceContractSet = contract.set_contract(contract.InsuranceContract(), command)[0]
    return made


def years(
    versions: list[tuple[date, InsuranceContractSet]], declared: dict[str, int], day: date
) -> list[YearPremium]:
    names = {each.deadline_id: each.name for each in periods_of(versions[-1][1], day)}

    def state(deadline_id: str) -> deadline.DeadlineState:
        return deadline.DeadlineState(turnover_minor=declared.get(names[deadline_id]), currency="EUR")

    return premiums(versions, state, day)


QUARTERS = {
    "2026-Q1": 1_250_000_00, "2026-Q2": 980_500_50, "2026-Q3": 1_100_000_00, "2026-Q4": 1_300_333_33,
}  # fmt: skip


def test_the_worked_figure_of_a_year_below_its_minimum() -> None:
    """2,250.00 + 1,764.90 + 1,980.00 + 2,340.60 = 8,335.50, so that 9,000.00 are due; without the minimum 8,335.50."""
    [first, second] = years([(JAN, content())], QUARTERS, date(2027, 1, 15))
    assert [each.premium_minor for each in first.periods] == [2_250_00, 1_764_90, 1_980_00, 2_340_60]
    assert (first.turnover_minor, first.premium_minor, first.due_minor) == (4_630_833_83, 8_335_50, 9_000_00)
    assert (first.first, first.last, first.complete) == (JAN, date(2026, 12, 31), True)
    more = QUARTERS | {"2026-Q4": 2_000_000_00}
    assert years([(JAN, content())], more, date(2027, 1, 15))[0].due_minor == 9_594_90
    assert ([each.period.name for each in second.periods], second.complete) == (["2027-Q1"], False)


def test_a_year_is_complete_once_its_last_period_has_ended_and_all_are_declared() -> None:
    last = date(2026, 12, 31)
    assert not years([(JAN, content())], QUARTERS, last)[0].complete
    without = {each: minor for each, minor in QUARTERS.items() if each != "2026-Q2"}
    [year, _] = years([(JAN, content())], without, last + timedelta(days=1))
    assert (year.complete, year.periods[1].premium_minor, year.premium_minor) == (False, None, 6_570_60)
    assert years([(JAN, content())], QUARTERS | {"2026-Q2": 0}, last + timedelta(days=1))[0].complete


def test_the_rate_of_a_period_is_that_in_force_as_it_ends() -> None:
    """The first rate holds for periods that ended before the contract was written down."""
    raised = with_fields(content().conditions, premium=with_fields(RULE, rate_ppm=2_000))
    versions = [
        (date(2026, 5, 1), content()),
        (date(2026, 9, 30), with_fields(content(), conditions=raised, version=2)),
    ]
    [year] = years(versions, QUARTERS, date(2026, 12, 1))
    assert [each.rate_ppm for each in year.periods] == [1_800, 1_800, 2_000, 2_000]


@pytest.mark.parametrize(("period", "count"), [("month", 12), ("quarter", 4), ("year", 1)])
def test_each_whole_year_has_all_of_its_periods_wherever_it_begins(
    period: TurnoverPeriod, count: int
) -> None:
    for begins in (JAN, date(2026, 2, 15), date(2026, 4, 1), date(2024, 2, 29)):
        made = content(period, begins)
        found = years([(begins, made)], {}, date(2030, 1, 1))
        assert [len(each.periods) for each in found[:-1]] == [count] * (len(found) - 1)
        for day in (begins + timedelta(days=15 * n) for n in range(75)):
            named = [each.period.name for year in years([(begins, made)], {}, day) for each in year.periods]
            assert named == [each.name for each in periods_of(made, day)]


def test_a_year_is_listed_with_its_first_period_and_has_its_minimum_as_it_begins() -> None:
    """The second year of a contract from 15 February 2026 has the quarter that began on 1 January 2027."""
    made, declared = content(valid_from=date(2026, 2, 15)), {"2027-Q1": 1_000_000_00}
    versions = [(made.valid_from, made)]
    assert len(years(versions, declared, date(2026, 12, 31))) == 1
    for day, minimum in ((date(2027, 1, 1), 0), (date(2027, 2, 14), 0), (date(2027, 2, 15), 9_000_00)):
        first, second = years(versions, declared, day)
        assert [each.period.name for each in first.periods] == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
        assert (second.first, second.last) == (date(2027, 2, 15), date(2028, 2, 14))
        assert [(each.period.name, each.premium_minor) for each in second.periods] == [("2027-Q1", 1_800_00)]
        assert (second.minimum_minor, second.due_minor, second.complete) == (
            minimum,
            minimum or 1_800_00,
            False,
        )
    ends = content(valid_from=date(2026, 2, 15), valid_until=date(2027, 2, 14))
    [only] = years([(ends.valid_from, ends)], declared, date(2027, 1, 1))
    assert [each.period.name for each in only.periods][-1] == "2027-Q1"


def test_a_contract_that_ends_has_no_periods_afterwards() -> None:
    made = content(valid_until=date(2026, 5, 15))
    [year] = years([(JAN, made)], QUARTERS, date(2028, 1, 1))
    assert [(each.period.name, each.period.last) for each in year.periods] == [
        ("2026-Q1", date(2026, 3, 31)),
        ("2026-Q2", date(2026, 5, 15)),
    ]
    assert (year.last, year.complete, year.due_minor) == (date(2026, 5, 15), True, 9_000_00)
    assert years([(JAN, made)], {}, date(2025, 12, 31)) == []


class Declared:
    """The deadline of a declaration."""

    def __init__(self, kind: Any = "turnover") -> None:
        name = next(periods_of(content(), TODAY)).deadline_id
        self.found = InsuranceDeadline(
            name, kind, TODAY, TODAY, "Q1", "EUR", "ent_1", contract.contract_of("C26"), "C26"
        )

    async def of(self, ledger: str, deadline_id: str, day: date) -> InsuranceDeadline:
        return self.found


def test_a_declaration_keeps_its_amount_and_another_amount_corrects_it() -> None:
    desk, found = desk_with_contract(), Declared()
    met = deadline.MeetDeadline(found.found.deadline_id, TODAY, "Q1", None, 1_250_000_00, "EUR")
    assert desk.do(insurance.meet_deadline, met, found) == ["insurance_deadline.met"]
    assert desk.do(insurance.meet_deadline, met, found) == []
    without = replace(met, turnover_minor=None, currency=None)
    assert desk.do(insurance.meet_deadline, without, found) == []
    before = TODAY - timedelta(days=1)
    desk.do(insurance.meet_deadline, replace(without, met_on=before), found)
    assert desk.books.state(insurance.DEADLINE, met.deadline_id).turnover_minor == 1_250_000_00
    assert desk.do(insurance.meet_deadline, replace(met, met_on=None, turnover_minor=5), found) != []
    corrected = desk.books.state(insurance.DEADLINE, met.deadline_id)
    assert (corrected.turnover_minor, corrected.facts.met_on) == (5, before)


def test_an_amount_belongs_to_a_declaration_in_the_currency_of_the_contract() -> None:
    desk = desk_with_contract()
    met = deadline.MeetDeadline(Declared().found.deadline_id, TODAY, None, None, 1, "USD")
    for found, pointer in ((Declared(), "/turnover/currency"), (Declared("overdue_notice"), "/turnover")):
        with pytest.raises(Invalid) as refused:
            desk.do(insurance.meet_deadline, met, found)
        assert [each.pointer for each in refused.value.errors] == [pointer]
    silent = replace(CONTRACT, code="C27", terms=with_fields(TERMS, premium=RULE))
    with pytest.raises(Invalid, match="declarations of turnover"):
        desk.do(insurance.set_contract, silent)

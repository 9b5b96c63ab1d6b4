"""Each measure against the worked figures of the field, and the rules that hold whatever the figures are."""

import re
import shlex
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.kernel.bands import STANDARD, Bands, days_past_due
from encours.kernel.errors import Invalid
from reporting_svc.domain.measures import definitions, dso
from reporting_svc.domain.measures.dso import Month
from reporting_svc.jobs.tie_out import parsed
from reporting_svc.read_models.aged_balance.query import Figures

WORKED = [Month(120_000, 30), Month(80_000, 31), Month(70_000, 30)]


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (-400, "not_due"),
        (0, "not_due"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, "121+"),
        (5000, "121+"),
    ],
)
def test_bands_are_closed_and_the_due_date_itself_is_not_overdue(days: int, band: str) -> None:
    assert STANDARD.names[STANDARD.index(days)] == band


def test_what_is_past_90_days_begins_on_the_91st_and_what_is_overdue_is_still_owed() -> None:
    found = replace(Figures.none("EUR", STANDARD), bands=(1, 2, 4, 8, 16, 32), conceded=3, late_conceded=2)
    assert (found.past_90, found.past_90_share, found.overdue) == (48, Fraction(48, 63), 60)


@pytest.mark.parametrize("name", ["unapplied", "open_items", "ledger"])
def test_figures_tie_out_if_bands_open_items_and_account_are_equal(name: str) -> None:
    found = replace(
        Figures.none("EUR", STANDARD), bands=(1, 2, 4, 8, 16, 32), unapplied=3, open_items=63, ledger=60
    )
    assert found.tied
    assert not replace(found, **{name: getattr(found, name) + 1}).tied


def test_bands_are_chosen_by_their_last_days() -> None:
    assert Bands.parse("15,45").names == ("not_due", "1-15", "16-45", "46+")


@pytest.mark.parametrize(
    "text",
    ["", "30,", "60,30", "30,30", "0,30", "-5", "30;60", "99999", "３０", ",".join(map(str, range(1, 20)))],
)
def test_bands_that_do_not_rise_or_are_no_numbers_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(Invalid):
        Bands.parse(text)


@given(st.sets(st.integers(1, 400), min_size=1, max_size=8), st.integers(-500, 500))
def test_a_day_later_is_the_same_band_or_the_next(edges: set[int], days: int) -> None:
    bands = Bands(tuple(sorted(edges)))
    here, next_day = bands.index(days), bands.index(days + 1)
    assert next_day - here == (days in bands.thresholds)
    assert 0 <= here < len(bands.names)


def test_days_past_due_are_calendar_days() -> None:
    assert days_past_due(date(2024, 2, 28), date(2024, 3, 1)) == 2
    assert days_past_due(date(2026, 3, 31), date(2026, 3, 31)) == 0


def test_countback_takes_the_last_month_pro_rata() -> None:
    found = dso.countback(250_000, WORKED)
    assert found.days == 30 + 31 + Fraction(500, 700) * 30
    assert dso.rounded(found.days) == 82.43
    assert (found.months, found.exhausted) == (3, False)


def test_a_balance_of_the_whole_turnover_of_a_month_ends_with_that_month() -> None:
    found = dso.countback(120_000, WORKED)
    assert (found.days, found.months, found.exhausted) == (Fraction(30), 1, False)
    assert dso.months_back({date(2026, 1, 1): 5}, date(2026, 1, 1)) == [Month(5, 1)]


def test_a_month_with_more_credit_notes_than_sales_counts_its_days_and_adds_to_the_balance() -> None:
    found = dso.countback(250_000, [Month(120_000, 30), Month(-10_000, 31), Month(280_000, 30)])
    assert found.days == 30 + 31 + Fraction(140, 280) * 30


def test_a_balance_older_than_all_turnover_says_so() -> None:
    found = dso.countback(500_000, WORKED)
    assert (found.days, found.exhausted) == (Fraction(91), True)


@pytest.mark.parametrize("balance", [0, -1])
def test_no_balance_is_no_days(balance: int) -> None:
    assert dso.countback(balance, WORKED) == dso.Countback(Fraction(0), 0, exhausted=False)


@given(
    st.integers(1, 10**12),
    st.lists(st.builds(Month, st.integers(1, 10**12), st.integers(28, 31)), min_size=1, max_size=24),
)
def test_countback_and_simple_agree_when_every_day_sells_the_same(balance: int, months: list[Month]) -> None:
    daily = 1_000
    level = [Month(daily * month.days, month.days) for month in months]
    found = dso.countback(balance, level)
    assert found.exhausted or found.days == Fraction(balance, daily)


def test_simple_is_receivables_over_turnover_times_days() -> None:
    assert dso.rounded(dso.simple(250_000, 270_000, 91)) == 84.26
    assert dso.simple(250_000, 0, 91) is None
    assert dso.simple(250_000, -5, 91) is None


def test_days_delinquent_are_what_lateness_adds_to_the_best_possible() -> None:
    actual, best = dso.simple(250_000, 500_000, 90), dso.simple(100_000, 500_000, 90)
    assert dso.delinquent(actual, best) == 27
    assert dso.delinquent(None, best) is None


def measured(overdue: int, unapplied: int) -> dso.Dso:
    not_due = 100_000
    return dso.measure(not_due + overdue - unapplied, not_due, 100_000, WORKED, 90)


@pytest.mark.parametrize(
    ("overdue", "unapplied", "best", "delinquent"),
    [(0, 60_000, 36, 0), (50_000, 0, 90, 45), (50_000, 20_000, 90, 27), (50_000, 60_000, 81, 0)],
)
def test_unapplied_cash_is_taken_off_both_measures_and_off_what_is_due_first(
    overdue: int, unapplied: int, best: int, delinquent: int
) -> None:
    found = measured(overdue, unapplied)
    assert (found.best_possible, found.delinquent) == (Fraction(best), Fraction(delinquent))


@pytest.mark.parametrize(
    ("days", "shown"), [(Fraction(1, 200), 0.01), (Fraction(-1, 200), -0.01), (Fraction(82425, 1000), 82.43)]
)
def test_days_round_half_up(days: Fraction, shown: float) -> None:
    assert dso.rounded(days) == shown


def test_no_two_definitions_share_an_id() -> None:
    ids = [definition.id for definition in definitions.ALL]
    assert len(ids) == len(set(ids))


def test_the_tie_out_of_the_docs_is_a_command_that_the_job_takes() -> None:
    text = (Path(__file__).parents[3] / "docs" / "measures.md").read_text(encoding="utf-8")
    (printed,) = re.findall(r"`python -m reporting_svc tie-out ([^`]+)`", text)
    asked = parsed(shlex.split(printed))
    assert (asked.ledger, len(asked.known_at)) == ("demo", 3)

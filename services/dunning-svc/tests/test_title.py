"""Title without a court: every reason against an invoice, and the days of the procedure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from dunning_svc.domain.title.eligibility import TitleClaim, obstacles
from dunning_svc.http.title.answers import TitleEligibilityList
from encours.legal.title import title_procedure
from tests.histories.dunning import CUS, History

DAY = date(2026, 6, 30)
CLAIM = TitleClaim(
    currency="EUR", due_on=date(2026, 2, 4), open_minor=10_000, disputed_minor=0, planned_minor=0, in_hand_minor=0,
    noticed=True, stayed=False, placed=False,
)  # fmt: skip
LAW = title_procedure("FR", DAY)


def test_a_due_and_uncontested_claim_with_a_formal_notice_is_eligible() -> None:
    assert list(obstacles(CLAIM, LAW, "FR", "FR", DAY)) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"due_on": DAY}, "not_due"),
        ({"disputed_minor": 1}, "disputed"),
        ({"open_minor": 0}, "below_minimum"),
        ({"noticed": False}, "formal_notice_missing"),
        ({"planned_minor": 1}, "on_plan"),
        ({"in_hand_minor": 1}, "instrument_in_hand"),
        ({"stayed": True}, "insolvency"),
        ({"placed": True}, "placed"),
        ({"due_on": date(2021, 6, 29)}, "limitation_passed"),
    ],
)
def test_each_obstacle_is_named(change: dict[str, Any], reason: str) -> None:
    assert list(obstacles(replace(CLAIM, **change), LAW, "FR", "FR", DAY)) == [reason]


def test_all_obstacles_are_named_and_abroad_there_is_no_procedure() -> None:
    claim = replace(CLAIM, disputed_minor=1, placed=True)
    assert list(obstacles(claim, LAW, "FR", "DE", DAY)) == ["debtor_abroad", "disputed", "placed"]
    assert title_procedure("DE", DAY) is None
    assert title_procedure("FR", date(2026, 4, 22)) is None
    assert list(obstacles(CLAIM, None, "DE", "DE", DAY)) == ["no_procedure"]


def test_silence_lasts_a_month_and_the_record_follows_eight_days_later_on_working_days() -> None:
    """14 July is a public holiday: the month from 12 June ends on Monday the 13th, eight days later is the 21st."""
    assert LAW is not None
    assert LAW.contest_until(date(2026, 6, 12)) == date(2026, 7, 13)
    assert LAW.record_from(date(2026, 6, 12)) == date(2026, 7, 21)
    assert LAW.contest_until(date(2026, 6, 14)) == date(2026, 7, 15)


def test_invoices_of_a_customer_are_judged_as_the_ladder_sees_them() -> None:
    history = History()
    history.issue(5, 10_000)
    for _ in range(75):
        history.open_day()
    history.issue(60, 5_000)
    history.today += timedelta(days=60)
    shown = TitleEligibilityList.items(history.rows, [CUS], history.today)
    assert [(each.number, each.reasons) for each in shown] == [
        ("FAC-0001", []), ("FAC-0002", ["not_due", "formal_notice_missing"]),
    ]  # fmt: skip
    history.place(0)
    (first, _) = TitleEligibilityList.items(history.rows, [CUS], history.today)
    assert (first.eligible, first.reasons) == (False, ["placed"])

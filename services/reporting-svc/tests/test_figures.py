"""Given a measured figure, when it is published, then the event has all that it takes to compute it again."""

from datetime import date
from typing import Any, get_args

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from encours.contracts.events.figure import FigureName, FigureParameters, FigurePublished
from encours.kernel.errors import Invalid
from encours.testing.history import recorded
from reporting_svc.domain.figure import (
    FigureQuestion,
    FigureState,
    MeasuredFigure,
    PublishFigure,
    evolve,
    parts_of,
    publish,
    published_values,
    values_of,
)
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.published import MEASURES, NOT_PUBLISHED, FigureParts
from reporting_svc.http.figures.bodies import FigureBody
from reporting_svc.read_models.figures.sources import SOURCES

MARCH = date(2026, 3, 31)
ENTITY = "ent_" + "e" * 32
PLAN = "tpn_" + "1" * 32


def question(name: FigureName, customer_id: str | None = None, **parameters: Any) -> FigureQuestion:
    return FigureQuestion(name, ENTITY, customer_id, "EUR", FigureParameters(as_of=MARCH, **parameters))


DSO = question("dso", days=90)


def published(asked: FigureQuestion) -> FigurePublished:
    parts = FigureParts({"receivables": 250, "turnover": 500}, {"12": 3})
    measured = MeasuredFigure("dso/simple/2", "EUR", 41, parts, values_of(DSO, parts), 250, False)
    return publish(PublishFigure("fig_1", "Closing March 2026", asked, None), measured)


def body(**fields: object) -> FigureBody:
    return FigureBody.model_validate({"figure": "dso", "title": "Closing", "entity_id": ENTITY} | fields)


@pytest.mark.parametrize(
    "asked",
    [
        DSO,
        question("aged-balance", "cus_1", bands="15,45", by="issue_date"),
        question("turnover", first_day=date(2026, 1, 1)),
        question("collection", first_day=date(2026, 1, 1), days=30),
        question("dso", days=90, segment="garages", salesperson="Ann"),
        question("turnover-by-product", first_day=MARCH, product="oil"),
        question("turnover-plan", turnover_plan_id=PLAN),
        question("reminder-yield", first_day=MARCH, step="second", channel="letter"),
        question("cash-forecast", until=date(2026, 5, 1), period="month"),
    ],
)
def test_the_question_can_be_read_from_the_event(asked: FigureQuestion) -> None:
    assert FigureQuestion.of(ENTITY, published(asked)) == asked


def test_the_state_is_the_figure_and_its_entity() -> None:
    event = published(DSO)
    assert evolve(FigureState(), recorded(event, entity=ENTITY)) == FigureState(ENTITY, event)


@pytest.mark.parametrize(
    "fields",
    [
        {"bands": "30,60"},
        {"first_day": "2026-01-01"},
        {"figure": "turnover", "days": 90},
        {"figure": "collection", "by": "issue_date"},
        {"product": "oil"},
        {"figure": "promised", "channel": "letter"},
        {"figure": "turnover-plan", "turnover_plan_id": PLAN, "segment": "garages"},
    ],
)
def test_parameters_of_another_figure_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Leave out the parameters"):
        body(**fields)


def test_a_turnover_beside_a_plan_names_the_plan() -> None:
    with pytest.raises(ValidationError, match="Name the plan"):
        body(figure="turnover-plan")
    command = body(figure="turnover-plan", turnover_plan_id=PLAN).to_command("fig_1", MARCH)
    assert command.question.parameters.turnover_plan_id == PLAN


def test_a_forecast_has_a_horizon() -> None:
    asked = body(figure="cash-forecast").to_command("fig_1", MARCH).question
    assert (asked.until, asked.period, len(asked.ends)) == (date(2026, 6, 30), "week", 14)
    for until, period in (("2026-03-31", "week"), ("2027-05-01", "month"), ("2026-07-02", "day")):
        with pytest.raises(Invalid) as refused:
            body(figure="cash-forecast", until=until, period=period).to_command("fig_1", MARCH)
        assert [each.pointer for each in refused.value.errors] == ["/until"]


def test_bands_that_do_not_rise_are_refused_before_anything_is_published() -> None:
    with pytest.raises(Invalid):
        body(figure="aged-balance", bands="60,30").to_command("fig_1", MARCH)


def test_a_turnover_that_begins_after_its_last_day_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        body(figure="turnover", first_day="2026-04-01").to_command("fig_1", MARCH)
    assert [each.pointer for each in refused.value.errors] == ["/first_day"]


def test_a_figure_of_a_day_to_come_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        body(as_of="2026-04-01").to_command("fig_1", MARCH)
    assert [each.pointer for each in refused.value.errors] == ["/as_of"]


def test_what_was_left_out_of_the_body_is_kept_with_the_figure() -> None:
    assert body().to_command("fig_1", MARCH).question == FigureQuestion(
        "dso", ENTITY, None, None, FigureParameters(as_of=MARCH, days=90)
    )
    turnover = body(figure="turnover").to_command("fig_1", MARCH).question
    assert turnover.parameters.first_day == date(2026, 3, 1)
    collected = body(figure="collection", segment="garages").to_command("fig_1", MARCH).question.parameters
    assert (collected.first_day, collected.days, collected.segment) == (date(2026, 3, 1), 90, "garages")


def test_a_difference_names_the_parts_that_changed() -> None:
    before, after = FigureParts({"a": 1, "b": 2}, {"12": 4}), FigureParts({"a": 1, "b": 5, "c": 3})
    assert after.less(before) == FigureParts({"b": 3, "c": 3}, {"12": -4})
    assert before.plus(after.less(before)) == after


def test_parts_and_values_are_kept_with_the_figure_and_follow_from_the_parts_of_one_that_has_no_values() -> (
    None
):
    event = published(DSO)
    assert (event.days_hundredths, [each.number for each in event.values]) == (4_500, [4_500])
    assert parts_of(event) == FigureParts({"receivables": 250, "turnover": 500}, {"12": 3})
    assert published_values(ENTITY, event) == event.values
    assert published_values(ENTITY, replace(event, values=())) == event.values


AMOUNTS = {
    "opening": 100_000, "sales": 1_000_000, "open": 130_000, "not_due": 100_000, "overdue": 26_000,
    "unapplied": 10_000, "closing": 120_000, "receivables": 120_000, "turnover": 900_000, "past_90": 13_000,
    "recovered": 3, "billed": 4, "at_risk": 1, "old": 8, "promised": 20_000, "placed": 5_000, "insured": 39_000,
}  # fmt: skip
MONTHS = {"receivables": 250_000, "2026-03": 120_000, "2026-02": 80_000, "2026-01": 70_000}
OWN_AMOUNTS: dict[str, dict[str, int]] = {
    "months": MONTHS,
    "delays": {"-10": 100, "60": 150, "12": 50},
    "promises_due": {"promised": 500},
    "promises_broken": {"promised": 500, "missing": 200},
    "products": {"billed": 1_000, "credited": 100, "costed": 800, "cost": 600},
    "plan": {"billed": 900, "billed_planned": 1_000, "collected": 700},
    "forecast": {"expected": 900, "2026-04-05": 900},
    "reminders": {
        "asked": 900, "asked_7": 800, "paid_7": 200, "asked_15": 800, "paid_15": 400, "asked_30": 0, "paid_30": 0,
    },
}  # fmt: skip
"""Parts of the measures with a source of their own."""
VALUES: dict[FigureName, dict[str, float | None]] = {
    "aged-balance": {},
    "turnover": {},
    "past-90": {"past_90": 10},
    "dso": {"dso": 12},
    "bpdso": {"best_possible": 10},
    "add": {"average_days_delinquent": 2},
    "working-capital": {"per_day": 100, "late": 200},
    "dso-countback": {"dso_countback": 81.14},
    "overdue-rate": {"overdue_rate": 20},
    "cei": {"collection_effectiveness": 98},
    "collection": {
        "collection_effectiveness": 98, "overdue_rate": 20, "dso": 12, "best_possible": 10,
        "average_days_delinquent": 2,
    },
    "recovered-rate": {"recovered_rate": 75},
    "at-risk-90": {"at_risk_rate": 12.5},
    "payment-delay": {"mean": 20.67, "weighted_mean": 28.67, "median": 12},
    "promised": {},
    "placed": {},
    "insured": {"insured_share": 30},
    "promises-due": {},
    "promises-broken": {},
    "turnover-by-product": {"margin": 2, "margin_rate": 25},
    "turnover-plan": {
        "billed_difference": -1, "billed_difference_rate": -10, "collected_difference": None,
        "collected_difference_rate": None,
    },
    "cash-forecast": {},
    "reminder-yield": {"yield_7": 25, "yield_15": 50, "yield_30": None},
}  # fmt: skip


@pytest.mark.parametrize("name", MEASURES)
def test_the_values_of_each_measure_follow_from_its_own_parts(name: FigureName) -> None:
    measure = MEASURES[name]
    parts = FigureParts(OWN_AMOUNTS.get(measure.source, AMOUNTS)).named(measure.parts)
    if measure.source == "delays":
        parts = FigureParts(parts.amounts, {"-10": 1, "60": 1, "12": 1})
    found = values_of(question(name, days=90), parts)
    assert {each.name: each.number and each.number / 100 for each in found} == VALUES[name]
    assert all(each.reason for each in found if each.number is None)
    nothing = FigureParts(
        dict.fromkeys(parts.amounts, 0) if measure.source not in ("delays", "months") else {}
    )
    if measure.source != "months":
        without = values_of(question(name), nothing)
        assert all(each.reason for each in without if each.number is None)
        assert [each.name for each in without if each.number is not None] == {
            "working-capital": ["late"], "turnover-plan": ["billed_difference"],
        }.get(name, [])  # fmt: skip


def test_a_balance_older_than_all_turnover_is_counted_back_to_a_lower_bound() -> None:
    old = FigureParts(MONTHS | {"receivables": 300_000})
    (value,) = values_of(question("dso-countback"), old)
    assert (value.number, value.at_least) == (9_000, True)


def test_every_definition_is_published_by_a_measure_or_named_as_one_that_is_not() -> None:
    published = {measure.definition for measure in MEASURES.values()} | {
        definitions.AGED_BY_ISSUE_DATE, definitions.INSURED_SHARE,
    }  # fmt: skip
    assert published | NOT_PUBLISHED == {*definitions.ALL}
    assert not published & NOT_PUBLISHED
    assert set(MEASURES) == set(get_args(FigureName))
    assert set(SOURCES) == {measure.source for measure in MEASURES.values()}


def test_a_recovery_is_of_the_whole_month_of_issue() -> None:
    command = body(figure="recovered-rate", first_day="2026-02-17").to_command("fig_1", MARCH)
    assert command.question.parameters.first_day == date(2026, 2, 1)

"""Given a measured figure, when it is published, then the event has all that it takes to compute it again."""

from datetime import date

import pytest
from pydantic import ValidationError

from encours.contracts.events.figure import FigurePublished
from encours.kernel.errors import Invalid
from encours.testing.history import recorded
from reporting_svc.domain.figure import (
    FigureQuestion,
    FigureState,
    MeasuredFigure,
    PublishFigure,
    evolve,
    publish,
)
from reporting_svc.http.figures.bodies import FigureBody
from reporting_svc.read_models.figures.restatement import difference

MARCH = date(2026, 3, 31)
ENTITY = "ent_" + "e" * 32
DSO = FigureQuestion("dso", ENTITY, None, "EUR", MARCH, days=90)


def published(asked: FigureQuestion) -> FigurePublished:
    measured = MeasuredFigure(
        "dso/simple/2", "EUR", 41, {"receivables": 250, "turnover": 500}, 4_500, 250, False
    )
    return publish(PublishFigure("fig_1", "Closing March 2026", asked, None), measured)


def body(**fields: object) -> FigureBody:
    return FigureBody.model_validate({"figure": "dso", "title": "Closing", "entity_id": ENTITY} | fields)


@pytest.mark.parametrize(
    "asked",
    [
        DSO,
        FigureQuestion("aged-balance", ENTITY, "cus_1", "EUR", MARCH, bands="15,45", by_issue_date=True),
        FigureQuestion("turnover", ENTITY, None, "EUR", MARCH, first_day=date(2026, 1, 1)),
        FigureQuestion("collection", ENTITY, None, "EUR", MARCH, first_day=date(2026, 1, 1), days=30),
        FigureQuestion("dso", ENTITY, None, "EUR", MARCH, days=90, segment="garages", salesperson="Ann"),
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
    ],
)
def test_parameters_of_another_figure_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Leave out the parameters"):
        body(**fields)


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
        "dso", ENTITY, None, None, MARCH, days=90
    )
    turnover = body(figure="turnover").to_command("fig_1", MARCH).question
    assert turnover.first_day == date(2026, 3, 1)
    collected = body(figure="collection", segment="garages").to_command("fig_1", MARCH).question
    assert (collected.first_day, collected.days, collected.segment) == (date(2026, 3, 1), 90, "garages")


def test_a_difference_names_the_amounts_that_changed() -> None:
    assert difference({"a": 1, "b": 2}, {"a": 1, "b": 5, "c": 3}) == {"b": 3, "c": 3}

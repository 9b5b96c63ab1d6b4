"""Answers about published figures and what moved them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.events.figure import FigureName, FigurePublished
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from encours.reading.moment import TimeTravel
from encours.reading.texts.form import Language
from reporting_svc.domain.figure import FigureState
from reporting_svc.domain.measures.collection import from_amounts
from reporting_svc.http.collection_effectiveness.answers import CollectionMeasures
from reporting_svc.http.timeline.answers import EventInWords
from reporting_svc.read_models.figures.restatement import Restatement, difference
from reporting_svc.use_cases.figures import FIGURE


class FigureOut(BaseModel):
    """A published figure: its value, what it covers and the position that it was computed at."""

    id: str
    figure: FigureName
    definition: str
    title: str
    entity_id: str
    customer_id: str | None
    segment: str | None
    salesperson: str | None
    currency: str
    figure_as_of: date = Field(description="Business date that the figure is for.")
    figure_position: int = Field(description="Position of the ledger that it was computed at.")
    bands: str | None
    by: str | None = Field(description="Aged balance: the date that days are counted from.")
    first_day: date | None
    days: int | None
    amounts: dict[str, MoneyModel]
    dso_days: float | None
    measures: CollectionMeasures | None = Field(description="Collection: what follows from its amounts.")
    account: MoneyModel = Field(description="Balance of the customers' account that it was tied out with.")
    figure_incomplete: bool = Field(description="Streams were parked when it was computed.")
    version: int

    @classmethod
    def of(cls, state: FigureState, version: int) -> Json:
        """Show the figure as it was published."""
        published = state.published
        assert published is not None
        scope = published.scope
        return {
            "id": published.figure_id,
            "figure": published.figure,
            "definition": published.definition,
            "title": published.title,
            "entity_id": state.entity_id,
            "customer_id": published.customer_id,
            "segment": scope.segment,
            "salesperson": scope.salesperson,
            "currency": scope.currency,
            "figure_as_of": scope.as_of.isoformat(),
            "figure_position": published.position,
            "bands": scope.bands,
            "by": scope.by if published.figure == "aged-balance" else None,
            "first_day": scope.first_day.isoformat() if scope.first_day else None,
            "days": scope.days,
            "amounts": _amounts(amounts_of(published), scope.currency),
            "dso_days": _days(published.days_hundredths),
            "measures": _measures(published, amounts_of(published)),
            "account": money_json(published.account_minor, scope.currency),
            "figure_incomplete": published.incomplete,
            "version": version,
        }


class FigureAsOf(FigureOut, AsOf):
    """A published figure at the requested dates."""


class FiguresOut(AsOf):
    """A page of published figures, the latest first unless sorted otherwise."""

    data: list[FigureOut]
    next_cursor: str | None


FIGURE_ANSWER = Answer(FIGURE, lambda state, version, _: FigureOut.of(state, version))


class FigureMoveOut(EventInWords):
    """An event that moved the figure, and by how much."""

    changes: dict[str, MoneyModel]


class RestatementOut(AsOf):
    """The figure on its own business date, as it is known at the requested moment, and what moved it since.

    For each amount: published + changes of the events of all pages = restated.
    """

    figure: FigureOut
    restated_definition: str
    restated: dict[str, MoneyModel]
    restated_dso_days: float | None
    restated_measures: CollectionMeasures | None
    difference: dict[str, MoneyModel] = Field(description="Restated less published; amounts that changed.")
    reproduced: bool = Field(
        description="Computed again at its own position, the figure is what was published."
    )
    data: list[FigureMoveOut]
    further: dict[str, MoneyModel] = Field(description="Changes by events behind this page.")
    next_after: int | None = Field(description="Ask for the next page with after= this position.")

    @classmethod
    def of(
        cls,
        state: FigureState,
        version: int,
        found: Restatement,
        events: Mapping[int, Mapping[str, Any]],
        language: Language,
        time: TimeTravel,
    ) -> Json:
        """Show a page; ``events`` has each event by its position."""
        published = state.published
        assert published is not None
        currency, before = published.scope.currency, amounts_of(published)
        same_days = found.then.days_hundredths == published.days_hundredths
        return {
            "figure": FigureOut.of(state, version),
            "restated_definition": found.now.definition,
            "restated": _amounts(found.now.amounts, currency),
            "restated_dso_days": _days(found.now.days_hundredths),
            "restated_measures": _measures(published, found.now.amounts),
            "difference": _amounts(difference(before, found.now.amounts), currency),
            "reproduced": found.then.amounts == before and same_days,
            "data": [
                {
                    **EventInWords.of(events[moved.position], language),
                    "changes": _amounts(moved.changes, currency),
                }
                for moved in found.moved
            ],
            "further": _amounts(found.further, currency),
            "next_after": found.last_position,
            "incomplete": found.now.incomplete,
            **time.echo(),
        }


def amounts_of(published: FigurePublished) -> dict[str, int]:
    """Return the amounts by name."""
    return {each.name: each.amount_minor for each in published.amounts}


def _amounts(amounts: Mapping[str, int], currency: str) -> Json:
    return {name: money_json(minor, currency) for name, minor in amounts.items()}


def _measures(published: FigurePublished, amounts: Mapping[str, int]) -> Json | None:
    if published.figure != "collection":
        return None
    scope = published.scope
    assert scope.first_day is not None
    assert scope.days is not None
    return CollectionMeasures.measured(from_amounts(amounts, scope.first_day, scope.as_of, scope.days))


def _days(hundredths: int | None) -> float | None:
    return None if hundredths is None else hundredths / 100

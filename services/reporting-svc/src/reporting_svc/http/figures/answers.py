"""Answers about published figures and what moved them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from encours.contracts.events.dunning.reminders import Channel
from encours.contracts.events.figure import FigureName, FigureValue, PeriodLength
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from encours.kernel.money import UnknownCurrency
from encours.reading.moment import TimeTravel
from encours.reading.texts.form import Language
from reporting_svc.domain.figure import FigureState, parts_of, published_values
from reporting_svc.domain.measures.published import FigureParts
from reporting_svc.http.timeline.answers import EventInWords
from reporting_svc.read_models.figures.restatement import Restatement
from reporting_svc.use_cases.figures import FIGURE


class FigureValueOut(BaseModel):
    """A value by a definition; null with the reason for having none."""

    definition: str
    unit: Literal["days", "percent", "money"]
    number: float | None = Field(description="Days or percent; null for money.")
    amount: MoneyModel | None = Field(description="Of a value that is money.")
    at_least: bool = Field(description="A lower bound: the balance is older than all turnover known.")
    reason: str | None = Field(description="Why there is no value; null where there is one.")

    @classmethod
    def of(cls, value: FigureValue, currency: str) -> Json:
        """Show a value."""
        is_money, number = value.unit == "money", value.number
        return {
            "definition": value.definition,
            "unit": value.unit,
            "number": None if is_money or number is None else number / 100,
            "amount": _money(number, currency) if is_money and number is not None else None,
            "at_least": value.at_least,
            "reason": value.reason,
        }


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
    product: str | None
    turnover_plan_id: str | None
    step: str | None
    channel: Channel | None
    until: date | None
    period: PeriodLength | None = Field(description="Cash forecast: length of the periods up to `until`.")
    amounts: dict[str, MoneyModel] = Field(
        description="Parts that the figure follows from; they add up over customers."
    )
    quantities: dict[str, int] = Field(
        description="Parts that are numbers: promises, reminders. Payment delay: invoices and instalments settled, by "
        "days of delay."
    )
    values: dict[str, FigureValueOut] = Field(
        description="What follows from the parts; empty where nothing does, as for an aged balance."
    )
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
            "product": scope.product,
            "turnover_plan_id": scope.turnover_plan_id,
            "step": scope.step,
            "channel": scope.channel,
            "until": scope.until.isoformat() if scope.until else None,
            "period": scope.period,
            **_parts(parts_of(published), scope.currency),
            "values": _values(published_values(state.entity_id, published), scope.currency),
            "account": _money(published.account_minor, scope.currency),
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
    quantity_changes: dict[str, int]


class DebtorMoveOut(BaseModel):
    """A debtor that events touched since, and by how much the cash that is expected of it changed."""

    customer_id: str
    changes: dict[str, MoneyModel]
    positions: list[int] = Field(description="The last 200 events at most that touched it.")


class RestatementOut(AsOf):
    """The figure on its own business date, as it is known at the requested moment, and what moved it since.

    For each amount and number: published + changes of the events of all pages = restated. A rate or a number of days
    is restated by its numerator and its denominator. For a cash forecast: published + changes of the debtors of all
    pages + `common` = restated.
    """

    figure: FigureOut
    restated_definition: str
    restated: dict[str, MoneyModel]
    restated_quantities: dict[str, int]
    restated_values: dict[str, FigureValueOut]
    difference: dict[str, MoneyModel] = Field(description="Restated less published; amounts that changed.")
    quantity_difference: dict[str, int]
    reproduced: bool = Field(
        description="Computed again at its own position, the figure is what was published."
    )
    data: list[FigureMoveOut]
    further: dict[str, MoneyModel] = Field(description="Changes by events behind this page.")
    further_quantities: dict[str, int]
    next_after: int | None = Field(description="Ask for the next page with after= this position.")
    debtors: list[DebtorMoveOut] = Field(
        description="Of a cash forecast, in place of `data`: 200 debtors on a page, the largest change first."
    )
    next_cursor: str | None = Field(
        description="Of a cash forecast: send it as `cursor` for the next debtors; null on the last page."
    )
    further_debtors: dict[str, MoneyModel] = Field(
        description="Changes of the debtors behind this page that events touched."
    )
    common: dict[str, MoneyModel] = Field(
        description="Of a cash forecast: the rest. Of debtors whom no event touched something else is expected, as how "
        "all debtors pay has changed."
    )

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
        currency, before = published.scope.currency, parts_of(published)
        moved_by, values = found.now.parts.less(before), published_values(state.entity_id, published)
        return {
            "figure": FigureOut.of(state, version),
            "restated_definition": found.now.definition,
            "restated": _amounts(found.now.parts.amounts, currency),
            "restated_quantities": found.now.parts.quantities,
            "restated_values": _values(found.now.values, currency),
            "difference": _amounts(moved_by.amounts, currency),
            "quantity_difference": moved_by.quantities,
            "reproduced": (found.then.parts, found.then.values) == (before, values),
            "data": [
                {
                    **EventInWords.of(events[moved.position], language),
                    "changes": _amounts(moved.changes.amounts, currency),
                    "quantity_changes": moved.changes.quantities,
                }
                for moved in found.moved
            ],
            "further": _amounts(found.further.amounts, currency),
            "further_quantities": found.further.quantities,
            "next_after": found.last_position,
            "debtors": [
                {
                    "customer_id": moved.debtor,
                    "changes": _amounts(moved.changes.amounts, currency),
                    "positions": list(moved.positions),
                }
                for moved in found.debtors
            ],
            "next_cursor": found.next_cursor,
            "further_debtors": _amounts(found.other_debtors.amounts, currency),
            "common": _amounts(found.common.amounts, currency),
            "incomplete": found.now.incomplete,
            **time.echo(),
        }


def _money(minor: int, currency: str) -> Json:
    """Show an amount; in minor units where it was recorded in a code that is no currency."""
    try:
        return money_json(minor, currency)
    except UnknownCurrency:
        return {"amount": str(minor), "currency": currency}


def _amounts(amounts: Mapping[str, int], currency: str) -> Json:
    return {name: _money(minor, currency) for name, minor in amounts.items()}


def _parts(parts: FigureParts, currency: str) -> Json:
    return {"amounts": _amounts(parts.amounts, currency), "quantities": parts.quantities}


def _values(values: Sequence[FigureValue], currency: str) -> Json:
    return {each.name: FigureValueOut.of(each, currency) for each in values}

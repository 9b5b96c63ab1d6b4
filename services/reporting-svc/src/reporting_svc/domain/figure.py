"""A published figure: computed once, kept as an event, never changed. Stream: the figure's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.figure import FigureAmount, FigureName, FigurePublished, FigureScope
from encours.kernel.errors import NotFound


class FigureNotFound(NotFound):
    """No published figure has the id (404)."""

    code = "figure-not-found"
    title = "Published figure not found"
    remedy = "Use the id that POST /v1/figures answered."


@dataclass(frozen=True, slots=True)
class FigureQuestion:
    """Figure of an entity or of some of its customers. Without a currency it is the one that the receivables have."""

    figure: FigureName
    entity_id: str
    customer_id: str | None
    currency: str | None
    as_of: date
    bands: str | None = None
    by_issue_date: bool = False
    first_day: date | None = None
    days: int | None = None
    segment: str | None = None
    salesperson: str | None = None

    @classmethod
    def of(cls, entity_id: str, published: FigurePublished) -> FigureQuestion:
        """Return the question that a published figure answered."""
        scope = published.scope
        return cls(
            figure=published.figure,
            entity_id=entity_id,
            customer_id=published.customer_id,
            currency=scope.currency,
            as_of=scope.as_of,
            bands=scope.bands,
            by_issue_date=scope.by == "issue_date",
            first_day=scope.first_day,
            days=scope.days,
            segment=scope.segment,
            salesperson=scope.salesperson,
        )

    def scope(self, currency: str) -> FigureScope:
        """Return what the event keeps of the question."""
        return FigureScope(
            currency=currency,
            as_of=self.as_of,
            bands=self.bands,
            by="issue_date" if self.by_issue_date else "due_date",
            first_day=self.first_day,
            days=self.days,
            segment=self.segment,
            salesperson=self.salesperson,
        )


@dataclass(frozen=True, slots=True)
class MeasuredFigure:
    """Answer at a position: amounts by name in minor units, which add up over customers."""

    definition: str
    currency: str
    position: int
    amounts: dict[str, int]
    days_hundredths: int | None
    account_minor: int
    incomplete: bool


@dataclass(frozen=True, slots=True)
class PublishFigure:
    """Publish a figure under a title, as it is known now or was known at a position."""

    figure_id: str
    title: str
    question: FigureQuestion
    position: int | None


@dataclass(frozen=True, slots=True)
class FigureState:
    """A figure and the entity that it is about; ``None`` before it is published."""

    entity_id: str = ""
    published: FigurePublished | None = None


def evolve(state: FigureState, recorded: Recorded) -> FigureState:
    """Return the state after the event."""
    assert isinstance(recorded.data, FigurePublished)
    return FigureState(recorded.entity, recorded.data)


def publish(command: PublishFigure, measured: MeasuredFigure) -> FigurePublished:
    """Return the event of a figure as it was measured."""
    return FigurePublished(
        figure_id=command.figure_id,
        figure=command.question.figure,
        definition=measured.definition,
        title=command.title,
        scope=command.question.scope(measured.currency),
        position=measured.position,
        amounts=tuple(FigureAmount(name=name, amount_minor=m) for name, m in measured.amounts.items()),
        days_hundredths=measured.days_hundredths,
        account_minor=measured.account_minor,
        incomplete=measured.incomplete,
        customer_id=command.question.customer_id,
    )

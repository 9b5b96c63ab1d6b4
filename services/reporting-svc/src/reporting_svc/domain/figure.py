"""A published figure: computed once, kept as an event, never changed. Stream: the figure's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from msgspec.structs import asdict

from encours.contracts import Recorded
from encours.contracts.events.figure import (
    FigureAmount,
    FigureName,
    FigureParameters,
    FigurePublished,
    FigureQuantity,
    FigureScope,
    FigureValue,
    PeriodLength,
)
from encours.kernel.bands import STANDARD, Bands
from encours.kernel.errors import NotFound, Refusal
from encours.kernel.money import UnknownCurrency, exponent
from reporting_svc.domain.forecast.cash import HORIZON_DAYS, ends_of
from reporting_svc.domain.measures.published import MEASURES, FigureParts, FigurePeriod
from reporting_svc.domain.turnover_plan import PlanVersion

DSO_DAYS = 90


def forecast_until(day: date) -> date:
    """Return the last day of a forecast that names none."""
    return day + timedelta(days=HORIZON_DAYS)


class FigureNotFound(NotFound):
    """No published figure has the id (404)."""

    code = "figure-not-found"
    title = "Published figure not found"
    remedy = "Use the id that POST /v1/figures answered."


class FigureInNoCurrency(Refusal):
    """The figure was recorded in a code that is no currency, before codes were checked (422)."""

    code = "figure-in-no-currency"
    title = "Figure has no currency"
    status = 422
    remedy = "Publish the figure in a currency of ISO 4217; this one is shown as it was recorded."


@dataclass(frozen=True, slots=True)
class FigureQuestion:
    """Figure of an entity or of some of its customers. Without a currency it is the one that the receivables have."""

    figure: FigureName
    entity_id: str
    customer_id: str | None
    currency: str | None
    parameters: FigureParameters
    plan_versions: tuple[PlanVersion, ...] = ()
    """Versions of the plan, read from the ledger; no part of what the event keeps."""

    @property
    def as_of(self) -> date:
        """Business date of the figure."""
        return self.parameters.as_of

    @property
    def banded(self) -> Bands:
        """Bands of an aged balance."""
        return STANDARD if self.parameters.bands is None else Bands.parse(self.parameters.bands)

    @property
    def by_issue_date(self) -> bool:
        """True if the days of an aged balance are counted from the dates of issue."""
        return self.parameters.by == "issue_date"

    @property
    def begins(self) -> date:
        """First day of the period; that of the month of ``as_of`` if none is named."""
        return self.parameters.first_day or self.as_of.replace(day=1)

    @property
    def until(self) -> date:
        """Last day of a forecast."""
        return self.parameters.until or forecast_until(self.as_of)

    @property
    def period(self) -> PeriodLength:
        """Length of the periods of a forecast."""
        return self.parameters.period or "week"

    @property
    def ends(self) -> list[date]:
        """Last days of the periods of a forecast."""
        return ends_of(self.as_of, self.until, self.period)

    @property
    def turnover_days(self) -> int:
        """Days of the turnover, which end with ``as_of``."""
        return self.parameters.days or DSO_DAYS

    @classmethod
    def of(cls, entity_id: str, published: FigurePublished) -> FigureQuestion:
        """Return the question that a published figure answered."""
        parameters = asdict(published.scope)
        currency = parameters.pop("currency")
        return cls(
            published.figure, entity_id, published.customer_id, currency, FigureParameters(**parameters)
        )

    def scope(self, currency: str) -> FigureScope:
        """Return what the event keeps of the question."""
        return FigureScope(currency=currency, **asdict(self.parameters))


@dataclass(frozen=True, slots=True)
class MeasuredFigure:
    """Answer at a position: parts, which add up over customers, and the values that follow from them."""

    definition: str
    currency: str
    position: int
    parts: FigureParts
    values: tuple[FigureValue, ...]
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
        amounts=tuple(FigureAmount(name=name, amount_minor=m) for name, m in measured.parts.amounts.items()),
        quantities=tuple(
            FigureQuantity(name=name, quantity=n) for name, n in measured.parts.quantities.items()
        ),
        values=measured.values,
        days_hundredths=measured.values[0].number if command.question.figure == "dso" else None,
        account_minor=measured.account_minor,
        incomplete=measured.incomplete,
        customer_id=command.question.customer_id,
    )


def values_of(asked: FigureQuestion, parts: FigureParts) -> tuple[FigureValue, ...]:
    """Return the values that follow from the parts of a figure by the definitions of now."""
    period = FigurePeriod(asked.as_of, asked.turnover_days)
    return tuple(
        FigureValue(
            name=each.name,
            definition=each.definition.id,
            unit=each.unit,
            number=each.number,
            reason=each.reason,
            at_least=each.at_least,
        )
        for each in MEASURES[asked.figure].values(parts, period)
    )


def require_currency(published: FigurePublished) -> None:
    """Raise :class:`FigureInNoCurrency` for a figure that no amount can be compared with."""
    try:
        exponent(published.scope.currency)
    except UnknownCurrency as unknown:
        raise FigureInNoCurrency(unknown.detail) from None


def parts_of(published: FigurePublished) -> FigureParts:
    """Return the parts of a figure as it was published."""
    return FigureParts(
        {each.name: each.amount_minor for each in published.amounts},
        {each.name: each.quantity for each in published.quantities},
    )


def published_values(entity_id: str, published: FigurePublished) -> tuple[FigureValue, ...]:
    """Return the values of a figure as it was published; those of before figures kept them follow from its parts."""
    return published.values or values_of(FigureQuestion.of(entity_id, published), parts_of(published))

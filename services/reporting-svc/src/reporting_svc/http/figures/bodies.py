"""Body of a figure to publish."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from encours.contracts.events.dunning.reminders import Channel
from encours.contracts.events.figure import FigureName, FigureParameters, PeriodLength
from encours.contracts.events.schedule import CountedBy
from encours.http.models import Body, BusinessDate, Currency, Id, ShortText
from encours.kernel.bands import Bands
from encours.kernel.errors import Invalid
from reporting_svc.domain.figure import DSO_DAYS, FigureQuestion, PublishFigure, forecast_until
from reporting_svc.domain.forecast.cash import require_horizon
from reporting_svc.domain.measures.published import MEASURES
from reporting_svc.http.aged_balance.routes import BANDS

PARAMETERS = frozenset().union(*(measure.parameters for measure in MEASURES.values()))


class FigureBody(Body):
    """A figure with what it covers. Only the parameters of that figure may be given."""

    figure: FigureName
    title: ShortText = Field(examples=["Closing March 2026"])
    entity_id: Annotated[str, Id("ent")]
    customer_id: Annotated[str, Id("cus")] | None = None
    segment: ShortText | None = Field(default=None, description="Customers of this segment on as_of.")
    salesperson: ShortText | None = Field(default=None, description="Customers of this salesperson on as_of.")
    currency: Currency | None = Field(default=None, description="Needed where there are several.")
    as_of: BusinessDate | None = Field(default=None, description="Business date; today if not given.")
    position: int | None = Field(
        default=None,
        ge=1,
        strict=True,
        description="Known up to this position; all that is known if not given.",
    )
    bands: str | None = Field(
        default=None,
        max_length=80,
        pattern=BANDS,
        description="Aged balance: last days of the closed bands.",
        examples=["30,60,90"],
    )
    by: CountedBy = Field(
        default="due_date", description="Aged balance: the date that days are counted from."
    )
    first_day: BusinessDate | None = Field(
        default=None,
        description="First day of the period; that of the month of as_of if not given. Recovered rate and at risk: a "
        "day of the month of issue. Reminder yield: first day of the decisions.",
    )
    days: int | None = Field(
        default=None,
        ge=1,
        le=1830,
        strict=True,
        description="Days of the turnover, which end with as_of; 90 if not given.",
    )
    product: ShortText | None = Field(
        default=None,
        description="Turnover by product: of this one, with its cost; all side by side if not given.",
    )
    turnover_plan_id: Annotated[str, Id("tpn")] | None = Field(
        default=None, description="Turnover plan: the plan; its currency is that of the figure."
    )
    step: ShortText | None = Field(default=None, description="Reminder yield: of this step of the policies.")
    channel: Channel | None = Field(default=None, description="Reminder yield: by this channel.")
    until: BusinessDate | None = Field(
        default=None,
        description="Cash forecast: last day, at most 366 after as_of; 91 after it if not given.",
    )
    period: PeriodLength | None = Field(
        default=None, description="Cash forecast: length of the periods; weeks, ISO 8601, if not given."
    )

    @model_validator(mode="after")
    def _own_parameters(self) -> FigureBody:
        own = MEASURES[self.figure].parameters
        given = {name for name in PARAMETERS - {"by"} if getattr(self, name) is not None}
        given |= {"by"} if self.by != "due_date" else set()
        if "turnover_plan_id" in own:
            if self.turnover_plan_id is None:
                raise ValueError("Name the plan in turnover_plan_id.")
            given |= {name for name in ("customer_id", "segment", "salesperson") if getattr(self, name)}
        if given - own:
            raise ValueError(
                f"Leave out the parameters that a figure of the kind {self.figure} does not have: "
                f"{', '.join(sorted(given - own))}."
            )
        return self

    def to_command(self, figure_id: str, today: date) -> PublishFigure:
        """Return the command. Raises 422 for bands that do not rise, a day to come, and a period without a day."""
        if self.bands is not None:
            Bands.parse(self.bands)
        as_of = self.as_of or today
        if as_of > today:
            raise Invalid(f"A figure is of today, {today}, or of a day before.", "/as_of")
        first_day, days = self.first_day, self.days
        measure = MEASURES[self.figure]
        if "first_day" in measure.parameters:
            first_day = first_day or as_of.replace(day=1)
            if measure.source == "cohort":
                first_day = first_day.replace(day=1)
            if first_day > as_of:
                raise Invalid(f"The period begins after its last day, {as_of}.", "/first_day")
        if "days" in measure.parameters:
            days = days or DSO_DAYS
        until, period = self.until, self.period
        if "until" in measure.parameters:
            until, period = until or forecast_until(as_of), period or "week"
            require_horizon(as_of, until, period)
        parameters = FigureParameters(
            as_of=as_of,
            bands=self.bands,
            by=self.by,
            first_day=first_day,
            days=days,
            segment=self.segment,
            salesperson=self.salesperson,
            product=self.product,
            turnover_plan_id=self.turnover_plan_id,
            step=self.step,
            channel=self.channel,
            until=until,
            period=period,
        )
        asked = FigureQuestion(self.figure, self.entity_id, self.customer_id, self.currency, parameters)
        return PublishFigure(figure_id, self.title, asked, self.position)

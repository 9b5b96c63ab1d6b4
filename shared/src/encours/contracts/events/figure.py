"""Published figures, and plans that figures are compared with. Streams: their ids. Appended by reporting-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.dunning.reminders import Channel

FigureName = Literal[
    "aged-balance",
    "past-90",
    "turnover",
    "dso",
    "dso-countback",
    "bpdso",
    "add",
    "working-capital",
    "overdue-rate",
    "collection",
    "cei",
    "recovered-rate",
    "at-risk-90",
    "payment-delay",
    "promised",
    "placed",
    "insured",
    "promises-due",
    "promises-broken",
    "turnover-by-product",
    "turnover-plan",
    "reminder-yield",
    "cash-forecast",
]
PeriodLength = Literal["day", "week", "month"]


class FigureParameters(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Dates that a figure covers, and what else is asked for."""

    as_of: date
    bands: str | None = None
    """Last days of the closed bands of an aged balance, with a comma between them; ``None`` for the standard ones."""
    by: Literal["due_date", "issue_date"] = "due_date"
    """Date that the days of an aged balance are counted from."""
    first_day: date | None = None
    """First day of a turnover, a collection, due dates or reminders up to ``as_of``; of the month of issue."""
    days: int | None = None
    """Days of the turnover of a DSO or beside a collection, which end with ``as_of``."""
    segment: str | None = None
    """Customers of this segment on ``as_of``, and of this salesperson; ``None`` for all."""
    salesperson: str | None = None
    product: str | None = None
    """Product of a turnover; ``None`` for all of them side by side."""
    turnover_plan_id: str | None = None
    """Plan that a turnover is compared with."""
    step: str | None = None
    """Step of the reminders of a yield, and their channel; ``None`` for all."""
    channel: Channel | None = None
    until: date | None = None
    """Last day of a forecast, and the length of its periods."""
    period: PeriodLength | None = None


class FigureScope(FigureParameters, frozen=True, kw_only=True, omit_defaults=True):
    """Receivables and dates that a figure covers. The entity is that of the event."""

    currency: str


class FigureAmount(Value, frozen=True, kw_only=True):
    """A part of a figure, in minor units of its currency."""

    name: str
    amount_minor: int


class FigureQuantity(Value, frozen=True, kw_only=True):
    """A part of a figure that is a number of invoices and instalments."""

    name: str
    quantity: int


class FigureValue(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A value that follows from the parts of a figure by a definition."""

    name: str
    definition: str
    unit: Literal["days", "percent", "money"]
    number: int | None
    """Hundredths of days or of percent, or minor units, half up; ``None`` without a value."""
    reason: str | None = None
    """Code of the reason for having no value."""
    at_least: bool = False
    """A lower bound."""


class FigurePublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A figure was published, as it was computed by a definition from the events up to a position."""

    TYPE: ClassVar[str] = "figure.published"
    figure_id: str
    figure: FigureName
    definition: str
    title: str
    """Name by which people know it, such as *Closing March 2026*."""
    scope: FigureScope
    position: int
    """Ledger position that it was computed at."""
    amounts: tuple[FigureAmount, ...]
    days_hundredths: int | None
    """Days of a DSO in hundredths, half up, as in ``values``; ``None`` for another figure, and without turnover."""
    account_minor: int
    """Balance of the customers' account that it was tied out with."""
    incomplete: bool = False
    """Streams were parked when it was computed."""
    customer_id: str | None = None
    """Customer that it is about; ``None`` for all of the entity."""
    quantities: tuple[FigureQuantity, ...] = ()
    values: tuple[FigureValue, ...] = ()
    """Empty for an aged balance and a turnover, and for figures of before there were any."""


PlanGroup = Literal["entity", "product", "customer", "salesperson"]


class TurnoverTarget(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Turnover and cash that a plan expects of a month, in minor units."""

    month: date
    """First day of the month."""
    group: str | None = None
    """Product, id of the customer, or salesperson, by the plan's ``by``; ``None`` for all of the entity."""
    billed_minor: int | None = None
    """Without VAT; ``None`` where the plan expects nothing in particular."""
    collected_minor: int | None = None
    """With VAT."""


class TurnoverPlanSet(Event, frozen=True, kw_only=True):
    """A plan of the turnover of an entity; it replaces the version before as a whole."""

    TYPE: ClassVar[str] = "turnover_plan.set"
    turnover_plan_id: str
    plan_version: int
    code: str
    title: str
    currency: str
    by: PlanGroup
    targets: tuple[TurnoverTarget, ...]

"""Request bodies of /v1/recurring."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from encours.http.models import Body, BusinessDate, Count, ShortText
from encours.kernel.ids import new_id
from invoice_svc.domain.recurring.commands import (
    AgreeRecurring,
    AskedIndexation,
    EndRecurring,
    PauseRecurring,
)
from invoice_svc.domain.recurring.rule import MAX_LENGTH
from invoice_svc.http.common import CustomerId, EntityId, SeriesCode
from invoice_svc.http.indices.bodies import IndexCode, index_id
from invoice_svc.http.invoices.bodies import ContentBody

RuleText = Annotated[
    str,
    StringConstraints(min_length=6, max_length=MAX_LENGTH, pattern=r"^[A-Z0-9=;:,+-]+$"),
    Field(examples=["FREQ=MONTHLY;BYMONTHDAY=1"]),
]


class IndexationBody(Body):
    """Prices by an index: unit price times the value for the period, divided by the base value."""

    index: IndexCode
    base_period: BusinessDate = Field(description="A day of the period whose value the prices are of.")
    months_back: Annotated[Count, Field(le=24)] = Field(
        default=0, description="The value for a period is that of so many months earlier."
    )
    revision: Literal["each_period", "yearly"] = Field(
        default="yearly", description="`yearly`: prices change on anniversaries of `starts_on` alone."
    )
    price_decimals: Annotated[Count, Field(le=6)] | None = Field(
        default=None,
        description="Decimals of an indexed price, rounded half up; the currency's if not given.",
    )

    def to_indexation(self, entity_id: str) -> AskedIndexation:
        """Return the indexation as the rules take it."""
        return AskedIndexation(
            index_id=index_id(entity_id, self.index),
            code=self.index,
            base_period=self.base_period,
            months_back=self.months_back,
            revision=self.revision,
            price_decimals=self.price_decimals,
        )


class RecurringBody(ContentBody):
    """A recurring invoice; `supply_on` and the supply period are those of each period."""

    entity_id: EntityId
    customer_id: CustomerId
    title: ShortText = Field(examples=["Maintenance contract 2026"])
    rule: RuleText = Field(description="RFC 5545 RRULE in days, the first date on or after `starts_on`.")
    starts_on: BusinessDate
    ends_on: BusinessDate | None = None
    series: SeriesCode = "FAC"
    issue: bool = Field(default=False, description="Issue the invoices; drafts if false.", strict=True)
    indexation: IndexationBody | None = None

    def to_command(self) -> AgreeRecurring:
        """Return the command."""
        return AgreeRecurring(
            recurring_id=new_id("rec"),
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            title=self.title,
            rule=self.rule,
            starts_on=self.starts_on,
            content=self.to_content(),
            series=self.series,
            ends_on=self.ends_on,
            currency=self.currency,
            issue=self.issue,
            indexation=None if self.indexation is None else self.indexation.to_indexation(self.entity_id),
        )


class PauseBody(Body):
    """Reason of a pause."""

    reason: ShortText | None = None

    def to_command(self, recurring_id: str) -> PauseRecurring:
        """Return the command."""
        return PauseRecurring(recurring_id, self.reason)


class EndBody(Body):
    """Last day of which a period is billed."""

    ends_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    reason: ShortText | None = None

    def to_command(self, recurring_id: str) -> EndRecurring:
        """Return the command."""
        return EndRecurring(recurring_id, self.ends_on, self.reason)

"""Request bodies of the rules for disputes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.sales.dispute import Category
from encours.http.models import Body, BusinessDate, ShortText
from invoice_svc.domain.dispute_rules.commands import MapCode, SetCategory
from invoice_svc.http.common import CustomerId, EntityId

MAX_ANSWER_DAYS = 366
MAX_ALERT_DAYS = 30
DeductionCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"), Field(examples=["PR-04"])
]


class DeductionCodeBody(Body):
    """Category that a debtor's reason code stands for, from a day on."""

    entity_id: EntityId
    customer_id: CustomerId | None = Field(
        default=None, description="The debtor that uses the code so; every debtor of the entity if not given."
    )
    category: Category
    label: ShortText | None = Field(default=None, examples=["Écart de prix"])
    valid_from: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, code: str) -> MapCode:
        """Return the command."""
        return MapCode(self.entity_id, self.customer_id, code, self.category, self.label, self.valid_from)


class DisputeCategoryBody(Body):
    """Owner and deadline of the disputes of a category that are opened from a day on."""

    entity_id: EntityId
    owner: ShortText | None = Field(
        default=None, description="Person or role in charge.", examples=["Sales administration"]
    )
    answer_days: int | None = Field(
        default=None, ge=0, le=MAX_ANSWER_DAYS, description="Calendar days from opening to deadline."
    )
    alert_days: int = Field(
        default=3,
        ge=0,
        le=MAX_ALERT_DAYS,
        description="Business days before the deadline on which it is near.",
    )
    valid_from: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, category: Category) -> SetCategory:
        """Return the command."""
        return SetCategory(
            self.entity_id, category, self.owner, self.answer_days, self.alert_days, self.valid_from
        )

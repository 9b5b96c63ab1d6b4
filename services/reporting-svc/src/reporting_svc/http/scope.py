"""Query parameters that every report shares, restricted to the caller's grant."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.queries import Query
from encours.kernel.money import exponent
from encours.reading.moment import Granted
from reporting_svc.read_models.receivables.scope import Scope


class Asked(BaseModel):
    """Scope of a report as the caller asks for it."""

    entity_id: str | None = Field(
        default=None,
        pattern=r"^ent_[0-9a-f]{32}$",
        description="One creditor; all that the key covers if not given.",
    )
    customer_id: str | None = Field(default=None, pattern=r"^cus_[0-9a-f]{32}$", description="One customer.")
    currency: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{3}$",
        description="Documents in this currency alone. A figure that is one amount needs it if the scope has several.",
        examples=["EUR"],
    )
    segment: str | None = Field(
        default=None, min_length=1, max_length=200, description="Customers that are in this segment on as_of."
    )
    salesperson: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Customers that this salesperson has on as_of.",
    )
    collector: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Customers that this collector owns on as_of, by the code, as known at known_at.",
    )

    def scope(self, q: Query) -> Scope:
        """Return the scope. Raises a 403 problem for an entity outside the caller's grant, 422 for no currency."""
        if self.currency is not None:
            exponent(self.currency)
        if self.entity_id is not None:
            q.caller.require_entity(self.entity_id)
        return Scope(**self.model_dump(exclude={"report_currency"}))


class ScopeOut(BaseModel):
    """Receivables that an answer covers; null restricts nothing."""

    entity_id: str | None
    entities: list[str] | None = Field(description="Entities of the key; null for all.")
    customer_id: str | None
    currency: str | None
    segment: str | None
    salesperson: str | None
    collector: str | None

    @classmethod
    def of(cls, scope: Scope, granted: Granted) -> Json:
        """Show a scope within the caller's grant."""
        return {
            "entity_id": scope.entity_id,
            "entities": None if granted is None else sorted(granted),
            "customer_id": scope.customer_id,
            "currency": scope.currency,
            "segment": scope.segment,
            "salesperson": scope.salesperson,
            "collector": scope.collector,
        }


class AskedInCurrency(Asked):
    """Scope of a report that can be converted."""

    report_currency: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{3}$",
        description="Convert all currencies in scope to this one, at the entity's published rates on as_of, as "
        "known at known_at. Without it amounts are shown in their own currency.",
        examples=["EUR"],
    )

    def scope(self, q: Query) -> Scope:
        """Return the scope. Raises 422 for no currency too."""
        if self.report_currency is not None:
            exponent(self.report_currency)
        return super().scope(q)


AskInCurrency = Annotated[AskedInCurrency, Parameter()]
Ask = Annotated[Asked, Parameter()]

"""Answers about the worklist."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.worklist.entry import WorklistEntry, WorklistReason, in_words
from dunning_svc.domain.worklist.formula import RiskFormula
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class DueTaskOut(BaseModel):
    """An open task that is due on the day."""

    id: str
    kind: str
    due_on: date
    escalated: bool


class WorklistItem(BaseModel):
    """A customer with work on the day."""

    customer_id: str
    entity_id: str
    owner: str | None = Field(description="Collector who owns the customer on the day.")
    value_at_risk: MoneyModel = Field(
        description="The overdue amount times its probabilities, by the formula."
    )
    overdue: MoneyModel = Field(
        description="Overdue amount without what is disputed, planned, in hand or placed."
    )
    oldest_days_past_due: int | None
    broken_promises: int
    tasks: list[DueTaskOut]
    other_currencies: list[str] = Field(
        description="Other currencies in which amounts are overdue; they are not converted and not added."
    )
    reasons: list[WorklistReason]
    text: list[str] = Field(description="The reasons for the place of the customer, in words.")

    @classmethod
    def of(cls, entry: WorklistEntry, by: RiskFormula, lang: Literal["en", "fr"]) -> WorklistItem:
        """Return an entry with its reasons."""
        return cls(
            customer_id=entry.customer_id,
            entity_id=entry.entity_id,
            owner=entry.owner,
            value_at_risk=MoneyModel.of(entry.value_minor(by), entry.currency),
            overdue=MoneyModel.of(entry.overdue_minor, entry.currency),
            oldest_days_past_due=max(entry.overdue, default=None),
            broken_promises=entry.broken_promises,
            tasks=[
                DueTaskOut(id=task.task_id, kind=task.kind, due_on=task.due_on, escalated=task.escalated)
                for task in entry.tasks
            ],
            other_currencies=list(entry.other_currencies),
            reasons=list(entry.reasons(by)),
            text=in_words(entry, by, lang),
        )


class RiskBandOut(BaseModel):
    """Probability from a number of days past due on."""

    from_days: int
    percent: int


class RiskFormulaOut(BaseModel):
    """The formula of the value at risk."""

    name: str
    bands: list[RiskBandOut]
    broken_promise_percent: int = Field(description="Points that each broken promise adds.")
    max_percent: int
    high_value: MoneyModel = Field(description="Value at risk from which a customer is listed by itself.")


class Worklist(Listing[WorklistItem], AsOf):
    """Customers with work on the day, by the value at risk."""

    on: date
    formula: RiskFormulaOut


def formula_out(by: RiskFormula, currency: str) -> dict[str, Any]:
    """Return the formula as JSON."""
    shown = RiskFormulaOut(
        name=by.name,
        bands=[RiskBandOut(from_days=band.from_days, percent=band.percent) for band in by.bands],
        broken_promise_percent=by.broken_promise_percent,
        max_percent=by.max_percent,
        high_value=MoneyModel.of(by.high_minor(currency), currency),
    )
    return shown.model_dump(mode="json")

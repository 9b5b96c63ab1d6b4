"""Answers of /v1/deductions."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.sales.dispute import Category
from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.dispute.statistics import DeductionCase, DeductionStatus, DeductionSums
from invoice_svc.http.common import iso

_INVALID = Field(description="Rejected by you or withdrawn by the debtor: it is owed again.")
_RECOVERED = Field(description="Part of what is invalid that later payments cover.")


class DeductionCaseOut(BaseModel):
    """A deduction as of a date; `id` is that of its dispute."""

    id: str
    invoice_id: str
    customer_id: str
    entity_id: str
    code: str | None
    category: Category
    owner: str | None
    opened_on: date
    answer_by: date | None
    status: DeductionStatus
    amount: MoneyModel
    contested: MoneyModel
    valid: MoneyModel
    invalid: MoneyModel = _INVALID
    recovered: MoneyModel = _RECOVERED

    @classmethod
    def of(cls, each: DeductionCase) -> Json:
        """Show a deduction."""
        return {
            "id": each.dispute_id,
            "invoice_id": each.invoice_id,
            "customer_id": each.customer_id,
            "entity_id": each.entity_id,
            "code": each.code,
            "category": each.category,
            "owner": each.owner,
            "opened_on": iso(each.opened_on),
            "answer_by": iso(each.answer_by),
            "status": each.status,
            "amount": money_json(each.claimed_minor, each.currency),
            "contested": money_json(each.open_minor, each.currency),
            "valid": money_json(each.valid_minor, each.currency),
            "invalid": money_json(each.invalid_minor, each.currency),
            "recovered": money_json(each.recovered_minor, each.currency),
        }


class DeductionListing(AsOf, Listing[DeductionCaseOut]):
    """A page of deductions."""


class DeductionSumsOut(BaseModel):
    """Deductions of a debtor by one code, in one currency."""

    customer_id: str
    code: str | None
    count: int
    amount: MoneyModel
    valid: MoneyModel
    invalid: MoneyModel = _INVALID
    recovered: MoneyModel = _RECOVERED

    @classmethod
    def of(cls, each: DeductionSums) -> Json:
        """Show the sums."""
        return {
            "customer_id": each.customer_id,
            "code": each.code,
            "count": each.count,
            "amount": money_json(each.claimed_minor, each.currency),
            "valid": money_json(each.valid_minor, each.currency),
            "invalid": money_json(each.invalid_minor, each.currency),
            "recovered": money_json(each.recovered_minor, each.currency),
        }


class DeductionSummaryOut(AsOf):
    """Deductions by debtor and code, the largest amount first."""

    data: list[DeductionSumsOut]

"""Answers of /v1/residuals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.events.money.residual import ResidualReason
from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.http.tolerances.answers import ResidualPolicyOut


class ListedResidualOut(BaseModel):
    """A residual that stands: of an invoice, or of a payment (an overpayment that became income)."""

    id: str
    entity_id: str
    customer_id: str
    invoice_id: str | None = Field(description="Null for an overpayment.")
    payment_id: str
    amount: MoneyModel
    reason: ResidualReason
    policy: ResidualPolicyOut
    account: str | None
    on: date

    @classmethod
    def of(cls, row: Any) -> Json:
        """Show a residual."""
        currency = row["currency"]
        return {
            "id": row["residual_id"],
            "entity_id": row["entity_id"],
            "customer_id": row["customer_id"],
            "invoice_id": row["invoice_id"],
            "payment_id": row["payment_id"],
            "amount": money_json(row["amount_minor"], currency),
            "reason": row["reason"],
            "policy": ResidualPolicyOut.of(
                row["policy_code"], row["policy_version"], row["cap_minor"], currency
            ),
            "account": row["account"],
            "on": row["closed_on"].isoformat(),
        }


class ResidualSumOut(BaseModel):
    """Residuals that one version of a tolerance closed."""

    code: str
    version: int
    reason: ResidualReason
    overpayments: bool
    count: int
    amount: MoneyModel

    @classmethod
    def of(cls, row: Any) -> Json:
        """Show a sum."""
        return {
            "code": row["policy_code"],
            "version": row["policy_version"],
            "reason": row["reason"],
            "overpayments": row["is_overpayment"],
            "count": row["count"],
            "amount": money_json(row["amount_minor"], row["currency"]),
        }


class ResidualListing(AsOf, Listing[ListedResidualOut]):
    """A page of residuals, and the sums of all of them."""

    sums: list[ResidualSumOut] = Field(description="By tolerance, version and currency, of all pages.")

    @classmethod
    def summed(cls, rows: Sequence[Any]) -> Json:
        """Show the sums."""
        return {"sums": [ResidualSumOut.of(row) for row in rows]}

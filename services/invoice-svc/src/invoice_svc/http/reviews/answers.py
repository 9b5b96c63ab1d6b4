"""Answers of /v1/reviews/invoices."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.events.sales.review import FindingKind
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.money import format_amount
from invoice_svc.domain.review.state import DismissedFinding
from invoice_svc.http.common import iso
from invoice_svc.read_models.reviews.query import FindingStatus, Severity
from invoice_svc.use_cases.folds import FINDING


class DismissalOut(BaseModel):
    """The dismissal of a finding."""

    dismissed_on: date
    reason: str
    actor: str


class FindingOut(BaseModel):
    """Something in the books that a person should look at."""

    id: str
    kind: FindingKind
    severity: Severity
    status: FindingStatus
    entity_id: str
    customer_id: str | None = Field(description="Null for gaps in numbers.")
    amount: MoneyModel | None = Field(
        description="Amount that may be wrong: billed twice, not billed, credited above sales, issued late."
    )
    found_on: date = Field(description="First day on which it is found.")
    reason: str
    documents: list[str] = Field(description="Ids of the documents that it is about.")
    events: list[int] = Field(description="Positions of the events that it rests on.")
    facts: str = Field(description="Digest of what it rests on; a dismissal holds as long as it is the same.")
    dismissal: DismissalOut | None

    @classmethod
    def of_row(cls, row: Any) -> Json:
        """Show a row of the list."""
        amount, dismissed_on = row["amount_minor"], row["dismissed_on"]
        return {
            "id": row["finding_id"],
            "kind": row["kind"],
            "severity": row["severity"],
            "status": "open" if dismissed_on is None else "dismissed",
            "entity_id": row["entity_id"],
            "customer_id": row["customer_id"],
            "amount": known_money_json(amount, row["currency"]),
            "found_on": iso(row["found_on"]),
            "reason": _REASONS[row["kind"]](json.loads(row["detail"]), row["currency"]),
            "documents": row["documents"],
            "events": row["positions"],
            "facts": row["facts"],
            "dismissal": None
            if dismissed_on is None
            else {"dismissed_on": iso(dismissed_on), "reason": row["cause"], "actor": row["actor"]},
        }


class FindingListing(AsOf, Listing[FindingOut]):
    """A page of findings."""


class DismissedFindingOut(AsOf):
    """A finding as it was dismissed."""

    id: str
    kind: FindingKind
    entity_id: str
    customer_id: str | None
    amount: MoneyModel | None
    documents: list[str]
    events: list[int]
    facts: str
    dismissal: DismissalOut
    version: int

    @classmethod
    def of(cls, state: DismissedFinding, version: int, as_of: date) -> Json:
        """Show a finding that was dismissed."""
        amount, currency = state.amount_minor, state.currency
        return {
            "id": state.finding_id,
            "kind": state.kind,
            "entity_id": state.entity_id,
            "customer_id": state.customer_id,
            "amount": None if amount is None or currency is None else money_json(amount, currency),
            "documents": list(state.documents),
            "events": list(state.positions),
            "facts": state.facts,
            "dismissal": {
                "dismissed_on": iso(state.dismissed_on),
                "reason": state.cause,
                "actor": state.actor,
            },
            "version": version,
        }


def _duplicate(detail: Json, currency: str) -> str:
    numbers = ", ".join(detail["numbers"])
    shared = "period" if detail["basis"] == "period" else "purchase order"
    return f"Invoices {numbers} have the same customer, amount and {shared}."


def _delivered(detail: Json, currency: str) -> str:
    draft = "only a draft bills it" if detail["billing"] == "drafted" else "no invoice bills it"
    return f"Delivered on {detail['delivered_on']}, and {draft}."


def _period(detail: Json, currency: str) -> str:
    return f"The period of {detail['period']} has no issued invoice."


def _quote(detail: Json, currency: str) -> str:
    return f"Accepted on {detail['accepted_on']}, and neither invoiced nor delivered."


def _gap(detail: Json, currency: str) -> str:
    last = f"number {detail['before']}" if detail["before"] else "the beginning of the year"
    return (
        f"Series {detail['series']} of {detail['year']}: {detail['missing']} numbers are missing between {last} and "
        f"{detail['number']}."
    )


def _credits(detail: Json, currency: str) -> str:
    credits, sales = (format_amount(detail[name], currency) for name in ("credits_minor", "sales_minor"))
    return f"Credit notes of {detail['year']} are {credits} {currency}, invoices {sales} {currency}."


def _late(detail: Json, currency: str) -> str:
    return (
        f"Invoice {detail['number']} for {detail['supplied_on']} is dated {detail['issued_on']}; it had to be issued "
        f"by {detail['last_day']} ({detail['source']})."
    )


_REASONS: Mapping[FindingKind, Callable[[Json, str], str]] = {
    "duplicate_invoice": _duplicate,
    "delivery_not_billed": _delivered,
    "period_not_billed": _period,
    "quote_not_billed": _quote,
    "number_gap": _gap,
    "credit_above_sales": _credits,
    "late_issue": _late,
}
FINDING_ANSWER = Answer(FINDING, DismissedFindingOut.of)

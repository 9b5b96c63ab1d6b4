"""Answers of /v1/disputes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from encours.contracts.events.dispute import Category, Outcome
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.dispute.state import Dispute
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import DISPUTE
from invoice_svc.use_cases.sales.disputes import Resolved


class DisputeOut(AsOf):
    """A dispute as of a date."""

    id: str
    invoice_id: str
    customer_id: str
    entity_id: str
    category: Category
    amount: MoneyModel
    text: str
    owner: str | None
    opened_on: date
    status: Literal["open", "resolved"]
    outcome: Outcome | None
    resolved_on: date | None
    resolution: str | None
    version: int

    @classmethod
    def of(cls, state: Dispute, version: int, as_of: date) -> Json:
        """Show a dispute."""
        return {
            "id": state.dispute_id,
            "invoice_id": state.invoice_id,
            "customer_id": state.customer_id,
            "entity_id": state.entity_id,
            "category": state.category,
            "amount": money_json(state.amount_minor, state.currency),
            "text": state.text,
            "owner": state.owner,
            "opened_on": iso(state.opened_on),
            "status": "open" if state.outcome is None else "resolved",
            "outcome": state.outcome,
            "resolved_on": iso(state.resolved_on),
            "resolution": state.resolution,
            "version": version,
        }


class DisputeListing(AsOf, Listing[DisputeOut]):
    """A page of disputes."""


class ResolvedDisputeOut(DisputeOut):
    """A dispute that was ended."""

    credit_note_id: str | None = Field(description="The credit note that was made with it.")


def _with_credit_note(body: Json, result: Resolved) -> Json:
    return body | {"credit_note_id": result.credit_note_id}


RESOLUTION_ANSWER = Answer(DISPUTE, DisputeOut.of, result=Resolved, tell=_with_credit_note)
DISPUTE_ANSWER = Answer(DISPUTE, DisputeOut.of)

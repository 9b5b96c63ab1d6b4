"""Answers of /v1/disputes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.common import KeptEvidence
from encours.contracts.events.sales.dispute import Category, DisputeKind, DisputeOutcome, Outcome
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.instants import instant_text
from invoice_svc.domain.dispute.state import DeadlineStatus, Dispute
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import DISPUTE
from invoice_svc.use_cases.sales.disputes import Resolved


class DisputePartOut(BaseModel):
    """A part of the amount that has its outcome."""

    outcome: Outcome
    amount: MoneyModel
    on: date
    text: str | None


class DisputeCommentOut(BaseModel):
    """A remark."""

    by: str
    at: str
    text: str


class AttachedOut(BaseModel):
    """A document, by its hash."""

    sha256: str
    name: str | None
    media_type: str | None
    kept: bool = Field(
        description="True if `GET /v1/disputes/{id}/evidence/{sha256}` has the document itself."
    )


class DisputeOut(AsOf):
    """A dispute as of a date."""

    id: str
    invoice_id: str
    customer_id: str
    entity_id: str
    kind: DisputeKind
    category: Category
    code: str | None = Field(description="The debtor's reason code.")
    code_mapped: bool = Field(description="The category follows from the code.")
    amount: MoneyModel = Field(description="All that was contested.")
    contested: MoneyModel = Field(description="The part of it that has no outcome.")
    credited: MoneyModel
    rejected: MoneyModel
    withdrawn: MoneyModel
    text: str
    owner: str | None = Field(description="Person or role in charge.")
    answer_by: date | None = Field(description="Last day for the answer.")
    alert_on: date | None = Field(description="Day from which that is near.")
    deadline: DeadlineStatus
    opened_on: date
    payment_id: str | None = Field(description="Payment that was made short by the amount.")
    follows: str | None = Field(description="Resolved dispute that the debtor raises again.")
    status: Literal["open", "resolved"]
    outcome: DisputeOutcome | None
    resolved_on: date | None
    resolution: str | None
    parts: list[DisputePartOut]
    comments: list[DisputeCommentOut]
    evidence: list[AttachedOut]
    version: int

    @classmethod
    def of(cls, state: Dispute, version: int, as_of: date) -> Json:
        """Show a dispute."""
        currency = state.currency
        return {
            "id": state.dispute_id,
            "invoice_id": state.invoice_id,
            "customer_id": state.customer_id,
            "entity_id": state.entity_id,
            "kind": state.kind,
            "category": state.category,
            "code": state.code,
            "code_mapped": state.code_mapped,
            "amount": money_json(state.amount_minor, currency),
            "contested": money_json(state.open_minor, currency),
            "credited": money_json(state.ended_minor("credited"), currency),
            "rejected": money_json(state.ended_minor("rejected"), currency),
            "withdrawn": money_json(state.ended_minor("withdrawn"), currency),
            "text": state.text,
            "owner": state.owner,
            "answer_by": iso(state.answer_by),
            "alert_on": iso(state.alert_on),
            "deadline": state.deadline_status(as_of),
            "opened_on": iso(state.opened_on),
            "payment_id": state.payment_id,
            "follows": state.follows,
            "status": "open" if state.outcome is None else "resolved",
            "outcome": state.outcome,
            "resolved_on": iso(state.resolved_on),
            "resolution": state.resolution,
            "parts": [
                {
                    "outcome": part.outcome,
                    "amount": money_json(part.amount_minor, currency),
                    "on": iso(part.on),
                    "text": part.text,
                }
                for part in state.parts
            ],
            "comments": [
                {"by": each.by, "at": instant_text(each.at), "text": each.text} for each in state.comments
            ],
            "evidence": [
                {
                    "sha256": each.sha256,
                    "name": each.name,
                    "media_type": each.media_type,
                    "kept": each.kept,
                }
                for each in state.evidence
            ],
            "version": version,
        }


class DisputeListing(AsOf, Listing[DisputeOut]):
    """A page of disputes."""


class DisputeDocumentOut(AsOf):
    """A document of a dispute."""

    dispute_id: str
    sha256: str
    name: str | None
    media_type: str | None
    document: str | None = Field(description="In base64; null where it is kept elsewhere.")

    @classmethod
    def of(cls, dispute_id: str, evidence: KeptEvidence) -> Json:
        """Show the document."""
        return {
            "dispute_id": dispute_id,
            "sha256": evidence.sha256,
            "name": evidence.name,
            "media_type": evidence.media_type,
            "document": evidence.document,
        }


class ResolvedDisputeOut(DisputeOut):
    """A dispute that was ended, wholly or in part."""

    credit_note_id: str | None = Field(description="The credit note that was made with it.")


def _with_credit_note(body: Json, result: Resolved) -> Json:
    return body | {"credit_note_id": result.credit_note_id}


RESOLUTION_ANSWER = Answer(DISPUTE, DisputeOut.of, result=Resolved, tell=_with_credit_note)
DISPUTE_ANSWER = Answer(DISPUTE, DisputeOut.of)

"""Answers about reminders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.http.items import ItemOut
from encours.contracts.events.dunning.reminders import DunnedItem
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf

ReminderStatus = Literal["requested", "sent", "failed", "suppressed", "unconfirmed"]


class ReminderOut(BaseModel):
    """A reminder, sent or suppressed, and its outcome."""

    id: str
    decision_id: str
    customer_id: str
    entity_id: str
    day: date
    channel: str
    step: str
    template: str | None
    language: str | None
    amount: MoneyModel = Field(description="Amount claimed, unapplied payments deducted.")
    credit: MoneyModel = Field(description="Unapplied payments deducted.")
    invoice_ids: list[str]
    status: ReminderStatus
    cause: str | None = Field(description="Cause of the suppression.")
    because: list[int] = Field(
        description="Positions of the events after the decision for which the message did not leave."
    )
    message_id: str | None
    evidence: str | None = Field(description="The mail server's reply, or the digest of the letter.")
    requested_position: int
    outcome_on: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ReminderOut:
        """Return a row of the list."""
        return cls(**_fields(row))


class ReminderList(Listing[ReminderOut], AsOf):
    """Reminders, newest first."""


class ReminderAsOf(ReminderOut, AsOf):
    """A reminder with its items, at the requested dates."""

    items: list[ItemOut]

    @classmethod
    def with_items(
        cls, row: Mapping[str, Any], items: tuple[DunnedItem, ...], echo: dict[str, Any]
    ) -> ReminderAsOf:
        """Return a row with the items of its decision; ``echo`` holds the dates of the question."""
        return cls(**_fields(row), items=[ItemOut.of(item, row["currency"]) for item in items], **echo)


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "id": row["reminder_id"],
        "decision_id": row["decision_id"],
        "customer_id": row["customer_id"],
        "entity_id": row["entity_id"],
        "day": row["day"],
        "channel": row["channel"],
        "step": row["step"],
        "template": row["template"] or None,
        "language": row["language"] or None,
        "amount": MoneyModel.of(row["amount_minor"], currency),
        "credit": MoneyModel.of(row["credit_minor"], currency),
        "invoice_ids": row["invoice_ids"],
        "status": row["status"],
        "cause": row["cause"],
        "because": [int(position) for position in row["because"].split()],
        "message_id": row["message_id"],
        "evidence": row["evidence"],
        "requested_position": row["position"],
        "outcome_on": row["outcome_on"],
    }

"""Answers about thank-yous."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from dunning_svc.read_models.cases.fold.thanks import ThanksStatus, request_of
from dunning_svc.read_models.cases.rows.access import positions
from encours.contracts.events.dunning.thanks import ThanksCause
from encours.http.models import MoneyModel
from encours.http.paging import Listing


class PaidInvoiceOut(BaseModel):
    """An invoice that payments have settled."""

    invoice_id: str
    number: str
    due_on: date
    paid_on: date = Field(description="Day from which the funds covered it.")
    paid: MoneyModel
    reminders: int = Field(description="Reminders about it before, without announcements.")


class ThanksOut(BaseModel):
    """A thank-you with its outcome."""

    id: str
    customer_id: str
    addressee_id: str
    entity_id: str
    day: date
    status: ThanksStatus
    cause: ThanksCause | None = Field(description="Cause for which it was suppressed.")
    because: tuple[int, ...] = Field(
        description="Positions of the events after the decision for which it did not leave."
    )
    template: str
    language: str
    invoices: tuple[PaidInvoiceOut, ...]
    amount: MoneyModel
    policy_id: str
    policy_version: int
    position: int
    message_id: str | None
    evidence: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ThanksOut:
        """Return the thank-you of a row."""
        data = request_of(row["document"])
        return cls(
            id=data.thanks_id,
            customer_id=data.customer_id,
            addressee_id=data.addressee_id,
            entity_id=row["entity_id"],
            day=data.day,
            status=row["status"],
            cause=row["cause"],
            because=positions(row["because"]),
            template=data.template,
            language=data.language,
            invoices=tuple(
                PaidInvoiceOut(
                    invoice_id=each.invoice_id,
                    number=each.number,
                    due_on=each.due_on,
                    paid_on=each.paid_on,
                    paid=MoneyModel.of(each.paid_minor, data.currency),
                    reminders=each.reminders,
                )
                for each in data.invoices
            ),
            amount=MoneyModel.of(data.amount_minor, data.currency),
            policy_id=data.policy_id,
            policy_version=data.policy_version,
            position=row["position"],
            message_id=row["message_id"],
            evidence=row["evidence"],
        )


class ThanksList(Listing[ThanksOut]):
    """Thank-yous."""

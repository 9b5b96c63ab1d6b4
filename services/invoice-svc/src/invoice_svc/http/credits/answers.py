"""Answers of /v1/credit-notes and /v1/credits."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.payment.state import Payment
from invoice_svc.http.common import iso
from invoice_svc.http.documents import CitedOut, LineOut, VatOut
from invoice_svc.use_cases.folds import PAYMENT
from invoice_svc.use_cases.sales.credits import CreditUse


class CreditNoteBrief(BaseModel):
    """A credit note, on an invoice or without."""

    id: str
    number: str
    entity_id: str
    customer_id: str
    invoice_id: str | None = Field(description="Null for a credit note without an invoice.")
    issued_on: date
    currency: str
    net: MoneyModel | None
    vat: MoneyModel | None
    total: MoneyModel
    reason: str

    @classmethod
    def of(cls, row: Any) -> Json:
        """Show a row of the list."""
        currency = row["currency"]
        net, vat = (row[name] for name in ("net_minor", "vat_minor"))
        return {
            "id": row["credit_note_id"],
            "number": row["number"],
            "entity_id": row["entity_id"],
            "customer_id": row["customer_id"],
            "invoice_id": row["invoice_id"],
            "issued_on": iso(row["issued_on"]),
            "currency": currency,
            "net": known_money_json(net, currency),
            "vat": known_money_json(vat, currency),
            "total": money_json(row["total_minor"], currency),
            "reason": row["cause"],
        }


class CreditNoteListing(AsOf, Listing[CreditNoteBrief]):
    """A page of credit notes."""


class OwnCreditNoteOut(AsOf):
    """A credit note without an invoice, and what is left of the customer's credit."""

    id: str
    payment_id: str = Field(description="The customer's money in /v1/payments: its allocations and refunds.")
    number: str
    entity_id: str
    customer_id: str
    issued_on: date
    currency: str
    net: MoneyModel
    vat: MoneyModel
    total: MoneyModel
    unapplied: MoneyModel
    refunded: MoneyModel
    vat_breakdown: list[VatOut]
    lines: list[LineOut]
    reason: str
    period_from: date | None
    period_until: date | None
    invoices: list[CitedOut]
    version: int

    @classmethod
    def of(cls, state: Payment, version: int, as_of: date) -> Json:
        """Show the credit note."""
        note, currency = state.credit_note, state.currency
        assert note is not None, "the stream begins with a credit note"
        return {
            "id": note.credit_note_id,
            "payment_id": state.payment_id,
            "number": note.number,
            "entity_id": state.entity_id,
            "customer_id": note.customer_id,
            "issued_on": iso(note.issued_on),
            "currency": currency,
            "net": money_json(note.net_minor, currency),
            "vat": money_json(note.vat_minor, currency),
            "total": money_json(note.total_minor, currency),
            "unapplied": money_json(state.unapplied_minor, currency),
            "refunded": money_json(state.refunded_minor, currency),
            "vat_breakdown": [VatOut.of(share, currency) for share in note.vat],
            "lines": [LineOut.of(line, currency) for line in note.lines],
            "reason": note.cause,
            "period_from": iso(note.period_from),
            "period_until": iso(note.period_until),
            "invoices": [CitedOut.of(cited) for cited in note.invoices],
            "version": version,
        }


class UnappliedOut(BaseModel):
    """Part that a payment has left of the customer's credit."""

    payment_id: str
    unapplied: MoneyModel


class CreditUseOut(AsOf):
    """Rest of a customer's credit after its use."""

    id: str
    unapplied: MoneyModel | None = Field(
        description="Null where the payments are in several currencies: see `payments`."
    )
    payments: list[UnappliedOut]
    refunds: list[str] = Field(description="Ids of the refunds that were ordered.")

    @classmethod
    def of(cls, body: Json, result: CreditUse) -> Json:
        """Show what is left."""
        currencies = {left.currency for _, left in result.unapplied}
        total = sum(left.amount_minor for _, left in result.unapplied)
        return body | {
            "id": result.credit_note_id,
            "unapplied": money_json(total, *currencies) if len(currencies) == 1 else None,
            "payments": [
                {"payment_id": payment_id, "unapplied": money_json(left.amount_minor, left.currency)}
                for payment_id, left in result.unapplied
            ],
            "refunds": list(result.refunds),
        }


def _nothing(state: Payment, version: int, as_of: date) -> Json:
    return {}


CREDIT_ANSWER = Answer(PAYMENT, OwnCreditNoteOut.of)
CREDIT_USE_ANSWER = Answer(PAYMENT, _nothing, result=CreditUse, tell=CreditUseOut.of)

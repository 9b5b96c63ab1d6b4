"""Answers of /v1/remittance-advices."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.money.remittance import (
    AdviceDifference,
    AdviceFormat,
    AdvisedDeduction,
    AdvisedItem,
    AdvisedShare,
    DifferenceKind,
)
from encours.contracts.events.sales.dispute import Category
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.remittance.decide import stated
from invoice_svc.domain.remittance.state import AdviceStatus, RemittanceAdvice
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import ADVICE
from invoice_svc.use_cases.money.payments import Settled


class DeductionOut(BaseModel):
    """An amount that the debtor keeps back."""

    amount: MoneyModel
    code: str | None = Field(description="Reason code as the debtor writes it.")
    category: Category | None = Field(
        description="What `/v1/deduction-codes` maps the code to; null if it is not mapped."
    )
    text: str | None

    @classmethod
    def of(cls, deduction: AdvisedDeduction, currency: str) -> Json:
        """Show a deduction."""
        return {
            "amount": money_json(deduction.amount_minor, currency),
            "code": deduction.code,
            "category": deduction.category,
            "text": deduction.text,
        }


class AdviceItemOut(BaseModel):
    """A document of an advice."""

    number: str | None = Field(description="Number as the debtor writes it.")
    invoice_id: str | None = Field(
        description="The invoice that is meant, or that the credit note corrects; null if the number fits not just one."
    )
    credit_note_id: str | None
    amount: MoneyModel = Field(
        description="Amount paid after deductions; below 0 for a credit note that is netted."
    )
    deductions: list[DeductionOut]

    @classmethod
    def of(cls, item: AdvisedItem, currency: str) -> Json:
        """Show an item."""
        return {
            "number": item.written,
            "invoice_id": item.invoice_id,
            "credit_note_id": item.credit_note_id,
            "amount": money_json(item.amount_minor, currency),
            "deductions": [DeductionOut.of(each, currency) for each in item.deductions],
        }


class AdvisedShareOut(BaseModel):
    """A part of an item that was settled when the payment joined the advice. Items count from 1."""

    item: int
    invoice_id: str
    payment_id: str
    amount: MoneyModel

    @classmethod
    def of(cls, share: AdvisedShare, currency: str) -> Json:
        """Show a share."""
        return {
            "item": share.item,
            "invoice_id": share.invoice_id,
            "payment_id": share.payment_id,
            "amount": money_json(share.amount_minor, currency),
        }


class AdviceDifferenceOut(BaseModel):
    """Difference between what was announced and what was settled; `item` is null for the advice as a whole."""

    item: int | None
    kind: DifferenceKind
    announced: MoneyModel
    settled: MoneyModel

    @classmethod
    def of(cls, difference: AdviceDifference, currency: str) -> Json:
        """Show a difference."""
        return {
            "item": difference.item,
            "kind": difference.kind,
            "announced": money_json(difference.announced_minor, currency),
            "settled": money_json(difference.settled_minor, currency),
        }


class AdvicePayerOut(BaseModel):
    """Payer as the advice names it."""

    name: str | None
    iban: str | None


class RemittanceAdviceOut(AsOf):
    """A remittance advice as of a date."""

    id: str
    entity_id: str
    customer_id: str | None
    payer: AdvicePayerOut
    reference: str | None
    format: AdviceFormat
    content_sha256: str
    total: MoneyModel
    announced_on: date
    expected_on: date | None
    expires_on: date = Field(description="Last day on which a payment is joined by itself.")
    status: AdviceStatus
    items: list[AdviceItemOut]
    payment_id: str | None
    settled: list[AdvisedShareOut]
    differences: list[AdviceDifferenceOut]
    withdrawal_reason: str | None
    version: int
    note: str | None = Field(default=None, description="Differences from the advice, in words.")

    @classmethod
    def of(cls, state: RemittanceAdvice, version: int, as_of: date) -> Json:
        """Show an advice with its status on the day."""
        event, joined = stated(state), state.joined
        currency = event.currency
        return {
            "id": event.advice_id,
            "entity_id": state.entity_id,
            "customer_id": event.customer_id,
            "payer": {"name": event.payer_name, "iban": event.payer_account},
            "reference": event.reference,
            "format": event.format,
            "content_sha256": event.content_sha256,
            "total": money_json(event.total_minor, currency),
            "announced_on": iso(event.announced_on),
            "expected_on": iso(event.expected_on),
            "expires_on": iso(event.expires_on),
            "status": state.status(as_of),
            "items": [AdviceItemOut.of(each, currency) for each in event.items],
            "payment_id": joined and joined.payment_id,
            "settled": [AdvisedShareOut.of(each, currency) for each in joined.shares] if joined else [],
            "differences": (
                [AdviceDifferenceOut.of(each, currency) for each in joined.differences] if joined else []
            ),
            "withdrawal_reason": state.withdrawn_cause,
            "version": version,
        }


class RemittanceAdviceListing(AsOf, Listing[RemittanceAdviceOut]):
    """A page of remittance advices."""


def _with_note(body: Json, result: Settled) -> Json:
    return body | {"note": result.note}


ADVICE_ANSWER = Answer(ADVICE, RemittanceAdviceOut.of)
ADVICE_SETTLED_ANSWER = Answer(ADVICE, RemittanceAdviceOut.of, result=Settled, tell=_with_note)

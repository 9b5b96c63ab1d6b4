"""Bodies of /v1/remittance-advices."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import Field, model_validator

from encours.http.models import Body, BusinessDate, Id, MoneyModel, PositiveMoney, ShortText
from invoice_svc.domain.refusals import require_currency
from invoice_svc.domain.remittance.commands import (
    ReceiveAdvice,
    StatedDeduction,
    StatedItem,
)
from invoice_svc.domain.remittance.decide import MAX_ITEMS
from invoice_svc.http.common import CustomerId, EntityId, Iban, InvoiceId, PaymentId

AdviceId = Annotated[str, Id("adv"), Field(examples=["adv_0195e0a4c1187ebc837d95283b6791e9"])]


class DeductionBody(Body):
    """An amount that the debtor keeps back."""

    amount: PositiveMoney
    code: ShortText | None = Field(default=None, description="The debtor's reason code.", examples=["C17"])
    text: ShortText | None = None


class AdviceItemBody(Body):
    """A document that is paid, or a credit note that is netted."""

    number: ShortText | None = Field(
        default=None, description="Number as the debtor writes it.", examples=["FAC-2026-000123"]
    )
    invoice_id: InvoiceId | None = None
    amount: MoneyModel = Field(
        description="Amount paid of it after deductions; below 0 for a credit note that is netted."
    )
    deductions: list[DeductionBody] = Field(default=[], max_length=20)

    @model_validator(mode="after")
    def _one_name(self) -> AdviceItemBody:
        if (self.number is None) == (self.invoice_id is None):
            raise ValueError("Name the document by its number or by invoice_id.")
        if self.invoice_id is not None and self.amount.minor < 0:
            raise ValueError("An amount below 0 is a credit note: name it by its number.")
        return self

    def to_item(self, currency: str, pointer: str) -> StatedItem:
        """Return the item. Raises ``currency-mismatch``."""
        require_currency(self.amount.currency, currency, f"{pointer}/amount")
        for n, each in enumerate(self.deductions):
            require_currency(each.amount.currency, currency, f"{pointer}/deductions/{n}/amount")
        return StatedItem(
            self.amount.minor,
            self.invoice_id,
            self.number,
            tuple(StatedDeduction(each.amount.minor, each.code, each.text) for each in self.deductions),
        )


class AdvicePayerBody(Body):
    """The payer as the advice names it."""

    name: ShortText | None = None
    iban: Iban | None = None


class AdviceBody(Body):
    """Statement of a debtor of what a transfer pays. The items add up to the total."""

    entity_id: EntityId
    customer_id: CustomerId | None = None
    payer: AdvicePayerBody | None = None
    reference: ShortText | None = Field(
        default=None,
        description="Reference of the transfer or of the advice. The same reference of a customer is the same advice.",
    )
    total: PositiveMoney = Field(description="Amount of the transfer.")
    announced_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    expected_on: BusinessDate | None = Field(default=None, description="Day on which the debtor pays.")
    items: list[AdviceItemBody] = Field(min_length=1, max_length=MAX_ITEMS)

    def to_command(self) -> ReceiveAdvice:
        """Return the command. Raises ``currency-mismatch``."""
        currency = self.total.currency
        payer = self.payer or AdvicePayerBody()
        return ReceiveAdvice(
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            payer_name=payer.name,
            payer_account=payer.iban,
            reference=self.reference,
            currency=currency,
            total_minor=self.total.minor,
            announced_on=self.announced_on,
            expected_on=self.expected_on,
            items=tuple(each.to_item(currency, f"/items/{n}") for n, each in enumerate(self.items)),
            format="json",
            content_sha256=hashlib.sha256(self.model_dump_json().encode()).hexdigest(),
        )


class WithdrawAdviceBody(Body):
    """Reason for which an advice is withdrawn."""

    reason: ShortText = Field(examples=["Sent for another creditor"])


class JoinAdviceBody(Body):
    """The payment that an advice is of."""

    payment_id: PaymentId

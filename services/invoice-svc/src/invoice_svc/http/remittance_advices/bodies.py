"""Parameters and bodies of /v1/remittance-advices."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator
from starlette.requests import Request

from encours.http.catalogue import UnsupportedMediaType
from encours.http.models import Body, BusinessDate, Currency, Id, MoneyModel, PositiveMoney, ShortText
from encours.kernel.errors import Invalid
from encours.kernel.money import exponent, parse_amount
from invoice_svc.advices import blocks, letters, tables
from invoice_svc.advices.reading import AdviceUnreadable, ReadAs, StatedAdvice
from invoice_svc.bank.reading import text_of
from invoice_svc.domain.refusals import require_currency
from invoice_svc.domain.remittance.commands import (
    ReceiveAdvice,
    StatedDeduction,
    StatedItem,
)
from invoice_svc.domain.remittance.decide import MAX_ITEMS
from invoice_svc.http.common import CustomerId, EntityId, Iban, InvoiceId, PaymentId
from invoice_svc.imports.survey import DELIMITERS

AdviceId = Annotated[str, Id("adv"), Field(examples=["adv_0195e0a4c1187ebc837d95283b6791e9"])]


_FILE = {"schema": {"type": "string", "format": "binary"}}
OTHER_FORMATS = {
    "requestBody": {
        "content": {
            "text/csv": _FILE,
            "text/plain": _FILE,
            "message/rfc822": _FILE,
            "application/xml": _FILE,
        }
    }
}


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


class AdviceParameters(BaseModel):
    """Parts of an advice that is sent as a table, an e-mail or XML, beside what it states itself."""

    entity_id: EntityId | None = Field(default=None, description="Required for all but JSON.")
    customer_id: CustomerId | None = None
    currency: Currency = "EUR"
    reference: ShortText | None = Field(
        default=None,
        description="Reference of the transfer; of an XML message with several remittances it chooses one.",
    )
    total: Annotated[str, StringConstraints(max_length=24)] | None = Field(
        default=None,
        description="Amount of the transfer; an e-mail that does not state it needs it.",
        examples=["240.00"],
    )
    announced_on: BusinessDate | None = None
    expected_on: BusinessDate | None = None
    delimiter: Literal["comma", "semicolon", "tab", "pipe"] = Field(
        default="comma", description="Delimiter of a table."
    )
    decimal: Literal["point", "comma"] = Field(default="point", description="Decimal sign of a table.")

    async def to_command(self, request: Request) -> ReceiveAdvice:
        """Return the command of an advice that is not JSON.

        Raises :class:`UnsupportedMediaType`, :class:`Invalid` and the refusals of the formats.
        """
        if self.entity_id is None:
            raise Invalid("Name the entity that is paid.", "/entity_id")
        exponent(self.currency)
        total_minor = None
        if self.total is not None:
            total_minor = parse_amount(self.total, self.currency, pointer="/total")
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        data = await request.body()
        read = await asyncio.to_thread(self._read, media, data)
        if total_minor is None and read.total_minor is None and read.format == "email":
            raise AdviceUnreadable("The letter states no total: give the amount of the transfer in `total`.")
        return ReceiveAdvice(
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            payer_name=read.payer_name,
            payer_account=read.payer_account,
            reference=self.reference or read.reference,
            currency=self.currency,
            total_minor=read.total_minor if total_minor is None else total_minor,
            announced_on=self.announced_on,
            expected_on=self.expected_on or read.expected_on,
            items=read.items,
            format=read.format,
            content_sha256=hashlib.sha256(data).hexdigest(),
        )

    def _read(self, media: str, data: bytes) -> StatedAdvice:
        read_as = ReadAs(self.currency, DELIMITERS[self.delimiter], self.decimal)
        match media:
            case "text/csv" | "application/csv":
                return tables.read(text_of(data), read_as)
            case "text/plain" | "message/rfc822":
                return letters.read(data, read_as, is_message=media == "message/rfc822")
            case "application/xml" | "text/xml":
                return blocks.read(data, read_as, self.reference)
            case _:
                raise UnsupportedMediaType(
                    "Send application/json, text/csv, text/plain, message/rfc822 or application/xml."
                )

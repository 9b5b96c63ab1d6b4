"""Bodies and answers of /v1/invoices."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from encours.http.batch import Batch
from encours.http.models import Body, BusinessDate, Currency, LongText, MoneyModel, PositiveMoney, ShortText
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.errors import Invalid
from invoice_svc.domain.invoice.amounts import LineInput
from invoice_svc.domain.invoice.commands import Content, CreditInvoice, DraftInvoice
from invoice_svc.domain.invoice.status import (
    BusinessLabel,
    CollectionStatus,
    DeliveryStatus,
    DocumentStatus,
    EInvoiceStatus,
    SettlementStatus,
)
from invoice_svc.http.shapes import (
    CustomerId,
    DecimalText,
    EntityId,
    SeriesCode,
    TermsBody,
    TermsOut,
    UnitPrice,
    minor_in,
)

MAX_LINES = 1_000


class LineBody(Body):
    """An invoice line. `unit_price` is net of VAT: a decimal string, or money where the currency has to be said."""

    description: LongText = Field(examples=["Pneu hiver 205/55 R16"])
    quantity: DecimalText = Field(examples=["4"])
    unit_price: UnitPrice = Field(examples=["89.90"])
    vat_rate: DecimalText = Field(description="Percent.", examples=["20"])
    product: ShortText | None = None

    def to_input(self) -> LineInput:
        """As the decisions take it."""
        price = self.unit_price.amount if isinstance(self.unit_price, MoneyModel) else self.unit_price
        return LineInput(self.description, self.quantity, price, self.vat_rate, self.product)


Lines = Annotated[list[LineBody], Field(min_length=1, max_length=MAX_LINES)]


class DraftBody(Body):
    """A draft; with `issue` it is issued in the same step."""

    entity_id: EntityId
    customer_id: CustomerId
    series: SeriesCode = "FAC"
    supply_on: BusinessDate | None = Field(
        default=None, description="Day of delivery or performance; the day of issue, or today, if not given."
    )
    currency: Currency | None = Field(default=None, description="The entity's currency if not given.")
    lines: Lines
    terms: TermsBody | None = Field(default=None, description="Conditions of this invoice alone.")
    reference: ShortText | None = Field(default=None, description="The customer's order number.")
    salesperson: ShortText | None = None
    issue: bool = Field(default=False, description="Issue it at once.", strict=True)
    issued_on: BusinessDate | None = Field(default=None, description="Day of issue; today if not given.")

    def to_command(self, invoice_id: str, day: date, entity_currency: str) -> DraftInvoice:
        """The draft as a command; ``day`` is that of issue, or today."""
        currency = currency_of(self.lines, self.currency) or entity_currency
        return DraftInvoice(
            invoice_id=invoice_id,
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            series=self.series,
            content=Content(
                supply_on=self.supply_on or day,
                lines=inputs_of(self.lines),
                terms=self.terms.to_contract(currency, day, "/terms") if self.terms else None,
                reference=self.reference,
                salesperson=self.salesperson,
            ),
            currency=currency,
        )


class DraftBatch(Batch[DraftBody]):
    """Up to 1,000 drafts; with `issue` each is issued in the same step."""

    issue: bool = Field(default=False, strict=True)
    issued_on: BusinessDate | None = None


class DraftPatch(Body):
    """Fields of a draft to change; null clears one."""

    supply_on: BusinessDate | None = None
    lines: Lines | None = None
    terms: TermsBody | None = None
    reference: ShortText | None = None
    salesperson: ShortText | None = None


class IssueBody(Body):
    """The day of issue; today if not given."""

    issued_on: BusinessDate | None = None


class CreditBody(Body):
    """A credit note: over `lines`, or over an `amount` including VAT, or over all that is outstanding."""

    amount: PositiveMoney | None = None
    lines: Lines | None = None
    reason: ShortText = Field(default="cancellation", examples=["Goods returned"])
    issued_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    series: SeriesCode | None = Field(default=None, description="AVO if not given.")

    def to_command(self, invoice_id: str, credit_note_id: str, today: date, currency: str) -> CreditInvoice:
        """The credit note as a command. Raises :class:`Invalid` where the body gives two sums, or another currency."""
        if self.amount is not None and self.lines is not None:
            raise Invalid("A credit note is over lines or over an amount: leave one of them out.", "/amount")
        if self.lines is not None:
            currency_of(self.lines, currency)
        return CreditInvoice(
            invoice_id=invoice_id,
            credit_note_id=credit_note_id,
            issued_on=self.issued_on or today,
            amount_minor=minor_in(self.amount, currency, "/amount") if self.amount else None,
            cause=self.reason,
            series=self.series,
            lines=inputs_of(self.lines) if self.lines is not None else None,
        )


def inputs_of(lines: list[LineBody]) -> tuple[LineInput, ...]:
    """The lines as the decisions take them."""
    return tuple(line.to_input() for line in lines)


def currency_of(lines: list[LineBody], currency: str | None) -> str | None:
    """The one currency that the body speaks of, if it names any. Raises :class:`Invalid` if it names two."""
    for i, line in enumerate(lines):
        if isinstance(line.unit_price, MoneyModel):
            if currency is not None and line.unit_price.currency != currency:
                raise Invalid(
                    "All prices of an invoice are in one currency.", f"/lines/{i}/unit_price/currency"
                )
            currency = line.unit_price.currency
    return currency


def patched(body: DraftPatch, kept: Content, currency: str, today: date) -> Content:
    """The draft's content with the named fields changed."""
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if body.lines is not None and currency_of(body.lines, currency) == currency:
        given["lines"] = inputs_of(body.lines)
    if body.terms is not None:
        given["terms"] = body.terms.to_contract(currency, today, "/terms")
    for name in ("lines", "supply_on"):
        if given.get(name, "") is None:
            raise Invalid(f"A draft cannot be without {name}; leave the field out to keep it.", f"/{name}")
    fields = {name: getattr(kept, name) for name in DraftPatch.model_fields}
    return Content(**(fields | given))


class StatusOut(BaseModel):
    """The five axes."""

    document: DocumentStatus
    delivery: DeliveryStatus
    settlement: SettlementStatus
    collection: CollectionStatus
    einvoice: EInvoiceStatus


class LabelsOut(BaseModel):
    """The status in the words of the business and of the CRM."""

    business: BusinessLabel
    crm: str = Field(examples=["Retard 12 jours"])


class VatOut(BaseModel):
    """VAT at one rate."""

    rate: str = Field(description="Percent.")
    net: MoneyModel
    vat: MoneyModel


class LineOut(BaseModel):
    """An invoice line."""

    description: str
    quantity: str
    unit_price: str
    vat_rate: str
    net: MoneyModel
    product: str | None


class CreditNoteOut(BaseModel):
    """A credit note on the invoice."""

    id: str
    number: str
    issued_on: date
    net: MoneyModel
    vat: MoneyModel
    total: MoneyModel
    cause: str


class AppliedOut(BaseModel):
    """A part of a payment that stands on the invoice."""

    allocation_id: str
    payment_id: str
    amount: MoneyModel
    received_on: date


class DisputedOut(BaseModel):
    """An open dispute."""

    id: str
    amount: MoneyModel


class InvoiceOut(AsOf):
    """An invoice as of a date."""

    id: str
    number: str | None = Field(description="Legal number; null for a draft.", examples=["FAC-2026-000123"])
    entity_id: str
    customer_id: str
    series: str | None
    currency: str
    supply_on: date
    issued_on: date | None
    due_on: date | None
    net: MoneyModel
    vat: MoneyModel
    total: MoneyModel
    credited: MoneyModel
    paid: MoneyModel
    outstanding: MoneyModel
    disputed: MoneyModel = Field(description="The contested part of what is outstanding.")
    status: StatusOut
    labels: LabelsOut
    days_past_due: int = Field(
        description="Calendar days after the due date while anything is outstanding.", ge=0
    )
    vat_breakdown: list[VatOut]
    lines: list[LineOut]
    terms: TermsOut | None
    reference: str | None
    salesperson: str | None
    origin: Literal["issued", "import"] | None
    credit_notes: list[CreditNoteOut]
    payments: list[AppliedOut]
    disputes: list[DisputedOut]
    version: int


class InvoiceListing(AsOf, Listing[InvoiceOut]):
    """A page of invoices."""


class CreditOut(AsOf):
    """A credit note, and the invoice as it left it."""

    id: str
    number: str
    invoice_id: str
    issued_on: date
    net: MoneyModel
    vat: MoneyModel
    total: MoneyModel
    cause: str
    invoice: InvoiceOut


class FactOut(BaseModel):
    """One fact of the invoice's stream."""

    position: int
    version: int
    type: str
    effective_on: date
    recorded_at: str
    actor: str
    reason: str | None
    command_id: str
    traceparent: str | None
    data: dict[str, Any]


class HistoryOut(AsOf):
    """Everything that happened to the invoice, in order."""

    data: list[FactOut]

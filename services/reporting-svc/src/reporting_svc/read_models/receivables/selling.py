"""Rows beside the movements: documents by product, plans of the turnover, origins of money; as events state them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from encours.contracts import Recorded
from encours.contracts.events.figure import TurnoverPlanSet
from encours.contracts.events.invoice import InvoiceCredited, InvoiceIssued
from encours.contracts.events.money.bank import BankLineBooked
from encours.contracts.events.money.payment import CreditNoteIssued, PaymentReceived, RefundOrdered
from encours.projection.rows import Row
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID, INVOICE_ID, PAYMENT_ID

SoldDocument = InvoiceIssued | InvoiceCredited | CreditNoteIssued


class ProductSale(Row, kw_only=True):
    """Part of an invoice in one product, or of a credit note with amounts below 0; never changed again."""

    TABLE: ClassVar[str] = "product_sale"
    KEY: ClassVar[tuple[str, ...]] = ("position", "line")
    INDEXES: ClassVar[tuple[str, ...]] = ("(effective_on)", "(invoice_id) where not is_credit")
    position: int
    line: int
    effective_on: date
    entity: Annotated[str, ENTITY_ID]
    customer_id: Annotated[str, CUSTOMER_ID]
    invoice_id: Annotated[str | None, INVOICE_ID]
    currency: str
    is_credit: bool
    product: str | None
    net_minor: int
    vat_minor: int
    costed_minor: int
    """The part of ``net_minor`` whose cost is known."""
    cost_minor: int
    document_minor: int
    """Total of the document, VAT included; signed as the parts are."""


class TurnoverPlanRow(Row, kw_only=True):
    """A version of a plan as lists find it; never changed again."""

    TABLE: ClassVar[str] = "turnover_plan"
    KEY: ClassVar[tuple[str, ...]] = ("turnover_plan_id", "position")
    turnover_plan_id: str
    position: int
    effective_on: date
    entity: str
    code: str


class PaymentOrigin(Row, kw_only=True):
    """Method of a payment, account that it came from, or account that a refund goes to; never changed again."""

    TABLE: ClassVar[str] = "payment_origin"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(payment_id)",)
    position: int
    effective_on: date
    payment_id: Annotated[str, PAYMENT_ID]
    kind: str
    """``method``, ``account`` or ``refund``."""
    value: str


def origin_rows(e: Recorded, data: PaymentReceived | BankLineBooked | RefundOrdered) -> list[PaymentOrigin]:
    """Return the origin that an event states; none where the bank names no account."""
    if isinstance(data, PaymentReceived):
        kind, value = "method", str(data.method)
    elif isinstance(data, BankLineBooked):
        kind, value = "account", data.party_account or ""
    else:
        kind, value = "refund", data.iban or ""
    if not value:
        return []
    return [
        PaymentOrigin(
            position=e.position,
            effective_on=e.effective_on,
            payment_id=data.payment_id,
            kind=kind,
            value=value,
        )
    ]


def sale_rows(e: Recorded, document: SoldDocument) -> list[ProductSale]:
    """Return the parts of a document by product; none of one that states no product and no cost."""
    if not document.products:
        return []
    sign = 1 if isinstance(document, InvoiceIssued) else -1
    return [
        ProductSale(
            position=e.position,
            line=line,
            effective_on=e.effective_on,
            entity=e.entity,
            customer_id=document.customer_id,
            invoice_id=None if isinstance(document, CreditNoteIssued) else document.invoice_id,
            currency=document.currency,
            is_credit=sign < 0,
            product=each.product,
            net_minor=sign * each.net_minor,
            vat_minor=sign * each.vat_minor,
            costed_minor=sign * each.costed_minor,
            cost_minor=sign * each.cost_minor,
            document_minor=sign * document.total_minor,
        )
        for line, each in enumerate(document.products)
    ]


def plan_row(e: Recorded, plan: TurnoverPlanSet) -> TurnoverPlanRow:
    """Return the version of a plan that an event sets."""
    return TurnoverPlanRow(
        turnover_plan_id=plan.turnover_plan_id,
        position=e.position,
        effective_on=e.effective_on,
        entity=e.entity,
        code=plan.code,
    )

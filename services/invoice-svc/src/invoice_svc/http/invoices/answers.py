"""Answers of /v1/invoices."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.common import Purpose
from encours.contracts.vat_due import VatDue, vat_due
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.entity.display import shown_as
from invoice_svc.domain.instalments import instalments
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.invoice.status import (
    BusinessLabel,
    CollectionStatus,
    DeliveryStatus,
    DocumentStatus,
    EInvoiceStatus,
    InvoiceBalance,
    SettlementStatus,
    status,
)
from invoice_svc.domain.invoice.totals import totals_of
from invoice_svc.domain.invoice.vat_due import vat_received
from invoice_svc.domain.loss.decide import provision_in_force_minor
from invoice_svc.http.approval import ApprovalOut
from invoice_svc.http.common import iso
from invoice_svc.http.documents import (
    CitedOut,
    DocumentAdjustmentOut,
    LineOut,
    ParticularsOut,
    TotalsOut,
    VatOut,
    adjustments_json,
    particulars_json,
)
from invoice_svc.http.invoices.parts import (
    AppliedOut,
    CitedDeliveryOut,
    CoverOut,
    CreditNoteOut,
    DepositOut,
    DisputedOut,
    DraftedInstalmentOut,
    InvoiceInstalmentOut,
    PenalisedOut,
    PenaltyClaimOut,
    PenaltyWaiverOut,
    RebateOut,
    ResidualOut,
    deposit_json,
)
from invoice_svc.http.rates.answers import ExchangeDifferenceOut
from invoice_svc.http.terms import TermsOut
from invoice_svc.read_models.search.query import Matched
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.sales.corrections import Corrected
from invoice_svc.use_cases.sales.invoices import Credited


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


class InvoiceOut(AsOf, ParticularsOut):
    """An invoice as of a date."""

    id: str
    number: str | None = Field(description="Legal number; null for a draft.", examples=["FAC-2026-000123"])
    display_number: str | None = Field(
        description="The number in the text that the series shows it in; the legal one is `number`."
    )
    entity_id: str
    customer_id: str
    series: str | None
    purpose: Purpose
    currency: str
    supply_on: date
    issued_on: date | None
    due_on: date | None
    payable_on: date | None = Field(
        description="Due date of the first instalment that is not settled, from which the delay counts; `due_on` "
        "without instalments."
    )
    instalments: list[InvoiceInstalmentOut] = Field(description="Those in force; empty if it is due at once.")
    drafted_instalments: list[DraftedInstalmentOut] = Field(
        description="Those of a draft; empty from the issue on, which fixes them."
    )
    discount_until: date | None = Field(
        description="Last day of the early-payment discount; null without one."
    )
    net: MoneyModel | None = Field(description="Null with the VAT where only the total was taken over.")
    vat: MoneyModel | None
    total: MoneyModel
    credited: MoneyModel
    paid: MoneyModel
    discount: MoneyModel = Field(description="Early-payment discount that was taken.")
    residual: MoneyModel = Field(description="Rest that a tolerance closed; see `residuals`.")
    written_off: MoneyModel = Field(description="Amount written off as irrecoverable.")
    unrecoverable: MoneyModel = Field(description="The part of it that was declared definitively lost.")
    vat_relief: list[VatOut] = Field(description="VAT of lost amounts that is relieved, by rate.")
    duplicate_text: str | None = Field(
        description="Statement for the duplicate of the invoice that goes to the debtor with the relief."
    )
    provisioned: MoneyModel = Field(description="Provision for the debt, at most the net still outstanding.")
    outstanding: MoneyModel
    disputed: MoneyModel = Field(
        description="The part of what is outstanding that is in dispute, or accepted and not credited yet."
    )
    conceded: MoneyModel = Field(
        description="Claims that you accepted and whose credit note is still to come; no longer owed."
    )
    on_plan: MoneyModel = Field(
        description="The part of what is outstanding and not in dispute that is on a payment plan: nobody asks for it."
    )
    in_hand: MoneyModel = Field(
        description="The part of what is outstanding and not in dispute for which cheques, bills or notes are in hand: "
        "it is not paid, and nobody asks for it before they are due. It may be on a payment plan too."
    )
    in_hand_until: date | None = Field(description="Last maturity of these instruments.")
    instruments: list[CoverOut] = Field(description="Cheques, bills and notes that are or were meant for it.")
    payment_plan_id: str | None = Field(description="The payment plan in force.")
    status: StatusOut
    labels: LabelsOut
    days_past_due: int = Field(
        description="Calendar days after the due date while anything is outstanding.", ge=0
    )
    vat_breakdown: list[VatOut]
    lines: list[LineOut]
    allowances: list[DocumentAdjustmentOut]
    charges: list[DocumentAdjustmentOut]
    totals: TotalsOut
    deposits: list[DepositOut] = Field(
        description="Deposits that it deducts: `net`, `vat`, `total` and `vat_breakdown` are what they leave."
    )
    deducted_by: str | None = Field(description="Final invoice that deducts this deposit invoice.")
    corrects: CitedOut | None = Field(description="The invoice in whose place this one comes.")
    vat_due: VatDue | None = Field(description="Event that makes the VAT due; null where it is not known.")
    vat_received: list[VatOut] = Field(description="VAT on receipt that is due by now, by rate.")
    terms: TermsOut | None
    reference: str | None
    salesperson: str | None
    fields: dict[str, str] = Field(description="Values of custom fields, by code.")
    origin: Literal["issued", "import"] | None
    credit_notes: list[CreditNoteOut]
    rebates: list[RebateOut] = Field(
        description="Credit notes without an invoice that cite this one: what it owes is unchanged, but later credit "
        "notes have that much less left of it."
    )
    payments: list[AppliedOut]
    residuals: list[ResidualOut]
    exchange_differences: list[ExchangeDifferenceOut]
    disputes: list[DisputedOut]
    deliveries: list[CitedDeliveryOut]
    penalises: list[PenalisedOut] = Field(
        description="Of a penalty document: invoices paid late, with what it claims for each."
    )
    penalty_claims: list[PenaltyClaimOut] = Field(description="Penalties of it that documents claim.")
    penalty_waivers: list[PenaltyWaiverOut]
    approval: ApprovalOut
    version: int

    @classmethod
    def of(cls, state: Invoice, version: int, as_of: date) -> Json:
        """Show an invoice with its status on the day."""
        currency = state.currency
        outstanding, disputed = state.outstanding_minor, state.disputed_minor
        paid, credited = state.paid_minor, state.credited_minor
        axes = status(
            InvoiceBalance(
                state.document,
                state.payable_on,
                state.total_minor,
                credited,
                paid + state.discounted_minor + state.residual_minor,
                outstanding,
                disputed,
                state.approval.status,
                state.planned_minor,
                state.in_hand_minor,
            ),
            as_of,
        )
        return {
            "id": state.invoice_id,
            "number": state.number,
            "display_number": shown_as(state.display, state.number),
            "entity_id": state.entity_id,
            "customer_id": state.customer_id,
            "series": state.series,
            "purpose": state.purpose,
            "currency": currency,
            "supply_on": iso(state.supply_on),
            "issued_on": iso(state.issued_on),
            "due_on": iso(state.due_on),
            "payable_on": iso(state.payable_on),
            "instalments": [InvoiceInstalmentOut.of(each, currency) for each in instalments(state)],
            "drafted_instalments": [
                DraftedInstalmentOut.of(each, currency) for each in state.drafted_instalments
            ],
            "discount_until": iso(state.discount_until),
            "net": known_money_json(state.net_minor, currency),
            "vat": known_money_json(state.vat_minor, currency),
            "total": money_json(state.total_minor, currency),
            "credited": money_json(credited, currency),
            "paid": money_json(paid, currency),
            "discount": money_json(state.discounted_minor, currency),
            "residual": money_json(state.residual_minor, currency),
            "written_off": money_json(state.written_off_minor, currency),
            "unrecoverable": money_json(state.unrecoverable_minor, currency),
            "vat_relief": [VatOut.of(share, currency) for share in state.relieved],
            "duplicate_text": state.duplicate_text,
            "provisioned": money_json(provision_in_force_minor(state), currency),
            "outstanding": money_json(outstanding, currency),
            "disputed": money_json(disputed, currency),
            "conceded": money_json(state.conceded_minor, currency),
            "on_plan": money_json(state.planned_minor, currency),
            "in_hand": money_json(state.in_hand_minor, currency),
            "in_hand_until": iso(
                max((each.matures_on for each in state.covers if each.outcome is None), default=None)
            ),
            "instruments": [CoverOut.of(each, currency) for each in state.covers],
            "payment_plan_id": None if state.plan is None else state.plan.plan_id,
            "status": {
                "document": axes.document,
                "delivery": axes.delivery,
                "settlement": axes.settlement,
                "collection": axes.collection,
                "einvoice": axes.einvoice,
            },
            "labels": {"business": axes.business, "crm": axes.crm},
            "days_past_due": axes.days_past_due,
            "vat_breakdown": [
                VatOut.of(share, currency, state.particulars.exemptions) for share in state.vat
            ],
            "lines": [LineOut.of(line, currency) for line in state.lines],
            **adjustments_json(state.adjustments, currency),
            "totals": TotalsOut.of(totals_of(state), currency),
            "deposits": [deposit_json(deposit, currency) for deposit in state.deducted],
            "deducted_by": state.deducted_by,
            "corrects": None if state.corrects is None else CitedOut.of(state.corrects),
            "vat_due": vat_due(state.purpose, state.particulars),
            "vat_received": [VatOut.of(share, currency) for share in vat_received(state)],
            **particulars_json(state.particulars),
            "terms": TermsOut.of(state.terms),
            "reference": state.reference,
            "salesperson": state.salesperson,
            "fields": dict(state.fields),
            "origin": state.origin,
            "credit_notes": [CreditNoteOut.of(credit, currency) for credit in state.credits],
            "rebates": [RebateOut.of(each, currency) for each in state.rebates],
            "payments": [AppliedOut.of(part, currency) for part in state.applied],
            "residuals": [ResidualOut.of(state.residual, currency)] if state.residual else [],
            "exchange_differences": [ExchangeDifferenceOut.of(each) for each in state.exchange_differences],
            "disputes": [DisputedOut.of(share, currency) for share in state.disputed],
            "penalises": [PenalisedOut.of(each, currency) for each in state.penalises],
            "penalty_claims": [PenaltyClaimOut.of(each, currency) for each in state.penalty_claims],
            "penalty_waivers": [PenaltyWaiverOut.of(each, currency) for each in state.penalty_waivers],
            "approval": ApprovalOut.of(state.approval),
            "deliveries": [CitedDeliveryOut.of(cited) for cited in state.deliveries],
            "version": version,
        }


class CorrectedInvoiceOut(InvoiceOut):
    """The invoice that comes in the place of another."""

    credit_note_id: str | None = Field(
        description="On the old invoice; null for a draft, and if credit notes had left nothing of it."
    )


class ListedInvoiceOut(InvoiceOut):
    """An invoice of a list."""

    matched: Matched | None = Field(description="Part of the invoice that matched `q`; null without one.")


class InvoiceListing(AsOf, Listing[ListedInvoiceOut]):
    """A page of invoices."""


class CreditedInvoiceOut(AsOf):
    """A credit note, and the invoice as it left it."""

    id: str
    number: str
    invoice_id: str
    issued_on: date
    net: MoneyModel | None
    vat: MoneyModel | None
    total: MoneyModel
    cause: str
    invoice: InvoiceOut

    @classmethod
    def of(cls, invoice: Json, result: Credited) -> Json:
        """Show the credit note that was made, from the answer that shows its invoice."""
        note: Json = next(n for n in invoice["credit_notes"] if n["id"] == result.credit_note_id)
        echo = {name: invoice[name] for name in ("as_of", "known_at", "position")}
        return note | {"invoice_id": invoice["id"], "invoice": invoice} | echo


def _with_credit_note(invoice: Json, result: Corrected) -> Json:
    return invoice | {"credit_note_id": result.credit_note_id}


def _brief(state: Invoice, version: int, as_of: date) -> Json:
    return {"number": state.number, "due_on": iso(state.due_on), "version": version}


INVOICE_ANSWER = Answer(INVOICE, InvoiceOut.of)
CREDIT_ANSWER = Answer(INVOICE, InvoiceOut.of, result=Credited, tell=CreditedInvoiceOut.of)
CORRECTION_ANSWER = Answer(INVOICE, InvoiceOut.of, result=Corrected, tell=_with_credit_note)
BRIEF_ANSWER = Answer(INVOICE, _brief)
"""Answer of a batch about each invoice."""

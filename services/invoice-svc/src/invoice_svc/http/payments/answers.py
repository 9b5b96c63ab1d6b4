"""Answers of /v1/payments."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.events.money.payment import Method, ReturnConsequence, ReversalKind
from encours.contracts.events.money.residual import ResidualReason
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.payment.allocation import Rule
from invoice_svc.domain.payment.state import ActiveAllocation, ClosedOverpayment, Payment, Refund, Reversal
from invoice_svc.http.common import iso
from invoice_svc.http.rates.answers import ConversionRateOut
from invoice_svc.http.tolerances.answers import ResidualPolicyOut
from invoice_svc.use_cases.folds import PAYMENT
from invoice_svc.use_cases.money.payments import Settled


class AllocationOut(BaseModel):
    """A part of a payment on an invoice, by which rule, on what basis, by what evidence."""

    id: str
    invoice_id: str
    amount: MoneyModel = Field(description="Amount used of the payment.")
    settled: MoneyModel = Field(
        description="Amount settled of the invoice; another one if its currency is another."
    )
    exchange: ConversionRateOut | None
    rule: Rule
    basis: str
    evidence: str | None
    policy: str | None = Field(
        description="Policy from which the place in the order of the law followed: `default`, or the one that was set."
    )
    effective_on: date

    @classmethod
    def of(cls, standing: ActiveAllocation, currency: str) -> Json:
        """Show an allocation in force."""
        allocation = standing.allocation
        settled_currency = allocation.settles.currency if allocation.settles else currency
        return {
            "id": allocation.allocation_id,
            "invoice_id": allocation.invoice_id,
            "amount": money_json(allocation.amount_minor, currency),
            "settled": money_json(allocation.settled_minor, settled_currency),
            "exchange": ConversionRateOut.of(allocation.settles),
            "rule": allocation.rule,
            "basis": allocation.basis,
            "evidence": allocation.evidence,
            "policy": allocation.policy,
            "effective_on": iso(standing.effective_on),
        }


class RefundOut(BaseModel):
    """Unapplied cash that is paid back."""

    id: str
    amount: MoneyModel
    status: Literal["ordered", "sent", "returned"]
    iban: str | None
    reason: str
    ordered_on: date
    sent_on: date | None
    reference: str | None = Field(description="Reference of the bank.")
    returned_on: date | None

    @classmethod
    def of(cls, refund: Refund, currency: str) -> Json:
        """Show a refund."""
        return {
            "id": refund.refund_id,
            "amount": money_json(refund.amount_minor, currency),
            "status": "returned" if refund.returned_on else "sent" if refund.sent_on else "ordered",
            "iban": refund.iban,
            "reason": refund.cause,
            "ordered_on": iso(refund.ordered_on),
            "sent_on": iso(refund.sent_on),
            "reference": refund.evidence,
            "returned_on": iso(refund.returned_on),
        }


class ReversalOut(BaseModel):
    """A part of the payment that went back to the payer, or all of it."""

    id: str | None = Field(description="Absent in reversals recorded before they had ids.")
    amount: MoneyModel
    on: date = Field(description="The bank's date.")
    effective_on: date = Field(
        description="It counts from then on: from when its cash was released, where that was later."
    )
    kind: ReversalKind | None
    reason: str
    code: str | None = Field(description="The bank's reason code.")
    consequence: ReturnConsequence | None = Field(
        description="Meaning of the code for the collection; absent for a code that is not known."
    )
    may_retry: bool | None = Field(description="The same collection may succeed if it is presented again.")
    claim_until: date | None = Field(
        description="Last day of the debtor's claim for the money, where the code is one (8 weeks for `MD06`, 13 "
        "months for `MD01`)."
    )
    in_time: bool | None = Field(description="The money went back by that day.")
    reference: str | None
    bank_line_id: str | None = Field(description="Bank line that is the return.")
    restored: str | None = Field(
        description="Reason for which the reversal was wrong, if its amount counts again."
    )
    charges: MoneyModel | None = Field(description="Charges of the bank. They are no debt of the customer.")

    @classmethod
    def of(cls, reversal: Reversal) -> Json:
        """Show a reversal."""
        event = reversal.event
        charges = event.charges_minor
        return {
            "id": event.reversal_id,
            "amount": money_json(reversal.amount_minor, event.currency),
            "on": iso(reversal.on),
            "effective_on": iso(reversal.effective_on),
            "kind": event.kind,
            "reason": event.cause,
            "code": event.return_code,
            "consequence": event.consequence,
            "may_retry": event.may_retry,
            "claim_until": iso(event.claim_until),
            "in_time": None if event.claim_until is None else reversal.on <= event.claim_until,
            "reference": event.reference,
            "bank_line_id": reversal.line_id,
            "restored": reversal.restored_cause,
            "charges": known_money_json(charges, event.currency),
        }


class OverpaymentOut(BaseModel):
    """Small rest of the payment that a tolerance made income. It returns to the customer's cash with any change."""

    id: str
    reason: ResidualReason
    amount: MoneyModel
    policy: ResidualPolicyOut
    account: str | None = Field(description="Account of the ledger that takes it.")
    on: date

    @classmethod
    def of(cls, closed: ClosedOverpayment) -> Json:
        """Show an overpayment."""
        event = closed.event
        return {
            "id": event.residual_id,
            "reason": event.reason,
            "amount": money_json(event.amount_minor, event.currency),
            "policy": ResidualPolicyOut.of(
                event.policy_code, event.policy_version, event.cap_minor, event.currency
            ),
            "account": event.account,
            "on": iso(closed.effective_on),
        }


class PaymentOut(AsOf):
    """A payment as of a date."""

    id: str
    entity_id: str
    customer_id: str | None
    received_on: date
    amount: MoneyModel
    allocated: MoneyModel
    refunded: MoneyModel
    reversed: MoneyModel
    unapplied: MoneyModel
    overpaid: MoneyModel = Field(description="Small rest that a tolerance made income; see `residuals`.")
    currency: str
    method: Method | Literal["credit_note"] = Field(
        description="`credit_note` is the money of a credit note without an invoice."
    )
    remittance_text: str | None
    external_ref: str | None
    status: Literal["unapplied", "part_allocated", "allocated", "reversed", "refunded"]
    reversed_on: date | None = Field(
        description="The bank's date of the reversal that left nothing of the payment."
    )
    reversal_reason: str | None
    reversals: list[ReversalOut]
    allocations: list[AllocationOut]
    refunds: list[RefundOut]
    residuals: list[OverpaymentOut]
    advice_id: str | None = Field(description="Remittance advice that says what the payment pays.")
    instrument_id: str | None = Field(description="Cheque, bill or note that was paid.")
    version: int
    note: str | None = Field(
        default=None, description="Set if the list of open invoices lagged, so that nothing was allocated."
    )

    @classmethod
    def of(cls, state: Payment, version: int, as_of: date) -> Json:
        """Show a payment with the allocations in force."""
        return {
            "id": state.payment_id,
            "entity_id": state.entity_id,
            "customer_id": state.customer_id,
            "received_on": iso(state.received_on),
            "amount": money_json(state.amount_minor, state.currency),
            "allocated": money_json(state.allocated_minor, state.currency),
            "refunded": money_json(state.refunded_minor, state.currency),
            "reversed": money_json(state.reversed_minor, state.currency),
            "unapplied": money_json(state.unapplied_minor, state.currency),
            "overpaid": money_json(state.overpaid_minor, state.currency),
            "currency": state.currency,
            "method": state.method,
            "remittance_text": state.remittance_text,
            "external_ref": state.external_ref,
            "status": _status(state),
            "reversed_on": iso(state.reversed_on),
            "reversal_reason": state.standing_reversals[-1].event.cause if state.reversed_on else None,
            "reversals": [ReversalOut.of(reversal) for reversal in state.reversals],
            "allocations": [AllocationOut.of(standing, state.currency) for standing in state.allocations],
            "refunds": [RefundOut.of(refund, state.currency) for refund in state.refunds],
            "residuals": [OverpaymentOut.of(state.overpayment)] if state.overpayment else [],
            "advice_id": state.advice_id,
            "instrument_id": state.instrument_id,
            "version": version,
        }


class PaymentListing(AsOf, Listing[PaymentOut]):
    """A page of payments."""


def _status(state: Payment) -> str:
    if state.reversed_on is not None:
        return "reversed"
    if state.unapplied_minor == 0:
        return "allocated" if state.allocations else "refunded"
    return "part_allocated" if state.allocations else "unapplied"


def _with_note(body: Json, result: Settled) -> Json:
    return body | {"note": result.note}


PAYMENT_ANSWER = Answer(PAYMENT, PaymentOut.of)
SETTLED_ANSWER = Answer(PAYMENT, PaymentOut.of, result=Settled, tell=_with_note)

"""Answers of /v1/instruments."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.money.instrument import (
    ClearingBasis,
    CoveredInvoice,
    InstrumentInterest,
    InstrumentKind,
)
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.instrument.state import (
    Clearing,
    Extension,
    Instrument,
    InstrumentStatus,
    Remittance,
    Return,
)
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import INSTRUMENT
from invoice_svc.use_cases.money.payments import Settled


class CoveredInvoiceOut(BaseModel):
    """An invoice that the instrument is meant for."""

    invoice_id: str
    number: str
    amount: MoneyModel

    @classmethod
    def of(cls, each: CoveredInvoice, currency: str) -> Json:
        """Show an invoice of the instrument."""
        return {
            "invoice_id": each.invoice_id,
            "number": each.number,
            "amount": money_json(each.amount_minor, currency),
        }


class RemittanceOut(BaseModel):
    """A hand-over to the bank."""

    on: date
    account_iban: str | None
    reference: str | None

    @classmethod
    def of(cls, handed: Remittance) -> Json:
        """Show a hand-over."""
        return {"on": iso(handed.on), "account_iban": handed.account_iban, "reference": handed.reference}


class ClearingOut(BaseModel):
    """A payment of the instrument."""

    payment_id: str
    on: date
    basis: ClearingBasis
    line_id: str | None = Field(description="Bank line that paid it.")
    withdrawn: bool = Field(description="The payment had been booked wrongly.")

    @classmethod
    def of(cls, cleared: Clearing) -> Json:
        """Show a payment."""
        return {
            "payment_id": cleared.payment_id,
            "on": iso(cleared.on),
            "basis": cleared.basis,
            "line_id": cleared.line_id,
            "withdrawn": cleared.is_withdrawn,
        }


class ReturnOut(BaseModel):
    """A return by the bank."""

    on: date
    reason: str
    code: str | None
    payment_id: str | None = Field(description="The payment that was reversed.")
    charges: MoneyModel | None
    reference: str | None
    line_id: str | None

    @classmethod
    def of(cls, returned: Return, currency: str) -> Json:
        """Show a return."""
        return {
            "on": iso(returned.on),
            "reason": returned.cause,
            "code": returned.return_code,
            "payment_id": returned.payment_id,
            "charges": known_money_json(returned.charges_minor, currency),
            "reference": returned.reference,
            "line_id": returned.line_id,
        }


class ExtensionOut(BaseModel):
    """A new maturity."""

    agreed_on: date
    matured_on: date
    matures_on: date
    reason: str
    agreed_by: str | None

    @classmethod
    def of(cls, agreed: Extension) -> Json:
        """Show a new maturity."""
        return {
            "agreed_on": iso(agreed.agreed_on),
            "matured_on": iso(agreed.matured_on),
            "matures_on": iso(agreed.matures_on),
            "reason": agreed.cause,
            "agreed_by": agreed.agreed_by,
        }


class InstrumentOut(AsOf):
    """A cheque, bill of exchange or promissory note as of a date."""

    id: str
    entity_id: str
    customer_id: str
    kind: InstrumentKind
    number: str
    status: InstrumentStatus = Field(
        description="`in_hand` and `remitted` (to the bank) cover the invoices. `unconfirmed`: the clearing days have "
        "passed with neither payment nor return. `cleared`: paid. `refused`: not accepted. `cancelled`: given back."
    )
    amount: MoneyModel
    obligor: str | None
    bank_name: str | None
    iban: str | None
    issued_on: date | None
    received_on: date
    matures_on: date
    accepted_on: date | None
    clearing_days: int
    clears_by: date = Field(description="Last day on which the bank is expected to pay it or to return it.")
    presumed_paid: bool
    interest: InstrumentInterest
    invoices: list[CoveredInvoiceOut]
    remittances: list[RemittanceOut]
    clearings: list[ClearingOut]
    payment_id: str | None = Field(description="The payment that stands.")
    returns: list[ReturnOut]
    extensions: list[ExtensionOut]
    end_reason: str | None = Field(description="Reason why it was refused or given back.")
    replaces: str | None
    replaced_by: str | None
    text: str | None
    evidence_sha256: str | None
    version: int
    note: str | None = Field(
        default=None, description="Set if the list of open invoices lagged, so that nothing was allocated."
    )

    @classmethod
    def of(cls, state: Instrument, version: int, as_of: date) -> Json:
        """Show an instrument."""
        currency = state.currency
        return {
            "id": state.instrument_id,
            "entity_id": state.entity_id,
            "customer_id": state.customer_id,
            "kind": state.kind,
            "number": state.number,
            "status": state.status,
            "amount": money_json(state.amount_minor, currency),
            "obligor": state.obligor,
            "bank_name": state.bank_name,
            "iban": state.iban,
            "issued_on": iso(state.issued_on),
            "received_on": iso(state.received_on),
            "matures_on": iso(state.matures_on),
            "accepted_on": iso(state.accepted_on),
            "clearing_days": state.clearing_days,
            "clears_by": iso(state.clears_by),
            "presumed_paid": state.presumed_paid,
            "interest": state.interest,
            "invoices": [CoveredInvoiceOut.of(each, currency) for each in state.invoices],
            "remittances": [RemittanceOut.of(each) for each in state.remittances],
            "clearings": [ClearingOut.of(each) for each in state.clearings],
            "payment_id": state.payment_id if state.status == "cleared" else None,
            "returns": [ReturnOut.of(each, currency) for each in state.returns],
            "extensions": [ExtensionOut.of(each) for each in state.extensions],
            "end_reason": state.end_cause,
            "replaces": state.replaces,
            "replaced_by": state.replaced_by,
            "text": state.text,
            "evidence_sha256": state.evidence_sha256,
            "version": version,
        }


class InstrumentListing(AsOf, Listing[InstrumentOut]):
    """A page of instruments."""


def _with_note(body: Json, result: Settled) -> Json:
    return body | {"note": result.note}


INSTRUMENT_ANSWER = Answer(INSTRUMENT, InstrumentOut.of)
CLEARED_ANSWER = Answer(INSTRUMENT, InstrumentOut.of, result=Settled, tell=_with_note)

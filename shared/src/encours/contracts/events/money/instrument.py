"""Cheques, bills of exchange and promissory notes of a customer. Stream: the instrument id. Appended by invoice-svc.

An instrument is a dated promise until it is paid. It is no payment: the debt stays open until the funds have come
(cheque: C. mon. fin. L131-67; bill and note: no novation is presumed, C. civ. 1330). Amounts in minor units of its
currency.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.money.payment import ReturnConsequence

InstrumentKind = Literal["cheque", "bill_of_exchange", "promissory_note"]
"""Cheque [chèque]; bill of exchange [lettre de change, LCR]; promissory note [billet à ordre, BOR]."""
InstrumentInterest = Literal["runs", "waived_if_paid"]
"""Late-payment interest while the instrument is in hand: as without it; or none if the instrument is paid."""
ClearingBasis = Literal["by_person", "bank_line", "presumed", "reversal_withdrawn"]
"""Ground on which an instrument counts as paid. ``presumed``: its days of clearing passed without a return."""


class CoveredInvoice(Value, frozen=True, kw_only=True):
    """Amount of an invoice that the instrument is meant for."""

    invoice_id: str
    number: str
    amount_minor: int


class InstrumentReceived(Event, frozen=True, kw_only=True):
    """The creditor holds a cheque, bill or note of the customer, drawn by it or by a third party."""

    TYPE: ClassVar[str] = "instrument.received"
    instrument_id: str
    customer_id: str
    kind: InstrumentKind
    number: str
    obligor: str | None
    """Third party who owes it: drawer of a cheque, drawee of a bill, maker of a note; ``None`` for the customer."""
    bank_name: str | None
    iban: str | None
    """Bank and account at which it is payable [domiciliation]."""
    amount_minor: int
    currency: str
    issued_on: date | None
    """Date of its issue that it bears."""
    received_on: date
    matures_on: date
    """Due date of a bill or note. Of a cheque the day on which the creditor has promised not to present it before: the
    law lets it be presented earlier, as a cheque is payable at sight (C. mon. fin. L131-31)."""
    accepted_on: date | None
    """Day on which the drawee accepted a bill (C. com. L511-15 to L511-20)."""
    invoices: tuple[CoveredInvoice, ...]
    clearing_days: int
    """Business days (TARGET) after maturity or remittance in which the bank pays it or returns it."""
    clears_by: date
    """Last of these days."""
    presumed_paid: bool
    """Counts as paid on that day if it was remitted and not returned, without a line of the bank."""
    interest: InstrumentInterest
    replaces: str | None
    """Instrument in whose place it comes."""
    text: str | None
    evidence_sha256: str | None
    """Hash of its image."""


class InstrumentAccepted(Event, frozen=True, kw_only=True):
    """The drawee accepted the bill and is bound to pay it at maturity (C. com. L511-19)."""

    TYPE: ClassVar[str] = "instrument.accepted"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    evidence_sha256: str | None


class InstrumentRefused(Event, frozen=True, kw_only=True):
    """The drawee refused to accept the bill: the holder has recourse before maturity (C. com. L511-38)."""

    TYPE: ClassVar[str] = "instrument.refused"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    cause: str


class InstrumentExtended(Event, frozen=True, kw_only=True):
    """Creditor and customer agreed a new maturity [prorogation]."""

    TYPE: ClassVar[str] = "instrument.extended"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    matured_on: date
    """Maturity before."""
    matures_on: date
    clears_by: date
    cause: str
    agreed_by: str | None
    evidence_sha256: str | None


class InstrumentRemitted(Event, frozen=True, kw_only=True):
    """Handed to the creditor's bank for collection, the first time or again after a return."""

    TYPE: ClassVar[str] = "instrument.remitted"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    remitted_on: date
    account_iban: str | None
    """Account of the creditor to which the bank is to pay it."""
    reference: str | None
    """Number of the remittance slip [bordereau de remise]."""
    clears_by: date


class InstrumentCleared(Event, frozen=True, kw_only=True):
    """Paid: the payment that it names moves the money."""

    TYPE: ClassVar[str] = "instrument.cleared"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    payment_id: str
    cleared_on: date
    basis: ClearingBasis
    line_id: str | None
    """Bank line that paid it."""


class ClearingWithdrawn(Event, frozen=True, kw_only=True):
    """Its payment had been booked wrongly and was reversed: the instrument is in hand as before."""

    TYPE: ClassVar[str] = "instrument.clearing_withdrawn"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    payment_id: str
    cause: str


class InstrumentReturned(Event, frozen=True, kw_only=True):
    """The bank did not pay it, or took its payment back: bounced cheque, unpaid bill or note."""

    TYPE: ClassVar[str] = "instrument.returned"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    returned_on: date
    cause: str
    payment_id: str | None
    """The payment that was reversed; ``None`` if it had not counted as paid."""
    reversal_id: str | None
    return_code: str | None
    """The bank's reason (ISO 20022 ExternalReturnReason1Code)."""
    consequence: ReturnConsequence | None
    may_retry: bool | None
    charges_minor: int | None
    """Charges of the bank for the return. They are no debt of the debtor."""
    reference: str | None
    line_id: str | None
    """Bank line that was the return."""


class InstrumentUnconfirmed(Event, frozen=True, kw_only=True):
    """The days of clearing have passed with neither payment nor return: it no longer covers its invoices."""

    TYPE: ClassVar[str] = "instrument.unconfirmed"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    clears_by: date
    is_remitted: bool


class InstrumentCancelled(Event, frozen=True, kw_only=True):
    """Given back to the customer, or replaced by another instrument."""

    TYPE: ClassVar[str] = "instrument.cancelled"
    instrument_id: str
    customer_id: str
    amount_minor: int
    currency: str
    cause: str
    replaced_by: str | None

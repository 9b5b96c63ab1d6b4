"""Commands on a cheque, bill of exchange or promissory note. A day that is not given is today."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.events.money.instrument import ClearingBasis, InstrumentInterest, InstrumentKind
from encours.kernel.money import Money


class ReceiveInstrument(Struct, frozen=True, kw_only=True):
    """Take an instrument in hand. ``invoices``: invoice and amount that each part is meant for."""

    customer_id: str
    kind: InstrumentKind
    number: str
    amount: Money
    matures_on: date | None
    """The day of receipt if not given: a cheque is payable at sight."""
    clearing_days: int
    presumed_paid: bool = False
    interest: InstrumentInterest = "runs"
    invoices: tuple[tuple[str, Money], ...] = ()
    received_on: date | None = None
    issued_on: date | None = None
    accepted_on: date | None = None
    obligor: str | None = None
    bank_name: str | None = None
    iban: str | None = None
    replaces: str | None = None
    text: str | None = None
    evidence_sha256: str | None = None


class AcceptInstrument(Struct, frozen=True):
    """Record that the drawee accepted a bill."""

    instrument_id: str
    on: date | None = None
    evidence_sha256: str | None = None


class RefuseInstrument(Struct, frozen=True):
    """Record that the drawee refused to accept a bill."""

    instrument_id: str
    cause: str
    on: date | None = None


class ExtendInstrument(Struct, frozen=True):
    """Agree a new maturity today."""

    instrument_id: str
    matures_on: date
    cause: str
    agreed_by: str | None = None
    evidence_sha256: str | None = None


class RemitInstrument(Struct, frozen=True):
    """Hand the instrument to the bank for collection."""

    instrument_id: str
    on: date | None = None
    account_iban: str | None = None
    reference: str | None = None


class ClearInstrument(Struct, frozen=True):
    """Record that the instrument is paid, and its payment."""

    instrument_id: str
    on: date | None = None
    basis: ClearingBasis = "by_person"
    line_id: str | None = None
    reference: str | None = None
    """The bank's reference of the payment; the number of the instrument if not given."""


class ReturnInstrument(Struct, frozen=True):
    """Record that the bank did not pay the instrument, or took its payment back."""

    instrument_id: str
    cause: str
    on: date | None = None
    return_code: str | None = None
    reference: str | None = None
    charges: Money | None = None
    reversal_id: str = ""


class CancelInstrument(Struct, frozen=True):
    """Give the instrument back."""

    instrument_id: str
    cause: str

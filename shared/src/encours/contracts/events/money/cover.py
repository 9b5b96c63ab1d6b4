"""Instruments in hand for an invoice: mirrors of ``instrument.*``. Stream: the invoice id. Appended by invoice-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event
from encours.contracts.events.money.instrument import InstrumentInterest, InstrumentKind

CoverEnd = Literal["cleared", "returned", "refused", "unconfirmed", "extended", "cancelled", "replaced"]


class InvoiceCovered(Event, frozen=True, kw_only=True):
    """An instrument in hand is meant for an amount of this invoice, for which nobody asks until it is due and cleared.

    The amount stays open and bears interest as agreed. Mirror of ``instrument.received``, ``.extended``, ``.remitted``
    after a return, and ``.clearing_withdrawn``.
    """

    TYPE: ClassVar[str] = "invoice.covered"
    invoice_id: str
    customer_id: str
    currency: str
    instrument_id: str
    kind: InstrumentKind
    amount_minor: int
    matures_on: date
    interest: InstrumentInterest


class InvoiceUncovered(Event, frozen=True, kw_only=True):
    """The instrument covers the amount no more: it was paid, or is worth nothing for now.

    ``amount_minor`` is 0 if a payment that had ended the cover was returned.
    """

    TYPE: ClassVar[str] = "invoice.uncovered"
    invoice_id: str
    customer_id: str
    currency: str
    instrument_id: str
    amount_minor: int
    outcome: CoverEnd

"""Amounts that the creditor gives up of an invoice, or expects to, and what is paid of them later.

Stream: the invoice id. Appended by invoice-svc. Amounts are in minor units of the invoice's currency.
"""

from __future__ import annotations

from typing import ClassVar

from encours.contracts.base import Event, Upcaster
from encours.contracts.common import VatShare


class InvoiceWrittenOff(Event, frozen=True, kw_only=True):
    """An amount that will not be collected leaves the books; the debt itself is not extinguished."""

    TYPE: ClassVar[str] = "invoice.written_off"
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    cause: str
    evidence: str | None
    """Document that supports it, such as a liquidator's certificate of irrecoverability."""


class WriteOffReversed(Event, frozen=True, kw_only=True):
    """All that was written off is back in the books, from its original due date."""

    TYPE: ClassVar[str] = "invoice.write_off_reversed"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields}
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    cause: str
    vat: tuple[VatShare, ...] = ()
    """Net and VAT by rate of the relief that is lost with it: that VAT is owed to the State again."""


class InvoiceProvisioned(Event, frozen=True, kw_only=True):
    """A provision for a doubtful debt; it changes the result and not what is owed (IFRS 9; PCG 214-25)."""

    TYPE: ClassVar[str] = "invoice.provisioned"
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    """The whole provision that stands from now on, net of the VAT that could be relieved; 0 releases it."""
    cause: str
    evidence: str | None


class InvoiceUnrecoverable(Event, frozen=True, kw_only=True):
    """An amount is definitively lost. What was not written off before leaves the books."""

    TYPE: ClassVar[str] = "invoice.unrecoverable"
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    """The amount that is lost, VAT included, whether it was written off before or not."""
    written_off_minor: int
    """The part of it that leaves the books now."""
    vat_relief: bool
    """The VAT of the amount is deducted or refunded (CGI 272-1); it needs the evidence."""
    vat: tuple[VatShare, ...]
    """Net and VAT of the amount by rate; empty without relief."""
    net_minor: int | None
    vat_minor: int | None
    """Both ``None`` without relief."""
    cause: str
    evidence: str | None
    duplicate_text: str | None
    """Statement that the law requires on the duplicate of the invoice sent to the debtor; ``None`` where it requires
    none."""


class WriteOffRecovered(Event, frozen=True, kw_only=True):
    """A payment of what was written off or unrecoverable: as much of it is back in the books, to be settled."""

    TYPE: ClassVar[str] = "invoice.write_off_recovered"
    invoice_id: str
    customer_id: str
    currency: str
    payment_id: str
    amount_minor: int
    relieved_minor: int
    """The part of it whose VAT had been relieved."""
    vat: tuple[VatShare, ...]
    """Net and VAT of that part by rate: the VAT is owed to the State again."""

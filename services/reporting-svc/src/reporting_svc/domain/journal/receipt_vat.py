"""VAT of invoices whose VAT is due on receipt (CGI 269-2 c): what each event makes due, and what still waits.

The VAT of such an invoice waits on an account of its own (PCG 4458) from the issue on. Payments make their part of it
due, pro rata to what is still to be paid in all; a payment that leaves the invoice takes its part back. Credit notes
and early discounts lower both. The VAT of what is written off never becomes due, so that nothing can be relieved
(CGI 272-1 is about VAT that was due): it waits no more, and waits again from the day on which the write-off is reversed
or paid. What is due and what waits is computed anew after each event and booked by its change: so nothing is left over
by roundings once the invoice is settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from encours.contracts import Event, Recorded
from encours.contracts.common import VatShare
from encours.contracts.events import invoice, loss, residual
from encours.contracts.vat_due import vat_due
from encours.kernel.money import div_half_up

CHANGES_VAT: tuple[type[Event], ...] = (
    invoice.InvoiceIssued,
    invoice.InvoiceCredited,
    invoice.PaymentApplied,
    invoice.PaymentUnapplied,
    invoice.EarlyDiscountTaken,
    invoice.EarlyDiscountWithdrawn,
    residual.InvoiceResidualClosed,
    residual.InvoiceResidualReopened,
    loss.InvoiceWrittenOff,
    loss.InvoiceUnrecoverable,
    loss.WriteOffReversed,
    loss.WriteOffRecovered,
)
"""Types of events that change the VAT of an invoice, or the part of it that is due."""
UNKNOWN_RATE = 0
"""Rate of VAT that a document states without its rates."""


class VatChange(msgspec.Struct, frozen=True, gc=False):
    """Change at a rate, in minor units of the invoice: of the VAT that is due, and of that which waits."""

    rate_bps: int
    due_minor: int
    waiting_minor: int


def changes_by_position(events: Iterable[Recorded]) -> Mapping[int, tuple[VatChange, ...]]:
    """Return the changes of each event of an invoice's stream, by its position; none where VAT is due otherwise."""
    found: dict[int, tuple[VatChange, ...]] = {}
    waiting: _InvoiceVat | None = None
    for e in events:
        if isinstance(e.data, invoice.InvoiceIssued):
            known = e.data.origin == "issued" and e.data.net_minor is not None
            if known and vat_due(e.data.purpose, e.data.particulars) == "receipt":
                waiting = _InvoiceVat()
        if waiting is not None and isinstance(e.data, CHANGES_VAT):
            found[e.position] = waiting.change(e.data)
    return found


class _InvoiceVat:
    """VAT of one invoice by rate, with the amounts to be paid in all, paid, and written off; minor units."""

    def __init__(self) -> None:
        self._vat: dict[int, int] = {}
        self._total = self._paid = self._lost = 0
        self._before: dict[int, tuple[int, int]] = {}

    def change(self, data: Any) -> tuple[VatChange, ...]:
        """Apply an event; return what it changes at each rate, without rates at which it changes nothing."""
        match data:
            case invoice.InvoiceIssued():
                self._add(data.vat, data.vat_minor, data.total_minor, 1)
            case invoice.InvoiceCredited():
                self._add(data.vat, data.vat_minor, data.total_minor, -1)
            case invoice.EarlyDiscountTaken():
                self._add(data.vat, data.vat_minor, data.amount_minor, -1)
            case invoice.EarlyDiscountWithdrawn():
                self._add(data.vat, data.vat_minor, data.amount_minor, 1)
            case residual.InvoiceResidualClosed():
                self._total -= data.amount_minor
            case residual.InvoiceResidualReopened():
                self._total += data.amount_minor
            case invoice.PaymentApplied():
                self._paid += data.amount_minor
            case invoice.PaymentUnapplied():
                self._paid -= data.amount_minor
            case loss.InvoiceUnrecoverable():
                self._lost += data.written_off_minor
            case loss.InvoiceWrittenOff():
                self._lost += data.amount_minor
            case _:
                self._lost -= data.amount_minor
        now = {rate: (due := self._due(minor), self._waits(minor - due)) for rate, minor in self._vat.items()}
        before, self._before = self._before, now
        return tuple(
            VatChange(rate, due - before.get(rate, (0, 0))[0], waits - before.get(rate, (0, 0))[1])
            for rate, (due, waits) in sorted(now.items())
            if (due, waits) != before.get(rate, (0, 0))
        )

    def _add(
        self, shares: tuple[VatShare, ...], whole_minor: int | None, total_minor: int, sign: int
    ) -> None:
        self._total += sign * total_minor
        for share in shares:
            self._vat[share.rate_bps] = self._vat.get(share.rate_bps, 0) + sign * share.vat_minor
        if not any(share.vat_minor for share in shares) and whole_minor:
            self._vat[UNKNOWN_RATE] = self._vat.get(UNKNOWN_RATE, 0) + sign * whole_minor

    def _due(self, vat_minor: int) -> int:
        if self._paid >= self._total:
            return vat_minor if self._paid > 0 else 0
        return div_half_up(vat_minor * self._paid, self._total)

    def _waits(self, not_due_minor: int) -> int:
        """Return the part of the VAT that is not due whose amounts can still be paid."""
        unpaid = self._total - self._paid
        left = unpaid - self._lost
        if not self._lost or unpaid <= 0:
            return not_due_minor
        return div_half_up(not_due_minor * left, unpaid) if left > 0 else 0

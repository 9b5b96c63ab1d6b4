"""Outcome of a past order: paid, lost, open. Of a loss: VAT, cover and guarantees, and what is left of it.

The loss is what was written off or lost and not recovered, less its VAT, which the state gives back on a bad debt (CGI
art. 272), and the provision that stands, which is net of VAT; then less what an insurer paid and guarantees covered by
what was known just before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.events.loss import (
    InvoiceProvisioned,
    InvoiceUnrecoverable,
    InvoiceWrittenOff,
    WriteOffRecovered,
    WriteOffReversed,
)
from encours.kernel.money import div_half_up
from risk_svc.domain.exposure import ExposureItem

LossEvent = (
    InvoiceWrittenOff | InvoiceUnrecoverable | WriteOffReversed | WriteOffRecovered | InvoiceProvisioned
)
OutcomeKind = Literal["paid", "lost", "open", "credited", "not_billed"]


@dataclass(frozen=True, slots=True)
class InvoiceLoss:
    """Loss of an invoice, minor units; ``position`` and ``day`` are those of its first event."""

    invoice_id: str
    position: int
    day: date
    written_off_minor: int = 0
    provisioned_minor: int = 0

    @property
    def is_lost(self) -> bool:
        """An amount is written off, lost or provided for."""
        return self.written_off_minor > 0 or self.provisioned_minor > 0


def loss_of(state: InvoiceLoss | None, e: Recorded, event: LossEvent) -> InvoiceLoss:
    """Return the loss of an invoice after one more event."""
    state = state or InvoiceLoss(event.invoice_id, e.position, e.effective_on)
    match event:
        case InvoiceWrittenOff():
            change = event.amount_minor
        case InvoiceUnrecoverable():
            change = event.written_off_minor
        case WriteOffReversed() | WriteOffRecovered():
            change = -event.amount_minor
        case InvoiceProvisioned():
            return replace(state, provisioned_minor=event.amount_minor)
    return replace(state, written_off_minor=state.written_off_minor + change)


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """Outcome of an order, minor units of its currency; ``days_late`` is the longest delay of its invoices."""

    kind: OutcomeKind
    days_late: int = 0
    open_minor: int = 0
    written_off_minor: int = 0
    provisioned_minor: int = 0
    vat_minor: int = 0
    insured_minor: int = 0
    guaranteed_minor: int = 0

    @property
    def loss_minor(self) -> int:
        """Amount that the creditor lost."""
        gross = self.written_off_minor + self.provisioned_minor
        return gross - self.vat_minor - self.insured_minor - self.guaranteed_minor


@dataclass(frozen=True, slots=True)
class Secured:
    """Security of an invoice just before its loss, minor units; ``insured_minor`` of what was open of it then."""

    net_minor: int | None
    total_minor: int
    open_minor: int = 0
    insured_minor: int = 0
    guaranteed_minor: int = 0


def outcome(
    items: Iterable[ExposureItem], losses: Iterable[tuple[InvoiceLoss, Secured]], day: date
) -> OrderOutcome:
    """Return the outcome of an order by its invoices on a day. Guarantees are those that earlier losses have left."""
    known = list(items)
    late = max((each.delay(day) for each in known), default=0)
    opened = sum(each.open_minor for each in known)
    found = OrderOutcome("open", late, opened)
    for loss, secured in losses:
        found = _with(found, loss, secured)
    if found.written_off_minor or found.provisioned_minor:
        return replace(found, kind="lost")
    if not known:
        return replace(found, kind="not_billed")
    if opened:
        return found
    settled = any(each.settled_on is not None for each in known)
    return replace(found, kind="paid" if settled else "credited")


def _with(found: OrderOutcome, loss: InvoiceLoss, secured: Secured) -> OrderOutcome:
    written_off = max(0, loss.written_off_minor)
    vat = 0
    if secured.net_minor is not None and secured.total_minor > 0:
        vat = written_off - div_half_up(written_off * secured.net_minor, secured.total_minor)
    left = written_off - vat + loss.provisioned_minor
    insured = 0
    if secured.open_minor > 0:
        insured = min(
            left, div_half_up(secured.insured_minor * min(left, secured.open_minor), secured.open_minor)
        )
    guaranteed = min(left - insured, secured.guaranteed_minor)
    return replace(
        found,
        written_off_minor=found.written_off_minor + written_off,
        provisioned_minor=found.provisioned_minor + loss.provisioned_minor,
        vat_minor=found.vat_minor + vat,
        insured_minor=found.insured_minor + insured,
        guaranteed_minor=found.guaranteed_minor + guaranteed,
    )

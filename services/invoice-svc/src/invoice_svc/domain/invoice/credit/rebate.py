"""The credit note without an invoice over the invoices that it cites: the part of each that it corrects (CGI 272-1).

Each cited invoice keeps its part, so that no amount is credited twice, neither by another such credit note nor by one
on the invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from encours.contracts.common import VatShare
from encours.contracts.events.invoice import InvoiceRebated
from encours.contracts.events.money.payment import CreditNoteIssued
from encours.kernel.errors import Invalid
from invoice_svc.domain.amounts.sums import InvoiceSums, RateAmounts, VatKey
from invoice_svc.domain.invoice.credit.sums import (
    amounts_of,
    left_to_credit,
    less,
    parts_of_lines,
    shares_of,
    within,
)
from invoice_svc.domain.invoice.state import Invoice

ABOVE = "The lines credit more in total than is left to credit; reduce them."


def within_cited(sums: InvoiceSums, cited: Sequence[Invoice]) -> InvoiceSums:
    """Return the sums of a credit note that cites invoices, its VAT at most what is left of theirs at each rate.

    Early-payment discounts that were taken are not left. Raises :class:`Invalid` with a pointer to lines that exceed
    what is left at their rate; nothing is checked if the rates of an invoice are not known.
    """
    left = [part for invoice in cited for part in left_to_credit(invoice)]
    if all(part.rate_bps is not None for part in left):
        discounts = [share for invoice in cited if invoice.discount for share in invoice.discount.vat]
        parts = parts_of_lines(sums, _summed(left, discounts))
        vat = tuple(
            replace(share, vat_minor=part.vat_minor) for share, part in zip(sums.vat, parts, strict=True)
        )
        vat_minor = sum(share.vat_minor for share in vat)
        sums = replace(sums, vat=vat, vat_minor=vat_minor, total_minor=sums.net_minor + vat_minor)
    return sums


def _summed(left: Iterable[RateAmounts], discounts: Iterable[VatShare]) -> tuple[RateAmounts, ...]:
    """Sum what is left of several invoices by rate, less their discounts."""
    sums: dict[VatKey, RateAmounts] = {}
    taken = (
        replace(amounts_of(share), net_minor=-share.net_minor, vat_minor=-share.vat_minor)
        for share in discounts
    )
    for part in (*left, *taken):
        known = sums.get(part.key, replace(part, net_minor=0, vat_minor=0))
        sums[part.key] = replace(
            known, net_minor=known.net_minor + part.net_minor, vat_minor=known.vat_minor + part.vat_minor
        )
    return tuple(sums.values())


def rebates(note: CreditNoteIssued, cited: Sequence[Invoice]) -> list[InvoiceRebated]:
    """Divide a credit note over the invoices that it cites, in their order: at most what is left of each, at each rate.

    Invoices whose VAT is not known by rate take the rest. There is nothing to divide where it cites a period. Raises
    :class:`Invalid` if something remains.
    """
    if not cited:
        return []
    rest = {amounts_of(share).key: amounts_of(share) for share in note.vat}
    known = [invoice for invoice in cited if _is_by_rate(invoice)]
    found: list[InvoiceRebated] = []
    for invoice in known:
        parts = _taken(rest, invoice)
        for part in parts:
            rest[part.key] = less(rest[part.key], part)
        if parts:
            found.append(_rebated(invoice, note, parts))
    left_minor = sum(part.net_minor + part.vat_minor for part in rest.values())
    vat_minor = sum(part.vat_minor for part in rest.values())
    for invoice in cited:
        if invoice not in known and left_minor > 0 and _room_minor(invoice):
            part = _taken_in_total(invoice, left_minor, vat_minor)
            left_minor -= part.net_minor + part.vat_minor
            vat_minor -= part.vat_minor
            found.append(_rebated(invoice, note, [part]))
    if left_minor:
        raise Invalid(ABOVE, "/lines")
    return found


def _is_by_rate(invoice: Invoice) -> bool:
    return invoice.net_minor is not None and left_to_credit(invoice)[0].rate_bps is not None


def _room_minor(invoice: Invoice) -> int:
    """Return what no credit note, VAT relief, discount or accepted claim, which a credit note has to answer, takes."""
    taken = invoice.relieved_minor + invoice.discounted_minor + invoice.conceded_minor
    return max(0, invoice.creditable_minor - taken)


def _taken(rest: dict[VatKey, RateAmounts], invoice: Invoice) -> list[RateAmounts]:
    """Return what the invoice takes of the rest; a rebate at another rate of its own lowers its total."""
    discounts = invoice.discount.vat if invoice.discount else ()
    above, taken = -_room_minor(invoice), []
    for part in _summed(left_to_credit(invoice), discounts):
        asked = rest.get(part.key)
        if asked is not None:
            net, vat = within(asked.net_minor, part.net_minor), within(asked.vat_minor, part.vat_minor)
            above += net + vat
            taken.append(replace(part, net_minor=net, vat_minor=vat))
    for n, part in enumerate(taken):
        net = min(max(0, above), part.net_minor)
        vat = min(max(0, above - net), part.vat_minor)
        above -= net + vat
        taken[n] = less(part, replace(part, net_minor=net, vat_minor=vat))
    return [part for part in taken if part.is_something]


def _taken_in_total(invoice: Invoice, left_minor: int, vat_minor: int) -> RateAmounts:
    total = min(left_minor, _room_minor(invoice))
    if invoice.net_minor is None:
        return RateAmounts(None, total, 0)
    bound = left_to_credit(invoice)[0]
    net = within(total - within(min(vat_minor, total), bound.vat_minor), bound.net_minor)
    return RateAmounts(None, net, total - net)


def _rebated(invoice: Invoice, note: CreditNoteIssued, parts: Sequence[RateAmounts]) -> InvoiceRebated:
    net, vat = sum(part.net_minor for part in parts), sum(part.vat_minor for part in parts)
    return InvoiceRebated(
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        credit_note_id=note.credit_note_id,
        payment_id=note.payment_id,
        vat=shares_of(parts),
        net_minor=None if invoice.net_minor is None else net,
        vat_minor=None if invoice.net_minor is None else vat,
        total_minor=net + vat,
    )

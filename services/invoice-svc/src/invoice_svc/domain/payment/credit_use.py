"""Division of what is asked of a customer's credit among the payments that hold it, in their order."""

from __future__ import annotations

from collections.abc import Sequence

from encours.kernel.money import Money
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.commands import Instructed
from invoice_svc.domain.payment.refusals import AmountExceedsUnapplied, NoCreditLeft
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.refusals import require_currency


def payments_holding(invoice: Invoice, credit_note_id: str) -> list[str]:
    """Return the payments whose cash a credit note on the invoice has left without a debt.

    Raises ``no-credit-left`` if there are none.
    """
    notes = [note for note in invoice.credits if note.credit_note_id == credit_note_id]
    if not any(note.released for note in notes):
        raise NoCreditLeft(
            f"The credit note has reduced what is owed of {invoice.number}; no money of the customer was freed by it."
        )
    return list(dict.fromkeys(part.payment_id for note in notes for part in note.released))


def parts_of(payments: Sequence[Payment], asked: Instructed) -> dict[str, Instructed]:
    """Return the allocations that each payment makes, by its id. Raises ``amount-exceeds-unapplied``."""
    left = {payment.payment_id: payment.unapplied_minor for payment in payments}
    parts: dict[str, list[tuple[str, int] | tuple[str, int, str]]] = {}
    for invoice_id, amount_minor, *currency in asked:
        for payment_id, share in _taken(payments, left, amount_minor).items():
            part = (invoice_id, share, currency[0]) if currency else (invoice_id, share)
            parts.setdefault(payment_id, []).append(part)
    return {payment_id: tuple(found) for payment_id, found in parts.items()}


def shares_of(payments: Sequence[Payment], amount: Money | None) -> dict[str, Money]:
    """Return what each payment pays back, by its id; all that is unapplied if no amount is given."""
    left = {payment.payment_id: payment.unapplied_minor for payment in payments}
    currency = payments[0].currency
    if amount is not None:
        require_currency(amount.currency, currency, "/amount")
    asked = max(1, sum(left.values())) if amount is None else amount.amount_minor
    return {name: Money(share, currency) for name, share in _taken(payments, left, asked).items()}


def _taken(payments: Sequence[Payment], left: dict[str, int], amount_minor: int) -> dict[str, int]:
    """Take an amount from what is left; an amount of 0 or less is the payment's to refuse."""
    found: dict[str, int] = {}
    missing = amount_minor
    for payment in payments:
        share = min(missing, left[payment.payment_id])
        if share > 0:
            left[payment.payment_id] -= share
            found[payment.payment_id] = share
            missing -= share
    if missing > 0:
        currency = payments[0].currency
        raise AmountExceedsUnapplied(
            f"{Money(amount_minor - missing, currency)} of the credit is left, less than "
            f"{Money(amount_minor, currency)}: reduce the amount.",
        )
    return found or {payments[0].payment_id: amount_minor}

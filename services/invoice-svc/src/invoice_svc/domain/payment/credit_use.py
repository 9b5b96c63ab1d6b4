"""Division of what is asked of a customer's credit among the payments that hold it, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from encours.kernel.money import Money
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.commands import Instructed, Instruction
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
    """Return the allocations that each payment makes, by its id.

    An amount is taken from the payments in its currency. Raises ``amount-exceeds-unapplied`` and ``currency-mismatch``.
    """
    left = {payment.payment_id: payment.unapplied_minor for payment in payments}
    parts: dict[str, list[Instruction]] = {}
    for i, each in enumerate(Instruction(*each) for each in asked):
        holding = _in_currency(payments, each.currency, f"/allocations/{i}/amount")
        for payment_id, share in _taken(holding, left, each.amount_minor).items():
            parts.setdefault(payment_id, []).append(each._replace(amount_minor=share))
    return {payment_id: tuple(found) for payment_id, found in parts.items()}


def divided(
    shares: Sequence[Share], credits: Sequence[tuple[str, int]], payment_id: str
) -> dict[str, list[Share]]:
    """Return the shares of each payment: of those that hold credits, in their order, then of the payment itself.

    ``credits`` are amounts by the payment that holds them.
    """
    left = dict(credits)
    found: dict[str, list[Share]] = {}
    for share in shares:
        missing = share.amount_minor
        for holder, _ in credits:
            if part := min(missing, left[holder]):
                found.setdefault(holder, []).append(replace(share, amount_minor=part))
                left[holder] -= part
                missing -= part
        if missing:
            found.setdefault(payment_id, []).append(replace(share, amount_minor=missing))
    return found


def shares_of(payments: Sequence[Payment], amount: Money | None) -> dict[str, Money]:
    """Return what each payment pays back, by its id; all that is unapplied if no amount is given."""
    left = {payment.payment_id: payment.unapplied_minor for payment in payments}
    if amount is None:
        held = [payment for payment in payments if payment.unapplied_minor]
        if held:
            return {each.payment_id: Money(each.unapplied_minor, each.currency) for each in held}
    asked = Money(1, payments[0].currency) if amount is None else amount
    holding = _in_currency(payments, asked.currency, "/amount")
    return {
        name: Money(share, asked.currency)
        for name, share in _taken(holding, left, asked.amount_minor).items()
    }


def _in_currency(payments: Sequence[Payment], currency: str | None, pointer: str) -> list[Payment]:
    """Return the payments in a currency, that of the first if none is named. Raises ``currency-mismatch``."""
    wanted = currency or payments[0].currency
    found = [payment for payment in payments if payment.currency == wanted]
    if not found:
        require_currency(wanted, payments[0].currency, pointer)
    return found


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

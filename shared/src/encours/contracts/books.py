"""The books: the movements that each event makes, declared once, beside the types.

Four books are kept in minor units, signed:

* *item*: the open amount of an invoice;
* *contested*: the part of an invoice that is in dispute, or was accepted and not credited yet;
* *cash*: money of a payer that no invoice has taken yet (unapplied cash);
* *account*: the customer's control account (411).

Every event balances in each currency: Σ item − Σ cash = Σ account. So the books agree at every position of the ledger,
also between the events of one command. A payment in another currency than the invoice takes the item off the account
in the one, and the cash in the other; the conversion account has the counterpart of both. Cash leaves and returns with
the mirrors in the invoices' streams (``invoice.payment_applied``, ``.payment_unapplied``), which is why
``payment.allocated`` moves nothing itself.

An event type that moves no money is listed in :data:`STILL`. A type in neither place fails a test.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import msgspec

from encours.contracts.base import Event, names_in, names_of
from encours.contracts.events import (
    approval,
    aside,
    bank,
    calendar,
    customer,
    dispute,
    dunning,
    entity,
    field,
    imports,
    invoice,
    loss,
    order,
    payment,
    price_index,
    quote,
    rate,
    recurring,
    review,
    risk,
)
from encours.contracts.recorded import Recorded

Book = Literal["item", "contested", "cash", "account"]
INVOICED = ("issued", "issued_gross")
CREDITED = ("credited", "credited_gross")
"""Kinds of invoices and of credit notes; of those in ``_gross`` net and VAT are not known, so their net is 0."""
PAYER_UNKNOWN = ""
"""Customer of a payment whose payer is not known yet."""


class Movement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One entry: signed changes in all four books, side by side, in minor units of ``currency``.

    ``kind`` names the cause (``issued``, ``credited``, ``applied`` …). ``effective_on`` is the business date.
    ``net_minor`` is the turnover without VAT that the entry carries; 0 for everything but invoices and credit notes.
    ``owed_minor`` changes what was ever owed of an invoice: an issue, a credit note, an accepted claim, a discount for
    early payment, not a payment and not a write-off. ``conceded_minor`` is the accepted part of *contested* whose
    credit note is still to come. ``exchange_minor`` is a realised exchange difference, a gain above 0, in the entity's
    currency; it is in no book. ``available_on`` is the day on which the funds of the entry were available to the
    creditor.
    """

    kind: str
    entity: str
    customer_id: str
    currency: str
    effective_on: date
    invoice_id: str | None = None
    payment_id: str | None = None
    item_minor: int = 0
    contested_minor: int = 0
    cash_minor: int = 0
    account_minor: int = 0
    net_minor: int = 0
    owed_minor: int = 0
    conceded_minor: int = 0
    exchange_minor: int = 0
    available_on: date | None = None


Rule = Callable[[Recorded, Any], tuple[Movement, ...]]
_RULES: dict[str, Rule] = {}
_BOOKS: dict[str, frozenset[Book]] = {}


def contested_of(open_minor: int, contested_minor: int) -> int:
    """Return the contested part of an open amount: a dispute outlives a payment, but is never above what is open."""
    return max(0, min(open_minor, contested_minor))


def movements(e: Recorded) -> tuple[Movement, ...]:
    """Return the entries that the event makes in the books; none for a type in :data:`STILL`.

    Pure and total over all event types. Raises ``KeyError`` for a type that is declared in neither place.
    """
    rule = _RULES.get(e.type)
    if rule is not None:
        return rule(e, e.data)
    if e.type in STILL:
        return ()
    raise KeyError(f"{e.type} declares neither movements nor that it moves nothing")


def moving(*books: Book) -> frozenset[str]:
    """Names of the event types that move one of these books; of all that move any book when none is named."""
    wanted = frozenset(books)
    return frozenset(name for name, moved in _BOOKS.items() if (moved & wanted if wanted else moved))


def _moves(kind: type[Event], *books: Book) -> Callable[[Rule], Rule]:
    def declare(rule: Rule) -> Rule:
        _RULES[kind.TYPE] = rule
        _BOOKS[kind.TYPE] = frozenset(books)
        return rule

    return declare


def _on_invoice(
    e: Recorded,
    event: Any,
    kind: str,
    *,
    available_on: date | None = None,
    item_minor: int = 0,
    contested_minor: int = 0,
    cash_minor: int = 0,
    account_minor: int = 0,
    net_minor: int = 0,
    owed_minor: int = 0,
    conceded_minor: int = 0,
) -> tuple[Movement, ...]:
    # Keywords that are passed on as a dict would double the time. Issues and payments, nearly all events of a rebuild,
    # state their own fields alone, which takes a third of it.
    return (
        Movement(
            kind=kind,
            entity=e.entity,
            customer_id=event.customer_id,
            currency=event.currency,
            effective_on=e.effective_on,
            invoice_id=event.invoice_id,
            payment_id=getattr(event, "payment_id", None),
            available_on=available_on,
            item_minor=item_minor,
            contested_minor=contested_minor,
            cash_minor=cash_minor,
            account_minor=account_minor,
            net_minor=net_minor,
            owed_minor=owed_minor,
            conceded_minor=conceded_minor,
        ),
    )


def _on_payment(
    e: Recorded, event: Any, kind: str, customer_id: str | None, cash_minor: int, account_minor: int
) -> Movement:
    return Movement(
        kind=kind,
        entity=e.entity,
        customer_id=customer_id or PAYER_UNKNOWN,
        currency=event.currency,
        effective_on=e.effective_on,
        payment_id=event.payment_id,
        cash_minor=cash_minor,
        account_minor=account_minor,
        available_on=e.effective_on if cash_minor > 0 else None,
    )


def _settled(
    e: Recorded, event: Any, kind: str, sign: int, available_on: date | None = None
) -> tuple[Movement, ...]:
    """Return the entries of a payment on an invoice.

    If it is another customer's or in another currency, item and cash are on their own accounts, in their currencies.
    """
    amount, paid = sign * event.amount_minor, event.paid
    if event.payer_id is None and paid is None:
        return (
            Movement(
                kind=kind, entity=e.entity, customer_id=event.customer_id, currency=event.currency,
                effective_on=e.effective_on, invoice_id=event.invoice_id, payment_id=event.payment_id,
                available_on=available_on, item_minor=amount, cash_minor=amount,
            ),
        )  # fmt: skip
    (item,) = _on_invoice(e, event, kind, available_on=available_on, item_minor=amount, account_minor=amount)
    used, currency = (amount, event.currency) if paid is None else (sign * paid.amount_minor, paid.currency)
    cash = _on_payment(e, event, kind, event.payer_id or event.customer_id, used, -used)
    # The creditor has had the money since it came, so no day of availability is stated again.
    return item, msgspec.structs.replace(cash, available_on=None, currency=currency)


@_moves(invoice.InvoiceIssued, "item", "account")
def _issued(e: Recorded, event: invoice.InvoiceIssued) -> tuple[Movement, ...]:
    total = event.total_minor
    return (
        Movement(
            kind="issued" if event.net_minor is not None else "issued_gross",
            entity=e.entity, customer_id=event.customer_id, currency=event.currency, effective_on=e.effective_on,
            invoice_id=event.invoice_id, item_minor=total, account_minor=total, owed_minor=total,
            net_minor=event.net_minor or 0,
        ),
    )  # fmt: skip


@_moves(invoice.InvoiceCredited, "item", "contested", "account")
def _credited(e: Recorded, event: invoice.InvoiceCredited) -> tuple[Movement, ...]:
    total, awaited = event.total_minor, event.awaited_minor
    return _on_invoice(
        e,
        event,
        "credited" if event.net_minor is not None else "credited_gross",
        item_minor=-total,
        account_minor=-total,
        net_minor=-(event.net_minor or 0),
        owed_minor=awaited - total,
        contested_minor=-awaited,
        conceded_minor=-awaited,
    )


@_moves(invoice.PaymentApplied, "item", "cash", "account")
def _applied(e: Recorded, event: invoice.PaymentApplied) -> tuple[Movement, ...]:
    return _settled(e, event, "applied", -1, event.received_on)


@_moves(invoice.PaymentUnapplied, "item", "cash", "account")
def _unapplied(e: Recorded, event: invoice.PaymentUnapplied) -> tuple[Movement, ...]:
    return _settled(e, event, "unapplied", 1)


@_moves(invoice.ShareDisputed, "contested")
def _disputed(e: Recorded, event: invoice.ShareDisputed) -> tuple[Movement, ...]:
    return _on_invoice(e, event, "disputed", contested_minor=event.amount_minor)


@_moves(invoice.ShareUndisputed, "contested")
def _undisputed(e: Recorded, event: invoice.ShareUndisputed) -> tuple[Movement, ...]:
    ended = _on_invoice(e, event, "undisputed", contested_minor=-event.amount_minor)
    if not (awaiting := event.awaiting_credit_minor):
        return ended
    conceded = _on_invoice(
        e, event, "conceded", contested_minor=awaiting, conceded_minor=awaiting, owed_minor=-awaiting
    )
    return ended + conceded


@_moves(loss.InvoiceWrittenOff, "item", "account")
def _written_off(e: Recorded, event: loss.InvoiceWrittenOff) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return _on_invoice(e, event, "written_off", item_minor=-amount, account_minor=-amount)


@_moves(loss.WriteOffReversed, "item", "account")
def _write_off_reversed(e: Recorded, event: loss.WriteOffReversed) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return _on_invoice(e, event, "write_off_reversed", item_minor=amount, account_minor=amount)


@_moves(invoice.EarlyDiscountTaken, "item", "account")
def _discount_taken(e: Recorded, event: invoice.EarlyDiscountTaken) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return _on_invoice(e, event, "discounted", item_minor=-amount, account_minor=-amount, owed_minor=-amount)


@_moves(invoice.EarlyDiscountWithdrawn, "item", "account")
def _discount_withdrawn(e: Recorded, event: invoice.EarlyDiscountWithdrawn) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return _on_invoice(
        e, event, "discount_withdrawn", item_minor=amount, account_minor=amount, owed_minor=amount
    )


@_moves(loss.InvoiceUnrecoverable, "item", "account")
def _unrecoverable(e: Recorded, event: loss.InvoiceUnrecoverable) -> tuple[Movement, ...]:
    amount = event.written_off_minor
    return _on_invoice(e, event, "unrecoverable", item_minor=-amount, account_minor=-amount) if amount else ()


@_moves(loss.WriteOffRecovered, "item", "account")
def _recovered(e: Recorded, event: loss.WriteOffRecovered) -> tuple[Movement, ...]:
    # Without the payment, whose cash the application of the payment moves.
    amount = event.amount_minor
    moved = _on_invoice(e, event, "recovered", item_minor=amount, account_minor=amount)
    return tuple(msgspec.structs.replace(each, payment_id=None) for each in moved)


@_moves(rate.ExchangeDifferenceRealised)
@_moves(rate.ExchangeDifferenceReversed)
def _difference(e: Recorded, event: Any) -> tuple[Movement, ...]:
    (moved,) = _on_invoice(e, event, "exchange_difference")
    gain = event.amount_minor if isinstance(event, rate.ExchangeDifferenceRealised) else -event.amount_minor
    return (msgspec.structs.replace(moved, exchange_minor=gain),)


@_moves(payment.PaymentReceived, "cash", "account")
def _received(e: Recorded, event: payment.PaymentReceived) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (_on_payment(e, event, "received", event.customer_id, amount, -amount),)


@_moves(payment.PaymentIdentified, "cash", "account")
def _identified(e: Recorded, event: payment.PaymentIdentified) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (
        _on_payment(e, event, "identified", PAYER_UNKNOWN, -amount, amount),
        _on_payment(e, event, "identified", event.customer_id, amount, -amount),
    )


@_moves(payment.PaymentReversed, "cash", "account")
def _reversed(e: Recorded, event: payment.PaymentReversed) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (_on_payment(e, event, "reversed", event.customer_id, -amount, amount),)


@_moves(payment.CreditNoteIssued, "cash", "account")
def _credit_note_issued(e: Recorded, event: payment.CreditNoteIssued) -> tuple[Movement, ...]:
    total = event.total_minor
    moved = _on_payment(e, event, "credited", event.customer_id, total, -total)
    return (msgspec.structs.replace(moved, net_minor=-event.net_minor),)


@_moves(payment.RefundOrdered, "cash", "account")
def _refund_ordered(e: Recorded, event: payment.RefundOrdered) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (_on_payment(e, event, "refunded", event.customer_id, -amount, amount),)


@_moves(payment.RefundReturned, "cash", "account")
def _refund_returned(e: Recorded, event: payment.RefundReturned) -> tuple[Movement, ...]:
    # The creditor has had the money since it came, so no day of availability is stated again.
    amount = event.amount_minor
    moved = _on_payment(e, event, "refund_returned", event.customer_id, amount, -amount)
    return (msgspec.structs.replace(moved, available_on=None),)


STILL: frozenset[str] = names_in(
    approval, bank, field, imports, order, price_index, quote, recurring, review, risk
) | names_of(
    aside.EventSetAside,
    calendar.DayOpened,
    customer.CustomerRegistered,
    customer.CustomerAmended,
    customer.TermsAgreed,
    customer.TermsBeyondCeiling,
    customer.PenaltyBelowFloor,
    customer.CustomerContactAdded,
    customer.FieldsSet,
    customer.RolesAssigned,
    customer.CustomerMerged,
    customer.CustomerMergeReversed,
    customer.CustomerNoted,
    customer.PapersRequired,
    dispute.DisputeOpened,
    dispute.DisputeResolved,
    dunning.ReminderRequested,
    dunning.ReminderSuppressed,
    dunning.ReminderSent,
    dunning.ReminderFailed,
    dunning.ReminderUnconfirmed,
    dunning.TaskOpened,
    dunning.TaskCompleted,
    dunning.HoldPlaced,
    dunning.RunCompleted,
    entity.EntityRegistered,
    entity.EntityAmended,
    entity.SeriesDefined,
    entity.FirstNumberSet,
    entity.NumberDisplaySet,
    entity.PeriodClosed,
    entity.BankAccountSet,
    entity.VatRegimeSet,
    invoice.InvoiceDrafted,
    invoice.InvoiceAmended,
    invoice.InvoiceCancelled,
    invoice.DepositDeducted,
    invoice.DepositFreed,
    invoice.InvoiceRebated,
    loss.InvoiceProvisioned,
    invoice.InvoiceTermsBeyondCeiling,
    invoice.InvoicePenaltyBelowFloor,
    payment.PaymentAllocated,
    payment.PaymentReleased,
    payment.RefundSent,
    rate.ExchangeRatePublished,
)
"""Event types that move no money."""

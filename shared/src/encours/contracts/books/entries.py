"""Entries in the books, and the rules that make them of events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import msgspec

from encours.contracts.base import Event
from encours.contracts.recorded import Recorded

Book = Literal["item", "contested", "planned", "in_hand", "cash", "account"]
INVOICED = ("issued", "issued_gross")
CREDITED = ("credited", "credited_gross")
"""Kinds of invoices and of credit notes; of those in ``_gross`` net and VAT are not known, so their net is 0."""
PENALISED, PENALTY_CREDITED = "penalised", "penalty_credited"
"""Kinds of penalty documents and of credit notes on them, which are no turnover (CGI 256)."""
CREDIT_NOTES = (*CREDITED, PENALTY_CREDITED)
OWING = (*INVOICED, PENALISED, *CREDIT_NOTES, "discounted", "discount_withdrawn")
"""Kinds of entries that change what was ever owed of an invoice. The item entries of any other kind settle it."""
PAYER_UNKNOWN = ""
"""Customer of a payment whose payer is not known yet."""


class Movement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One entry: signed changes in all six books, side by side, in minor units of ``currency``.

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
    planned_minor: int = 0
    in_hand_minor: int = 0
    cash_minor: int = 0
    account_minor: int = 0
    net_minor: int = 0
    owed_minor: int = 0
    conceded_minor: int = 0
    exchange_minor: int = 0
    available_on: date | None = None

    @property
    def settled_minor(self) -> int:
        """Change of what is settled of the invoice, by a payment or a write-off: what was ever owed less what is open.

        An accepted claim is no longer owed, although it is open until its credit note.
        """
        return self.owed_minor - (self.item_minor - self.conceded_minor)


Rule = Callable[[Recorded, Any], tuple[Movement, ...]]
RULES: dict[str, Rule] = {}
BOOKS: dict[str, frozenset[Book]] = {}


def moves(kind: type[Event], *books: Book) -> Callable[[Rule], Rule]:
    """Declare the rule of a type of event, with the books that it moves."""

    def declare(rule: Rule) -> Rule:
        RULES[kind.TYPE] = rule
        BOOKS[kind.TYPE] = frozenset(books)
        return rule

    return declare


def on_invoice(
    e: Recorded,
    event: Any,
    kind: str,
    *,
    available_on: date | None = None,
    item_minor: int = 0,
    contested_minor: int = 0,
    planned_minor: int = 0,
    in_hand_minor: int = 0,
    cash_minor: int = 0,
    account_minor: int = 0,
    net_minor: int = 0,
    owed_minor: int = 0,
    conceded_minor: int = 0,
) -> tuple[Movement, ...]:
    """Return the entry of an event on an invoice."""
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
            planned_minor=planned_minor,
            in_hand_minor=in_hand_minor,
            cash_minor=cash_minor,
            account_minor=account_minor,
            net_minor=net_minor,
            owed_minor=owed_minor,
            conceded_minor=conceded_minor,
        ),
    )


def on_payment(
    e: Recorded, event: Any, kind: str, customer_id: str | None, cash_minor: int, account_minor: int
) -> Movement:
    """Return the entry of an event on the cash of a payer."""
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

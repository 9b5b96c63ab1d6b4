"""The books: the movements that each event makes, declared once, beside the types.

Six books are kept in minor units, signed:

* *item*: the open amount of an invoice;
* *contested*: the part of an invoice that is in dispute, or was accepted and not credited yet;
* *planned*: the part of an invoice that is on a payment plan in force;
* *in_hand*: the part of an invoice for which a cheque, bill or note is in hand;
* *cash*: money of a payer that no invoice has taken yet (unapplied cash);
* *account*: the customer's control account (411).

Every event balances in each currency: Σ item − Σ cash = Σ account. So the books agree at every position of the ledger,
also between the events of one command. A payment in another currency than the invoice takes the item off the account
in the one, and the cash in the other; the conversion account has the counterpart of both. Cash leaves and returns with
the mirrors in the invoices' streams (``invoice.payment_applied``, ``.payment_unapplied``), which is why
``payment.allocated`` moves nothing itself.

An event type that moves no money is listed in :mod:`encours.contracts.books.still`. A type in neither place
fails a test.
"""

from __future__ import annotations

from encours.contracts.base import Event
from encours.contracts.books import invoices, losses, payments, residuals
from encours.contracts.books.entries import (
    BOOKS,
    CREDIT_NOTES,
    CREDITED,
    INVOICED,
    OWING,
    PAYER_UNKNOWN,
    RULES,
    Book,
    Movement,
    Rule,
)
from encours.contracts.books.still import STILL
from encours.contracts.recorded import Recorded

__all__ = [
    "CREDITED",
    "CREDIT_NOTES",
    "INVOICED",
    "OWING",
    "PAYER_UNKNOWN",
    "STILL",
    "Book",
    "Movement",
    "contested_of",
    "in_hand_of",
    "invoices",
    "losses",
    "movements",
    "moving",
    "payments",
    "planned_of",
    "residuals",
    "rule_of",
]


def contested_of(open_minor: int, contested_minor: int) -> int:
    """Return the contested part of an open amount: a dispute outlives a payment, but is never above what is open."""
    return max(0, min(open_minor, contested_minor))


def planned_of(collectable_minor: int, planned_minor: int) -> int:
    """Return the part of an open and uncontested amount that is on a payment plan, so that nobody asks for it."""
    return max(0, min(collectable_minor, planned_minor))


def in_hand_of(undisputed_minor: int, in_hand_minor: int) -> int:
    """Return the part of an open and uncontested amount for which an instrument is in hand."""
    return max(0, min(undisputed_minor, in_hand_minor))


def movements(e: Recorded) -> tuple[Movement, ...]:
    """Return the entries that the event makes in the books; none for a type in :data:`STILL`.

    Pure and total over all event types. Raises ``KeyError`` for a type that is declared in neither place.
    """
    return rule_of(e.type)(e, e.data)


def rule_of(kind: str) -> Rule:
    """Return the rule that makes the movements of events of a type, from the event and its payload.

    Raises ``KeyError`` for a type that is declared in neither place.
    """
    rule = RULES.get(kind)
    if rule is not None:
        return rule
    if kind in STILL:
        return _nothing
    raise KeyError(f"{kind} declares neither movements nor that it moves nothing")


def _nothing(_: Recorded, __: Event) -> tuple[Movement, ...]:
    return ()


def moving(*books: Book) -> frozenset[str]:
    """Names of the event types that move one of these books; of all that move any book when none is named."""
    wanted = frozenset(books)
    return frozenset(name for name, moved in BOOKS.items() if (moved & wanted if wanted else moved))

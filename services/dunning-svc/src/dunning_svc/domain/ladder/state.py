"""State that a decision is made on: one customer's open items at one creditor in one currency."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from encours.contracts.dunning import Channel


@dataclass(frozen=True, slots=True)
class LadderItem:
    """An invoice of which something is open. Amounts in minor units, VAT included."""

    invoice_id: str
    version: int
    number: str
    due_on: date
    open_minor: int
    disputed_minor: int
    entered_on: date
    """Day of its record in the ledger, in the creditor's time zone: steps of earlier days are not made up for."""
    done: tuple[str, ...]
    """Steps that were taken, or that a higher step has superseded."""
    suppressed: tuple[str, ...]
    """Steps with a recorded decision against them; still open, but not recorded twice."""
    events: tuple[int, ...]

    @property
    def collectable_minor(self) -> int:
        """Open less disputed; a dispute may be larger than what is left open."""
        return max(0, self.open_minor - self.disputed_minor)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision is a function of, but for the day and the policy."""

    customer_id: str
    entity_id: str
    currency: str
    language: str
    email: str | None
    address: str | None
    """Postal address, without which no letter can be delivered."""
    hold_until: date | None
    """The last day of a hold."""
    decided_on: date | None
    """The last day for which a decision was made: a day is decided once."""
    credit_minor: int
    """Unapplied cash."""
    items: tuple[LadderItem, ...]
    events: tuple[int, ...]
    """Positions of the events about the customer, the hold and the credit."""

    @property
    def oldest_first(self) -> tuple[LadderItem, ...]:
        """Open items in the order in which unapplied cash goes to them."""
        return tuple(sorted(self.items, key=lambda item: (item.due_on, item.number, item.invoice_id)))

    def covered(self) -> dict[str, int]:
        """Return the part of each item's collectable amount that unapplied cash covers."""
        credit = max(0, self.credit_minor)
        found = {}
        for item in self.oldest_first:
            found[item.invoice_id] = min(credit, item.collectable_minor)
            credit -= found[item.invoice_id]
        return found

    def credit_for(self, invoice_ids: Collection[str]) -> int:
        """Return unapplied cash less the part that other items than these use up."""
        outside = sum(part for invoice_id, part in self.covered().items() if invoice_id not in invoice_ids)
        return max(0, self.credit_minor) - outside

    def on_hold(self, day: date) -> bool:
        """Return True through the last day of a hold."""
        return self.hold_until is not None and day <= self.hold_until

    def reachable(self, channel: Channel) -> bool:
        """Return False without the e-mail or postal address that the channel needs."""
        match channel:
            case "email":
                return bool(self.email)
            case "letter" | "registered_letter":
                return bool(self.address)
            case "phone" | "file":
                return True

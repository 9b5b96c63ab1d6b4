"""What a decision sees: one customer's open items at one creditor in one currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Item:
    """An invoice of which something is open. Amounts in minor units, VAT included."""

    invoice_id: str
    version: int
    number: str
    due_on: date
    open_minor: int
    disputed_minor: int
    entered_on: date
    """When this ledger learned of it, in the creditor's time zone: steps of earlier days are not made up for."""
    done: tuple[str, ...]
    """Steps that were taken, or that a higher one has made needless."""
    suppressed: tuple[str, ...]
    """Steps that were decided against and said so; they are still open, but not worth saying twice."""
    events: tuple[int, ...]

    @property
    def collectable_minor(self) -> int:
        """Open less disputed; a dispute may be larger than what is left open."""
        return max(0, self.open_minor - self.disputed_minor)


@dataclass(frozen=True, slots=True)
class View:
    """The state that a decision is a function of."""

    customer_id: str
    entity_id: str
    currency: str
    language: str
    email: str | None
    address: str | None
    """Postal address, without which no letter can be delivered."""
    hold_until: date | None
    """The last day of a hold."""
    credit_minor: int
    """Unapplied cash."""
    items: tuple[Item, ...]
    events: tuple[int, ...]
    """Positions of the events about the customer, the hold and the credit."""

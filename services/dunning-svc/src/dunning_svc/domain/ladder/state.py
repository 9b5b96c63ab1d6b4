"""State that a decision is made on: one customer's open items at one creditor in one currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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

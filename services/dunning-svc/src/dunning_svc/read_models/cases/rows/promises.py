"""The table of promises in the read model `cases`, and the entries that an item keeps about them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, NamedTuple

from msgspec import field

from encours.projection.rows import Row


class PromiseRow(Row, kw_only=True):
    """A promise of a customer. ``outcomes``: its events after the first, as ``<status> <position> <day> <received>
    <later promise>``; ``status`` is that of the last one, at ``judged_position``.
    """

    TABLE: ClassVar[str] = "promise"
    KEY: ClassVar[tuple[str, ...]] = ("promise_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(position)",
        "(customer_id, position)",
        "(suspended_until) where status = 'open'",
        "using gin (invoice_ids)",
    )

    promise_id: str
    customer_id: str
    entity_id: str
    currency: str
    amount_minor: int
    invoice_ids: list[str]
    promised_on: date
    suspended_until: date
    source: str
    reply_id: str | None
    text: str | None
    position: int
    made_on: date
    status: str = "open"
    judged_position: int = 0
    outcomes: list[str] = field(default_factory=list)


class PromiseEntry(NamedTuple):
    """A promise for an item. ``until``: last day on which dunning rests; None for one that another one replaced."""

    promise_id: str
    until: date | None

    @classmethod
    def of(cls, text: str) -> PromiseEntry:
        """Return an entry of the column ``promises``."""
        promise_id, until = text.split(" ")
        return cls(promise_id, None if until == "-" else date.fromisoformat(until))


class SettledPart(NamedTuple):
    """A part of a promised item that was settled. ``available_on`` and payment are None for a write-off."""

    position: int
    available_on: date | None
    payment_id: str | None
    amount_minor: int

    @classmethod
    def of(cls, text: str) -> SettledPart:
        """Return an entry of the column ``settled_parts``."""
        position, day, payment_id, minor = text.split(" ")
        return cls(
            int(position),
            None if day == "-" else date.fromisoformat(day),
            None if payment_id == "-" else payment_id,
            int(minor),
        )

    def written(self) -> str:
        """Return the entry as the column has it."""
        return f"{self.position} {self.available_on or '-'} {self.payment_id or '-'} {self.amount_minor}"

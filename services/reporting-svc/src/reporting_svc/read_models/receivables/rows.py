"""The tables. Amounts are signed minor units, VAT included; ``customer_id`` is ``''`` while a payer is unknown."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row

ROW_KEY = "case when customer_id <> '' then customer_id else entity end"
"""The customer, or the entity for money of an unknown payer: ends every order of balances, and is unique."""


class Entity(Row, kw_only=True):
    """A creditor by name, with the currency of its books."""

    TABLE: ClassVar[str] = "entity"
    KEY: ClassVar[tuple[str, ...]] = ("entity",)
    entity: str
    name: str
    currency: str


class Customer(Row, kw_only=True):
    """The customer's name as it is now, and what lists are filtered by."""

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    customer_id: str
    entity: str
    name: str
    name_key: str
    """Case-folded: the database has no ICU collation to sort people's names by."""
    external_ref: str | None
    country: str
    segment: str | None
    salesperson: str | None


class Item(Row, kw_only=True):
    """An issued invoice as it is now."""

    TABLE: ClassVar[str] = "item"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(due_on) where open_minor <> 0",
        "(customer_id, due_on) where open_minor <> 0",
    )
    invoice_id: str
    number: str
    entity: str
    customer_id: str
    currency: str
    issued_on: date
    due_on: date
    total_minor: int
    open_minor: int
    disputed_minor: int
    salesperson: str | None


class ItemMovement(Row, kw_only=True):
    """What one event changed on one invoice. Due date and customer never change, so they are kept here too:
    an ageing is then one pass over one table."""

    TABLE: ClassVar[str] = "item_movement"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id)",
        "(invoice_id)",
        "(effective_on)",
        "(position) where disputed_minor <> 0",
    )
    position: int
    invoice_id: str
    kind: str
    entity: str
    customer_id: str
    currency: str
    issued_on: date
    due_on: date
    effective_on: date
    amount_minor: int
    """Change of the open amount."""
    disputed_minor: int
    """Change of the contested amount."""


class UnappliedMovement(Row, kw_only=True):
    """What one event changed in the cash of a customer that no invoice has taken yet."""

    TABLE: ClassVar[str] = "unapplied_movement"
    KEY: ClassVar[tuple[str, ...]] = ("position", "customer_id")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)", "(effective_on)")
    position: int
    customer_id: str
    kind: str
    payment_id: str
    entity: str
    currency: str
    effective_on: date
    amount_minor: int


class AccountMovement(Row, kw_only=True):
    """One posting on the customer's account (411), from issued, credited, received and reversed alone.

    It never looks at items or allocations: that the two agree is what a tie-out proves.
    """

    TABLE: ClassVar[str] = "account_movement"
    KEY: ClassVar[tuple[str, ...]] = ("position", "customer_id")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)", "(effective_on)")
    position: int
    customer_id: str
    kind: str
    entity: str
    currency: str
    effective_on: date
    amount_minor: int
    net_minor: int
    """Turnover without VAT that the posting carries; 0 for cash."""


class Balance(Row, kw_only=True):
    """Now, per entity, customer and currency. The bands are those of the day in :class:`Clock`."""

    TABLE: ClassVar[str] = "balance"
    KEY: ClassVar[tuple[str, ...]] = ("entity", "customer_id", "currency")
    INDEXES: ClassVar[tuple[str, ...]] = (f"((open_minor - unapplied_minor), ({ROW_KEY}))",)
    """The order of an aged balance unless asked otherwise: its first page costs the same for any number of rows."""
    entity: str
    customer_id: str
    currency: str
    band_0_minor: int = 0
    """Not due; then one band a threshold of :data:`reporting_svc.measures.bands.STANDARD`."""
    band_1_minor: int = 0
    band_2_minor: int = 0
    band_3_minor: int = 0
    band_4_minor: int = 0
    band_5_minor: int = 0
    open_minor: int = 0
    disputed_minor: int = 0
    unapplied_minor: int = 0
    account_minor: int = 0


class Clock(Row, kw_only=True):
    """The day that the bands of every :class:`Balance` stand at; one row."""

    TABLE: ClassVar[str] = "clock"
    KEY: ClassVar[tuple[str, ...]] = ("id",)
    id: int
    day: date


CLOCK_ID = 1
BEFORE_TIME = date(1, 1, 1)
"""The day of a model that has seen none: everything is not yet due."""

"""Tables of the lists of bank statements and of bank lines."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class BankStatementRow(Row, kw_only=True):
    """A statement, with the day at whose end it stands."""

    TABLE: ClassVar[str] = "bank_statement"
    KEY: ClassVar[tuple[str, ...]] = ("statement_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(entity_id, statement_id)",
        "(stated_on, statement_id)",
        "(iban, stated_on)",
    )
    statement_id: str
    entity_id: str
    iban: str
    kind: str
    stated_on: date
    from_position: int


class BankLineRow(Row, kw_only=True):
    """A line of a statement, or one that is announced."""

    TABLE: ClassVar[str] = "bank_line"
    KEY: ClassVar[tuple[str, ...]] = ("line_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(entity_id, line_id)",
        "(statement_id)",
        "(iban, booked_on)",
        "(booked_on, line_id)",
        "(from_position)",
    )
    line_id: str
    statement_id: str
    entity_id: str
    iban: str
    amount_minor: int
    booked_on: date
    counts_on: date
    """Business day of the event: today for what is announced for later."""
    from_position: int
    is_return: bool = False
    """Money out that the bank states as a return or a reversal."""


class WaitingLineRow(Row, kw_only=True):
    """A line of money in that nobody has decided, with its marks; the machine may judge it again."""

    TABLE: ClassVar[str] = "waiting_line"
    KEY: ClassVar[tuple[str, ...]] = ("line_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("using gin (marks)",)
    line_id: str
    entity_id: str
    from_position: int
    marks: list[str]


class PayerAccountRow(Row, kw_only=True):
    """An account that a customer pays from, shown by the bank line of a payment, and without it by nothing."""

    TABLE: ClassVar[str] = "payer_account"
    KEY: ClassVar[tuple[str, ...]] = ("payment_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(account)", "(customer_id)", "(from_position)")
    payment_id: str
    entity_id: str
    account: str
    customer_id: str
    from_position: int


class VirtualIbanRow(Row, kw_only=True):
    """An assignment of a virtual IBAN; the last of a holder and first day stands."""

    TABLE: ClassVar[str] = "virtual_iban"
    KEY: ClassVar[tuple[str, ...]] = ("virtual_iban_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity_id, iban)", "(holder_id)", "(position)")
    virtual_iban_id: str
    position: int
    entity_id: str
    iban: str
    holder_id: str
    valid_from: date
    valid_until: date | None


class BankLineStatusRow(Row, kw_only=True):
    """Status of a line from an event on."""

    TABLE: ClassVar[str] = "bank_line_status"
    KEY: ClassVar[tuple[str, ...]] = ("line_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(status, line_id)", "(payment_id)")
    line_id: str
    position: int
    effective_on: date
    status: str
    payment_id: str | None = None


class BankLineReferenceRow(Row):
    """A reference, mandate or payer's account by which a later line may take this line's money back."""

    TABLE: ClassVar[str] = "bank_line_reference"
    KEY: ClassVar[tuple[str, ...]] = ("line_id", "reference")
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity_id, reference)",)
    line_id: str
    entity_id: str
    reference: str

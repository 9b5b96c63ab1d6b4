"""Creditors and debtors, with their addresses, contacts, roles and holds."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, NamedTuple

from msgspec import field

from encours.contracts.parties import Roles, limit_holder_of, payer_of
from encours.projection.rows import Row


class BankAccount(NamedTuple):
    """Account into which customers pay in a currency from a day on; without an IBAN there is none."""

    currency: str
    valid_from: date
    iban: str
    bic: str
    holder: str


class CreditorRow(Row, kw_only=True):
    """A creditor: the sender of reminders, with the time zone of its days.

    ``accounts``: the accounts that customers pay into, as set one after the other, as
    ``<currency> <first day>|<IBAN>|<BIC>|<holder>``.
    """

    TABLE: ClassVar[str] = "entity"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id",)

    entity_id: str
    name: str
    country: str
    time_zone: str
    address: str | None
    iban: str | None
    siren: str | None
    accounts: list[str] = field(default_factory=list)
    email: str | None = None

    def account_on(self, currency: str, day: date) -> BankAccount | None:
        """Return the account to pay into: the dated one of the currency, else that of the creditor's identity."""
        found = [each for each in map(_account, self.accounts) if each.currency == currency]
        in_force = max(
            (each for each in found if each.valid_from <= day), key=lambda each: each.valid_from, default=None
        )
        if in_force is not None:
            return in_force if in_force.iban else None
        return BankAccount(currency, day, self.iban, "", "") if self.iban else None


def _account(entry: str) -> BankAccount:
    key, iban, bic, holder = entry.split("|", 3)
    currency, day = key.split(" ")
    return BankAccount(currency, date.fromisoformat(day), iban, bic, holder)


class ContactEntry(NamedTuple):
    """A contact of a debtor, with the position of the event that added it."""

    role: str
    email: str
    position: int
    name: str


class OpenedProceedings(NamedTuple):
    """Insolvency proceedings of a debtor: day of the judgment, and position of the event that recorded it."""

    opened_on: date
    position: int
    insolvency_id: str


def address_key(address: str) -> str:
    """Return an address in lower case and in one line, by which equal ones are recognized."""
    return " ".join(address.lower().split())


class DebtorRow(Row, kw_only=True):
    """A debtor, its addresses and its hold. ``hold_position`` is 0 if it was never on hold.

    ``people``: the contacts that reminders may go to, oldest first, as ``<role> <e-mail> <position> <name>``.
    ``payers``: who pays for the debtor, and the head of its group, as ``<first day> <position> <payer> <head>``, each
    empty for the debtor itself.
    ``custom``: values of custom fields, as ``<code> <value>``, set at ``custom_position``. ``changed_on``: last day on
    which the customer changed in something that policies ask for. ``proceedings``: insolvency proceedings that are not
    void, as ``<day of the judgment> <position> <id>``. ``undeliverable``: e-mail and postal addresses and telephone
    numbers from which messages came back for good, as ``<key> <position>``; entering one anew removes it. ``grade``:
    the last one, from the stream ``grade_id`` at ``grade_position``, since ``graded_on``. ``earlier``: terms by which
    reminders begin earlier, as ``<number> <days> <position>`` of their acceptance, 0 before it; ``earlier_days`` are
    the most days of those that are accepted.
    """

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(entity_id, customer_id)",
        "(customer_id) where earlier_days > 0",
    )

    customer_id: str
    entity_id: str
    name: str
    language: str
    email: str | None
    phone: str | None
    address: str | None
    hold_until: date | None
    hold_cause: str | None
    hold_position: int
    position: int
    people: list[str] = field(default_factory=list)
    payers: list[str] = field(default_factory=list)
    country: str = ""
    segment: str | None = None
    salesperson: str | None = None
    tags: list[str] = field(default_factory=list)
    custom: list[str] = field(default_factory=list)
    custom_position: int = 0
    changed_on: date | None = None
    proceedings: list[str] = field(default_factory=list)
    undeliverable: list[str] = field(default_factory=list)
    grade: str | None = None
    grade_id: str | None = None
    grade_position: int = 0
    graded_on: date | None = None
    earlier: list[str] = field(default_factory=list)
    earlier_days: int = 0

    @property
    def earlier_position(self) -> int:
        """Position of the last acceptance of terms by which reminders begin earlier; 0 without any."""
        return max((int(entry.split(" ")[2]) for entry in self.earlier), default=0)

    def came_back(self, address: str | None) -> int | None:
        """Return the position of the event since which the address is undeliverable, None if it is not."""
        known = dict(entry.rsplit(" ", 1) for entry in self.undeliverable)
        position = known.get(address_key(address or ""))
        return int(position) if position else None

    @property
    def contacts(self) -> list[ContactEntry]:
        """Return the entries of the column ``people``."""
        found = []
        for entry in self.people:
            role, email, position, name = entry.split(" ", 3)
            found.append(ContactEntry(role, email, int(position), name))
        return found

    @property
    def roles(self) -> list[Roles]:
        """Return the entries of the column ``payers``."""
        found = []
        for entry in self.payers:
            day, position, payer, head = entry.split(" ")
            found.append(
                Roles(date.fromisoformat(day), int(position), payer_id=payer or None, group_id=head or None)
            )
        return found

    @property
    def insolvencies(self) -> list[OpenedProceedings]:
        """Return the entries of the column ``proceedings``."""
        entries = (entry.split(" ", 2) for entry in self.proceedings)
        return [
            OpenedProceedings(date.fromisoformat(day), int(position), name) for day, position, name in entries
        ]

    def payer_on(self, day: date) -> str:
        """Return the customer that pays the debtor's invoices on a day, and is reminded of them."""
        return payer_of(self.customer_id, self.roles, day)

    def head_on(self, day: date) -> str:
        """Return the head of the debtor's group on a day; without one who pays for it, else the debtor itself."""
        return limit_holder_of(self.customer_id, self.roles, day)

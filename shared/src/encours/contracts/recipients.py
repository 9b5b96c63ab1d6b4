"""Recipients: who at a customer is written to for a purpose. Every letter, e-mail and answer takes it from here.

Each purpose has an order of roles. The last contact with the first role that has an e-mail address is written to;
without any, the customer itself at its own address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, get_args

import msgspec

Purpose = Literal["billing", "dunning", "dispute", "escalation"]
"""``billing``: invoices and statements. ``dunning``: reminders. ``dispute``: claims on an invoice. ``escalation``:
formal notices and what comes after them. Contacts have these as their roles."""
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
ROLES_BY_PURPOSE: dict[Purpose, tuple[Purpose, ...]] = {
    "billing": ("billing",),
    "dunning": ("dunning", "billing"),
    "dispute": ("dispute", "billing"),
    "escalation": ("escalation", "dunning", "billing"),
}


class Person(Protocol):
    """A contact, as the states and rows of the services keep it."""

    @property
    def role(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...


class Correspondent(Protocol):
    """A customer with its contacts, oldest first."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def contacts(self) -> Sequence[Person]: ...


class Recipient(msgspec.Struct, frozen=True):
    """Name and e-mail address of the one who is written to; ``role`` is ``None`` for the customer itself."""

    role: Purpose | None
    name: str
    email: str | None


def recipient(customer: Correspondent, purpose: Purpose) -> Recipient:
    """Return who is written to for the purpose."""
    for role in ROLES_BY_PURPOSE[purpose]:
        for person in reversed(customer.contacts):
            if person.role == role and person.email:
                return Recipient(role, person.name, person.email)
    return Recipient(None, customer.name, customer.email)

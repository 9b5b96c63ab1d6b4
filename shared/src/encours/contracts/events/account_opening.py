"""Opening of an account: the checklist of an entity, and the file of a customer. Streams: each of them.

Appended by risk-svc.
"""

from __future__ import annotations

from typing import ClassVar

from encours.contracts.base import Event, Value


class ChecklistItem(Value, frozen=True, kw_only=True):
    """Item that an account needs; without segments or an amount every account needs it."""

    item_code: str
    label: str
    segments: tuple[str, ...]
    from_minor: int | None
    """Amount of credit asked for from which it is needed, in the checklist's currency."""


class AccountChecklistSet(Event, frozen=True, kw_only=True):
    """Checklist of an entity from now on; all of it."""

    TYPE: ClassVar[str] = "account_checklist.set"
    account_checklist_id: str
    entity_id: str
    version: int
    currency: str
    items: tuple[ChecklistItem, ...]
    refers: bool
    """Orders of customers registered after the first checklist are referred until the account is open."""


class AccountOpeningRequested(Event, frozen=True, kw_only=True):
    """Somebody asks for an account; the items are those that it needs."""

    TYPE: ClassVar[str] = "account_opening.requested"
    account_opening_id: str
    customer_id: str
    amount_minor: int
    currency: str
    segment: str | None
    checklist_version: int
    items: tuple[ChecklistItem, ...]
    text: str


class AccountItemDone(Event, frozen=True, kw_only=True):
    """An item is done; the event's actor has done it."""

    TYPE: ClassVar[str] = "account_opening.item_done"
    account_opening_id: str
    customer_id: str
    item_code: str
    text: str
    evidence_sha256: tuple[str, ...]


class AccountItemWaived(Event, frozen=True, kw_only=True):
    """An item is not asked for, with the reason."""

    TYPE: ClassVar[str] = "account_opening.item_waived"
    account_opening_id: str
    customer_id: str
    item_code: str
    text: str


class AccountOpened(Event, frozen=True, kw_only=True):
    """The account is open: another pair of eyes has seen the file."""

    TYPE: ClassVar[str] = "account_opening.opened"
    account_opening_id: str
    customer_id: str
    text: str


class AccountRefused(Event, frozen=True, kw_only=True):
    """The account is not opened; it can be asked for again."""

    TYPE: ClassVar[str] = "account_opening.refused"
    account_opening_id: str
    customer_id: str
    text: str

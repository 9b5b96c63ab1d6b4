"""The approval circuit [circuit de validation] of an entity, and its decisions. Appended by invoice-svc.

Streams: the entity's id for the circuit, the invoice's id for the decisions; the actor of a decision is who decided.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event, Value


class ApprovalRule(Value, frozen=True, kw_only=True):
    """Invoices of that total or more need the approval of a role, unless a rule of a higher amount says otherwise."""

    from_minor: int
    currency: str
    role: str


class Approver(Value, frozen=True, kw_only=True):
    """Actor that may approve for a role; with days, from the first to the last, as a substitute does."""

    role: str
    actor: str
    from_on: date | None
    until_on: date | None
    in_place_of: str | None
    """Actor that is substituted."""


class ApprovalSet(Event, frozen=True, kw_only=True):
    """The approval circuit [circuit de validation] of invoices from now on; all of it."""

    TYPE: ClassVar[str] = "entity.approval_set"
    entity_id: str
    rules: tuple[ApprovalRule, ...]
    approvers: tuple[Approver, ...]


class InvoiceSubmitted(Event, frozen=True, kw_only=True):
    """The draft waits for an approval."""

    TYPE: ClassVar[str] = "invoice.submitted"
    invoice_id: str
    customer_id: str
    currency: str
    total_minor: int


class InvoiceApproved(Event, frozen=True, kw_only=True):
    """The draft may be issued, by the role that its total needed; an amendment takes the approval away."""

    TYPE: ClassVar[str] = "invoice.approved"
    invoice_id: str
    customer_id: str
    currency: str
    total_minor: int
    role: str | None
    """``None`` where no rule asks for an approval."""
    in_place_of: str | None
    """Actor that the approver substitutes."""


class InvoiceRejected(Event, frozen=True, kw_only=True):
    """The draft is not approved, and has to be amended or cancelled."""

    TYPE: ClassVar[str] = "invoice.rejected"
    invoice_id: str
    customer_id: str
    currency: str
    total_minor: int
    cause: str

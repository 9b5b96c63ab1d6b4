"""Commands of the approval circuit."""

from __future__ import annotations

from msgspec import Struct

from encours.contracts.events.sales.approval import ApprovalRule, Approver


class SetApproval(Struct, frozen=True):
    """Set the rules and the approvers of an entity; all of them."""

    entity_id: str
    rules: tuple[ApprovalRule, ...]
    approvers: tuple[Approver, ...]


class SubmitInvoice(Struct, frozen=True):
    """Submit a draft for approval."""

    invoice_id: str


class ApproveInvoice(Struct, frozen=True):
    """Approve a submitted draft."""

    invoice_id: str


class RejectInvoice(Struct, frozen=True):
    """Reject a submitted draft."""

    invoice_id: str
    cause: str

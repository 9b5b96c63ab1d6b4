"""The rules of the approval circuit [circuit de validation].

The rule with the highest amount that the invoice's total reaches names the role that has to approve; a total below all
of them needs no approval. Amounts of two currencies are not compared: in a currency without a rule of its own the role
of the highest amount among all rules approves. Four eyes: whoever drafted, amended or submitted a draft cannot approve
it.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from encours.contracts.events import approval as approvals
from encours.contracts.events.sales.approval import ApprovalSet, Approver
from encours.kernel.errors import Invalid, Refusal
from encours.kernel.money import Money
from invoice_svc.domain.approval.commands import SetApproval
from invoice_svc.domain.approval.state import Approval
from invoice_svc.domain.entity.state import Entity

_WORDS = {"none": "not submitted", "approved": "approved for another role or total"}


class ApprovableDraft(Protocol):
    """The part of an invoice that the rules need."""

    @property
    def invoice_id(self) -> str:
        """Id of the invoice."""

    @property
    def customer_id(self) -> str:
        """Id of its customer."""

    @property
    def currency(self) -> str:
        """Currency of the total."""

    @property
    def total_minor(self) -> int:
        """Total with VAT."""

    @property
    def approval(self) -> Approval:
        """Progress so far."""


class ApprovalRequired(Refusal):
    """The entity's rules ask for an approval before the issue."""

    code = "approval-required"
    title = "Invoice needs an approval"
    remedy = "Submit the draft, and have it approved."


class InvoiceNotSubmitted(Refusal):
    """Only a submitted draft can be approved or rejected."""

    code = "invoice-not-submitted"
    title = "Invoice is not submitted"
    remedy = "Submit the draft first."


class ApproverIsAuthor(Refusal):
    """Whoever drafted, amended or submitted an invoice cannot approve it (403)."""

    code = "approver-is-author"
    title = "Approval needs another pair of eyes"
    status = 403
    remedy = "Have another approver decide."


class NotAnApprover(Refusal):
    """The caller may not approve for the role on this day (403)."""

    code = "not-an-approver"
    title = "Caller is not an approver of the role"
    status = 403
    remedy = "GET the entity for its approvers."


def set_circuit(state: Entity, command: SetApproval) -> list[ApprovalSet]:
    """Set rules and approvers; no event if they are the same. Each role of a rule needs an approver."""
    rules = tuple(sorted(command.rules, key=lambda rule: (rule.currency, rule.from_minor)))
    if len({(rule.currency, rule.from_minor) for rule in rules}) < len(rules):
        raise Invalid("Two rules have the same amount: leave one out.", "/rules")
    known = {approver.role for approver in command.approvers}
    for i, rule in enumerate(command.rules):
        if rule.role not in known:
            raise Invalid(f"{rule.role} has no approver: name one.", f"/rules/{i}/role")
    for i, each in enumerate(command.approvers):
        if each.from_on is not None and each.until_on is not None and each.until_on < each.from_on:
            raise Invalid(f"It ends before it begins, on {each.from_on}.", f"/approvers/{i}/until")
    if (rules, command.approvers) == (state.approval_rules, state.approvers):
        return []
    return [ApprovalSet(entity_id=state.entity_id, rules=rules, approvers=command.approvers)]


def needed_role(entity: Entity, currency: str, total_minor: int) -> str | None:
    """Return the role whose approval an invoice needs; None if no rule asks for one."""
    if not entity.approval_rules:
        return None
    own = [rule for rule in entity.approval_rules if rule.currency == currency]
    if not own:
        return max(entity.approval_rules, key=lambda rule: rule.from_minor).role
    reached = [rule for rule in own if abs(total_minor) >= rule.from_minor]
    return max(reached, key=lambda rule: rule.from_minor).role if reached else None


def approver_of(
    approval: Approval, entity: Entity, role: str | None, actor: str, today: date
) -> Approver | None:
    """Return the caller as an approver of the role that a draft needs; None where no role is asked for.

    Raises a refusal for a draft that was not submitted, for its authors, and for who does not have the role.
    """
    if approval.status not in ("submitted", "approved"):
        raise InvoiceNotSubmitted("The draft was not submitted for approval.")
    if actor in approval.authors:
        raise ApproverIsAuthor(f"{actor} drafted, amended or submitted the invoice.")
    if role is None:
        return None
    for approver in entity.approvers:
        if (approver.role, approver.actor) == (role, actor) and _is_on(approver, today):
            return approver
    raise NotAnApprover(f"{actor} is no approver of {role} on {today}.")


def _is_on(approver: Approver, day: date) -> bool:
    return (approver.from_on is None or approver.from_on <= day) and (
        approver.until_on is None or day <= approver.until_on
    )


def require_approved(draft: ApprovableDraft, entity: Entity) -> None:
    """Raise ``approval-required`` unless the draft has the approval that its total needs now."""
    role = needed_role(entity, draft.currency, draft.total_minor)
    if role is None or (draft.approval.status == "approved" and draft.approval.role == role):
        return
    raise ApprovalRequired(
        f"An invoice of {Money(draft.total_minor, draft.currency)} needs the approval of {role}; this one is "
        f"{_WORDS.get(draft.approval.status, draft.approval.status)}."
    )


def submit(draft: ApprovableDraft) -> list[approvals.InvoiceSubmitted]:
    """Submit the draft; no event if it waits for a decision, or has one, already."""
    if draft.approval.status in ("submitted", "approved"):
        return []
    return [
        approvals.InvoiceSubmitted(
            invoice_id=draft.invoice_id,
            customer_id=draft.customer_id,
            currency=draft.currency,
            total_minor=draft.total_minor,
        )
    ]


def approve(
    draft: ApprovableDraft, entity: Entity, actor: str, today: date
) -> list[approvals.InvoiceApproved]:
    """Approve the submitted draft; no event if it is approved already."""
    role = needed_role(entity, draft.currency, draft.total_minor)
    if draft.approval.status == "approved" and draft.approval.role == role:
        return []
    approver = approver_of(draft.approval, entity, role, actor, today)
    return [
        approvals.InvoiceApproved(
            invoice_id=draft.invoice_id,
            customer_id=draft.customer_id,
            currency=draft.currency,
            total_minor=draft.total_minor,
            role=role,
            in_place_of=approver.in_place_of if approver else None,
        )
    ]


def reject(
    draft: ApprovableDraft, entity: Entity, actor: str, today: date, cause: str
) -> list[approvals.InvoiceRejected]:
    """Reject the submitted draft; an approval can be taken back so, too."""
    role = needed_role(entity, draft.currency, draft.total_minor)
    approver_of(draft.approval, entity, role, actor, today)
    return [
        approvals.InvoiceRejected(
            invoice_id=draft.invoice_id,
            customer_id=draft.customer_id,
            currency=draft.currency,
            total_minor=draft.total_minor,
            cause=cause,
        )
    ]

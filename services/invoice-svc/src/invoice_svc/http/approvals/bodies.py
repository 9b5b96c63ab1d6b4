"""Request bodies of the approval circuit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.http.models import Body, BusinessDate, NonNegativeMoney, ShortText
from invoice_svc.domain.approval.commands import RejectInvoice, SetApproval

MAX_RULES, MAX_APPROVERS = 50, 200
RoleName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$"), Field(examples=["finance_director"])
]
KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{4,32}$"), Field(examples=["4303a69c9b13"])]


class ApprovalRuleBody(Body):
    """Invoices whose total is the amount or more need the approval of the role."""

    from_: NonNegativeMoney = Field(alias="from", description="VAT included.")
    role: RoleName

    def to_rule(self) -> ApprovalRule:
        """Return the rule as the event holds it."""
        return ApprovalRule(from_minor=self.from_.minor, currency=self.from_.currency, role=self.role)


class ApproverBody(Body):
    """Key of a person that may approve for a role; with days, as a substitute."""

    role: RoleName
    key: KeyId = Field(description="Id of the API key, the part between the underscores.")
    from_: BusinessDate | None = Field(default=None, alias="from")
    until: BusinessDate | None = None
    in_place_of: KeyId | None = Field(default=None, description="Key of the person that is substituted.")

    def to_approver(self) -> Approver:
        """Return the approver as the event holds it."""
        return Approver(
            role=self.role,
            actor=f"key:{self.key}",
            from_on=self.from_,
            until_on=self.until,
            in_place_of=f"key:{self.in_place_of}" if self.in_place_of else None,
        )


class ApprovalBody(Body):
    """Rules and approvers of an entity: all of them; without rules no invoice needs an approval."""

    rules: Annotated[list[ApprovalRuleBody], Field(max_length=MAX_RULES)]
    approvers: Annotated[list[ApproverBody], Field(max_length=MAX_APPROVERS)]

    def to_command(self, entity_id: str) -> SetApproval:
        """Return the command."""
        return SetApproval(
            entity_id,
            tuple(rule.to_rule() for rule in self.rules),
            tuple(approver.to_approver() for approver in self.approvers),
        )


class RejectBody(Body):
    """Reason of a rejection."""

    reason: ShortText = Field(examples=["Price of the contract, not of the list"])

    def to_command(self, invoice_id: str) -> RejectInvoice:
        """Return the command."""
        return RejectInvoice(invoice_id, self.reason)

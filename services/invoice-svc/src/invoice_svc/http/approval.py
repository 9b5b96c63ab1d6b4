"""Approval in the answers of entities and invoices."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from invoice_svc.domain.approval.state import Approval, ApprovalStatus
from invoice_svc.domain.entity.state import Entity
from invoice_svc.http.common import iso


class ApprovalRuleOut(BaseModel):
    """Invoices whose total is the amount or more need the approval of the role."""

    from_: MoneyModel = Field(alias="from")
    role: str


class ApproverOut(BaseModel):
    """Key of a person that may approve for a role, always or on some days."""

    role: str
    key: str
    from_: date | None = Field(alias="from")
    until: date | None
    in_place_of: str | None


class CircuitOut(BaseModel):
    """Approval circuit of an entity."""

    rules: list[ApprovalRuleOut]
    approvers: list[ApproverOut]

    @classmethod
    def of(cls, state: Entity) -> Json:
        """Show the circuit."""
        return {
            "rules": [
                {"from": money_json(rule.from_minor, rule.currency), "role": rule.role}
                for rule in state.approval_rules
            ],
            "approvers": [
                {
                    "role": each.role,
                    "key": each.actor.removeprefix("key:"),
                    "from": iso(each.from_on),
                    "until": iso(each.until_on),
                    "in_place_of": each.in_place_of and each.in_place_of.removeprefix("key:"),
                }
                for each in state.approvers
            ],
        }


class ApprovalOut(BaseModel):
    """Progress of a draft through the approval circuit."""

    status: ApprovalStatus
    submitted_by: str | None
    decided_by: str | None
    role: str | None = Field(description="Role whose approval it has.")
    cause: str | None = Field(description="Reason of a rejection.")

    @classmethod
    def of(cls, approval: Approval) -> Json:
        """Show the progress."""
        return {
            "status": approval.status,
            "submitted_by": approval.submitted_by,
            "decided_by": approval.decided_by,
            "role": approval.role,
            "cause": approval.cause,
        }

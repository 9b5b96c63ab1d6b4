"""Bodies of holds, badges and credit policies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.credit_policy import DirectInvoices, HoldRules, OrderRules
from encours.contracts.events.risk_terms import RiskTermsKind, RiskTermsRule
from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.contracts.events.score import CreditGrade
from encours.http.models import Body, BusinessDate, LongText, NonNegativeMoney
from risk_svc.domain.badge import GiveBadge, RemoveBadge
from risk_svc.domain.hold import PlaceCreditHold, ReleaseCreditHold
from risk_svc.domain.policy import SetCreditPolicy
from risk_svc.http.limits.bodies import Days

RoleCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$"), Field(examples=["credit_manager"])
]
ApproverKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{4,32}$"), Field(examples=["4303a69c9b13"])]
StepCode = Annotated[str, StringConstraints(min_length=1, max_length=40), Field(examples=["J+30"])]


class CreditHoldBody(Body):
    """Hold on the orders of a customer."""

    text: LongText = Field(examples=["Cheque returned unpaid on Monday"])
    until: BusinessDate | None = Field(default=None, description="Last day; until released if not given.")

    def to_command(self, hold_id: str, customer_id: str) -> PlaceCreditHold:
        """Return the command."""
        return PlaceCreditHold(hold_id, customer_id, "by_hand", self.until, self.text)


class ReleaseHoldBody(Body):
    """Release of a hold."""

    text: LongText = Field(examples=["Paid by transfer"])

    def to_command(self, hold_id: str) -> ReleaseCreditHold:
        """Return the command."""
        return ReleaseCreditHold(hold_id, "by_hand", self.text)


class BadgeBody(Body):
    """Reason for which a customer gets the badge of a bad payer, or loses it."""

    text: LongText = Field(examples=["Three cheques returned unpaid this year"])

    def to_give(self, customer_id: str) -> GiveBadge:
        """Return the command that gives it."""
        return GiveBadge(customer_id, self.text)

    def to_remove(self, customer_id: str) -> RemoveBadge:
        """Return the command that removes it."""
        return RemoveBadge(customer_id, self.text)


class HoldRulesBody(Body):
    """Causes that hold a customer's orders, evaluated as a day opens; a step of a reminder holds at once."""

    days_past_due: Days | None = Field(
        default=None, description="Hold while an invoice that no money covers is late by more days than this."
    )
    dunning_steps: Annotated[list[StepCode], Field(max_length=20)] = Field(
        default_factory=list,
        description="Hold once a reminder takes one of these steps, until nothing is overdue.",
    )
    insolvency: bool = Field(default=False, description="Hold while insolvency proceedings are in force.")
    cover_stopped: bool = Field(
        default=False, description="Hold while credit insurance covers no new delivery to the customer."
    )
    broken_promises: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        default=None,
        description="Hold while so many promises of the last year are broken and an invoice is past due.",
    )
    badge_days_past_due: Days | None = Field(
        default=None, description="Also give the badge of a bad payer above so many days; people remove it."
    )

    def to_rules(self) -> HoldRules:
        """Return the rules as the event holds them."""
        return HoldRules(
            days_past_due=self.days_past_due,
            dunning_steps=tuple(self.dunning_steps),
            insolvency=self.insolvency,
            cover_stopped=self.cover_stopped,
            broken_promises=self.broken_promises,
            badge_days_past_due=self.badge_days_past_due,
        )


class OrderRulesBody(Body):
    """Rules of orders on credit."""

    need_reservation: bool = Field(
        default=False,
        description="Orders in Encours are decided as they are placed, open ones as this is set, and delivered only by "
        "their reservation.",
    )
    grace_days: Annotated[int, Field(ge=0, le=365, strict=True)] | None = Field(
        default=None,
        description="Days for which a blocked order waits for a decision; until its `expires_on` if not given.",
    )
    direct_invoices: DirectInvoices = Field(
        default="free",
        description="Invoices of no delivery in Encours are issued whatever the limit, or `cleared`: only once "
        "consumed reservations cover their total; their drafts count no more than those in the exposure.",
    )

    def to_rules(self) -> OrderRules:
        """Return the rules as the event holds them."""
        return OrderRules(
            need_reservation=self.need_reservation,
            grace_days=self.grace_days,
            direct_invoices=self.direct_invoices,
        )


class TermsRuleBody(Body):
    """Terms that are proposed to customers of some grades, as `POST …/terms-proposals` proposes them."""

    kind: RiskTermsKind
    grades: Annotated[list[CreditGrade], Field(min_length=1, max_length=5)]
    share_bps: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = Field(
        default=None,
        description="In basis points. Of a `deposit`: share of the order; 10,000 is payment in advance. Of an "
        "`early_discount`: share of the invoice. Of a `guarantee`: share of the exposure that is not secured.",
    )
    days: Days | None = Field(
        default=None,
        description="Of a `shorter_delay`: days of payment; 0 is cash on delivery. Of an `early_discount`: days in "
        "which it is taken. Of `earlier_dunning`: days that reminders begin earlier.",
    )
    from_days_late: Days | None = Field(
        default=None, description="Propose only from so many expected days late on."
    )
    above: NonNegativeMoney | None = Field(
        default=None,
        description="Propose only above this exposure, guarantees and insured parts left out.",
    )

    def to_rule(self) -> RiskTermsRule:
        """Return the rule as the event holds it."""
        return RiskTermsRule(
            kind=self.kind,
            grades=tuple(sorted(set(self.grades))),
            share_bps=self.share_bps,
            days=self.days,
            from_days_late=self.from_days_late,
            above_minor=self.above.minor if self.above else None,
            currency=self.above.currency if self.above else None,
        )


class CreditAuthorityBody(Body):
    """Limits and blocked orders of the amount or more are decided by the role."""

    from_: NonNegativeMoney = Field(alias="from")
    role: RoleCode

    def to_rule(self) -> ApprovalRule:
        """Return the rule as the event holds it."""
        return ApprovalRule(from_minor=self.from_.minor, currency=self.from_.currency, role=self.role)


class CreditApproverBody(Body):
    """Key of a person that may decide for a role; with days, as a substitute."""

    role: RoleCode
    key: ApproverKey = Field(description="Id of the API key, the part between the underscores.")
    from_: BusinessDate | None = Field(default=None, alias="from")
    until: BusinessDate | None = None
    in_place_of: ApproverKey | None = Field(
        default=None, description="Key of the person that is substituted."
    )

    def to_approver(self) -> Approver:
        """Return the approver as the event holds it."""
        return Approver(
            role=self.role,
            actor=f"key:{self.key}",
            from_on=self.from_,
            until_on=self.until,
            in_place_of=f"key:{self.in_place_of}" if self.in_place_of else None,
        )


class CreditPolicyBody(Body):
    """Credit policy of an entity: all of it."""

    holds: HoldRulesBody = Field(default_factory=HoldRulesBody)
    authorities: Annotated[list[CreditAuthorityBody], Field(max_length=50)] = Field(
        default_factory=list,
        description="Without any, every key with the scope `risk:approve` decides on every amount.",
    )
    approvers: Annotated[list[CreditApproverBody], Field(max_length=200)] = Field(default_factory=list)
    orders: OrderRulesBody = Field(default_factory=OrderRulesBody)
    terms: Annotated[list[TermsRuleBody], Field(max_length=20)] = Field(
        default_factory=list, description="Rules by which terms are proposed to customers."
    )
    guarantee_days: Days | None = Field(
        default=None,
        description="Days in which an accepted guarantee is to be obtained, unless its answer names the last one; 30 "
        "if not given. Then it is in `GET /v1/reviews`.",
    )

    def to_command(self, entity_id: str) -> SetCreditPolicy:
        """Return the command."""
        return SetCreditPolicy(
            entity_id,
            self.holds.to_rules(),
            tuple(rule.to_rule() for rule in self.authorities),
            tuple(approver.to_approver() for approver in self.approvers),
            self.orders.to_rules(),
            tuple(rule.to_rule() for rule in self.terms),
            self.guarantee_days,
        )

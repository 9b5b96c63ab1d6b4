"""Answers about holds, badges and credit policies."""

from __future__ import annotations

from pydantic import BaseModel, Field

from encours.contracts.events.credit_policy import DirectInvoices
from encours.contracts.events.risk_terms import RiskTermsKind, RiskTermsRule
from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.contracts.events.score import CreditGrade
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.queries import AsOf
from risk_svc.domain.badge import PayerBadge
from risk_svc.domain.hold import HeldOrders
from risk_svc.domain.policy import CreditPolicy
from risk_svc.http.reasons import ReasonOut
from risk_svc.use_cases.standing import CREDIT_HOLD, CREDIT_POLICY, PAYER_BADGE


class CreditHoldOut(BaseModel):
    """A hold on the orders of a customer."""

    id: str
    customer_id: str
    cause: str
    text: str
    reason: ReasonOut | None = Field(description="Reason of the policy, where it is kept; null by hand.")
    placed_on: BusinessDate
    placed_by: str
    until: BusinessDate | None
    released: bool
    end: str | None = Field(description="`by_hand`, or `cause_ended` for a hold that the policy has placed.")
    released_on: BusinessDate | None
    released_by: str | None
    release_text: str | None
    version: int

    @classmethod
    def of(cls, state: HeldOrders, version: int) -> CreditHoldOut:
        """Return the hold at a version of its stream."""
        return cls(
            id=state.credit_hold_id,
            customer_id=state.customer_id,
            cause=state.cause,
            text=state.text,
            reason=ReasonOut.of(state.reason) if state.reason else None,
            placed_on=state.placed_on,
            placed_by=state.placed_by,
            until=state.until,
            released=state.end is not None,
            end=state.end,
            released_on=state.released_on,
            released_by=state.released_by,
            release_text=state.release_text,
            version=version,
        )


class CreditHoldAsOf(CreditHoldOut, AsOf):
    """A hold at the requested dates."""


class BadgeOut(BaseModel):
    """The badge of a bad payer [mauvais payeur] of a customer."""

    customer_id: str
    given: bool
    since: BusinessDate | None
    by: str | None
    text: str | None
    reason: ReasonOut | None = Field(description="Reason of the policy, where it is kept; null by hand.")
    version: int

    @classmethod
    def of(cls, state: PayerBadge, version: int) -> BadgeOut:
        """Return the badge at a version of its stream; all null for a customer that never had it."""
        known = bool(version)
        return cls(
            customer_id=state.customer_id,
            given=state.given,
            since=state.since if known else None,
            by=state.by if known else None,
            text=state.text if known else None,
            reason=ReasonOut.of(state.reason) if state.reason else None,
            version=version,
        )


class BadgeAsOf(BadgeOut, AsOf):
    """A badge at the requested dates."""


class AuthorityOut(BaseModel):
    """Limits and blocked orders of the amount or more are decided by the role."""

    from_: MoneyModel = Field(alias="from")
    role: str

    @classmethod
    def of(cls, rule: ApprovalRule) -> AuthorityOut:
        """Return a rule."""
        return cls(**{"from": MoneyModel.of(rule.from_minor, rule.currency), "role": rule.role})


class CreditApproverOut(BaseModel):
    """Key of a person that may decide for a role."""

    role: str
    key: str
    from_: BusinessDate | None = Field(alias="from")
    until: BusinessDate | None
    in_place_of: str | None

    @classmethod
    def of(cls, approver: Approver) -> CreditApproverOut:
        """Return an approver."""
        substituted = approver.in_place_of
        return cls(
            **{
                "role": approver.role,
                "key": approver.actor.removeprefix("key:"),
                "from": approver.from_on,
                "until": approver.until_on,
                "in_place_of": substituted.removeprefix("key:") if substituted else None,
            }
        )


class HoldRulesOut(BaseModel):
    """Causes that hold a customer's orders."""

    days_past_due: int | None
    dunning_steps: list[str]
    insolvency: bool
    cover_stopped: bool
    broken_promises: int | None
    badge_days_past_due: int | None


class OrderRulesOut(BaseModel):
    """Rules of orders on credit."""

    need_reservation: bool
    grace_days: int | None
    direct_invoices: DirectInvoices


class TermsRuleOut(BaseModel):
    """Rule by which terms are proposed to customers of some grades."""

    kind: RiskTermsKind
    grades: list[CreditGrade]
    share_bps: int | None
    days: int | None
    from_days_late: int | None
    above: MoneyModel | None

    @classmethod
    def of(cls, rule: RiskTermsRule) -> TermsRuleOut:
        """Return a rule."""
        above = None
        if rule.above_minor is not None and rule.currency is not None:
            above = MoneyModel.of(rule.above_minor, rule.currency)
        return cls(
            kind=rule.kind,
            grades=list(rule.grades),
            share_bps=rule.share_bps,
            days=rule.days,
            from_days_late=rule.from_days_late,
            above=above,
        )


class CreditPolicyOut(BaseModel):
    """The credit policy of an entity."""

    entity_id: str
    version: int
    holds: HoldRulesOut
    authorities: list[AuthorityOut]
    approvers: list[CreditApproverOut]
    orders: OrderRulesOut
    terms: list[TermsRuleOut]
    guarantee_days: int | None = Field(
        description="Days in which an accepted guarantee is to be obtained; null for the usual 30."
    )

    @classmethod
    def of(cls, state: CreditPolicy, version: int) -> CreditPolicyOut:
        """Return the policy; its version counts its changes."""
        rules = state.holds
        return cls(
            entity_id=state.entity_id,
            version=version,
            holds=HoldRulesOut(
                days_past_due=rules.days_past_due,
                dunning_steps=list(rules.dunning_steps),
                insolvency=rules.insolvency,
                cover_stopped=rules.cover_stopped,
                broken_promises=rules.broken_promises,
                badge_days_past_due=rules.badge_days_past_due,
            ),
            authorities=[AuthorityOut.of(rule) for rule in state.authorities],
            approvers=[CreditApproverOut.of(approver) for approver in state.approvers],
            orders=OrderRulesOut(
                need_reservation=state.orders.need_reservation,
                grace_days=state.orders.grace_days,
                direct_invoices=state.orders.direct_invoices,
            ),
            terms=[TermsRuleOut.of(rule) for rule in state.terms],
            guarantee_days=state.guarantee_days,
        )


class CreditPolicyAsOf(CreditPolicyOut, AsOf):
    """A credit policy at the requested dates."""


CREDIT_HOLD_ANSWER = Answer(CREDIT_HOLD, lambda state, version, _: CreditHoldOut.of(state, version))
BADGE_ANSWER = Answer(PAYER_BADGE, lambda state, version, _: BadgeOut.of(state, version))
CREDIT_POLICY_ANSWER = Answer(CREDIT_POLICY, lambda state, version, _: CreditPolicyOut.of(state, version))

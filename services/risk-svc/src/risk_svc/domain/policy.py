"""Credit policy of an entity: holds, roles that decide by amount, rules of terms. Stream: the policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.credit_policy import CreditPolicySet, HoldRules, OrderRules
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.risk_terms import RiskTermsRule
from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import with_prefix
from risk_svc.domain.terms_values import require_rule


class CreditPolicyNotFound(NotFound):
    """The entity has no credit policy (404)."""

    code = "credit-policy-not-found"
    title = "Entity has no credit policy"
    remedy = "PUT /v1/entities/{entity_id}/credit-policy sets one."


class RiskEntityNotFound(NotFound):
    """The ledger has no entity of this id (404)."""

    code = "entity-not-found"
    title = "Entity not found"
    remedy = "Use an id from GET /v1/entities of invoice-svc."


class DecidesOwnRequest(Refusal):
    """Whoever asked for a limit or an order does not decide on it (403)."""

    code = "decides-own-request"
    title = "Decision needs another pair of eyes"
    status = 403
    remedy = "Have somebody else with the role decide."


class LacksAuthority(Refusal):
    """The caller does not have the role that the amount needs, on this day (403)."""

    code = "lacks-authority"
    title = "Caller may not decide on the amount"
    status = 403
    remedy = (
        "Have somebody with the role in `role` decide, or a key with the scope `risk:approve` where there is none; "
        "GET the entity's credit policy for the keys."
    )


NO_HOLDS = HoldRules()
NO_ORDER_RULES = OrderRules()


@dataclass(frozen=True, slots=True)
class SetCreditPolicy:
    """Set the credit policy of an entity; all of it."""

    entity_id: str
    holds: HoldRules
    authorities: tuple[ApprovalRule, ...]
    approvers: tuple[Approver, ...]
    orders: OrderRules = NO_ORDER_RULES
    terms: tuple[RiskTermsRule, ...] = ()
    guarantee_days: int | None = None


@dataclass(frozen=True, slots=True)
class CreditPolicy:
    """The policy in force; version 0 holds nothing, and lets every key with the scope decide."""

    entity_id: str = ""
    version: int = 0
    holds: HoldRules = NO_HOLDS
    authorities: tuple[ApprovalRule, ...] = ()
    approvers: tuple[Approver, ...] = ()
    orders: OrderRules = NO_ORDER_RULES
    terms: tuple[RiskTermsRule, ...] = ()
    guarantee_days: int | None = None


def registered(state: bool, recorded: Recorded) -> bool:
    """Return True once the entity is registered."""
    return state or isinstance(recorded.data, EntityRegistered)


def policy_of(entity_id: str) -> str:
    """Return the stream of the credit policy of an entity."""
    return with_prefix(entity_id, "crp")


def evolve(state: CreditPolicy, recorded: Recorded) -> CreditPolicy:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, CreditPolicySet)
    return CreditPolicy(
        event.entity_id,
        event.version,
        event.holds,
        event.authorities,
        event.approvers,
        event.orders or NO_ORDER_RULES,
        event.terms_rules,
        event.guarantee_days,
    )


def set_policy(state: CreditPolicy, command: SetCreditPolicy) -> list[CreditPolicySet]:
    """Set the policy; no event if it is the same. Each role that decides needs an approver."""
    rules = tuple(sorted(command.authorities, key=lambda rule: (rule.currency, rule.from_minor)))
    if len({(rule.currency, rule.from_minor) for rule in rules}) < len(rules):
        raise Invalid("Two authorities have the same amount: leave one out.", "/authorities")
    known = {approver.role for approver in command.approvers}
    for i, rule in enumerate(command.authorities):
        if rule.role not in known:
            raise Invalid(f"{rule.role} has no approver: name one.", f"/authorities/{i}/role")
    for i, each in enumerate(command.terms):
        require_rule(each, f"/terms/{i}")
    wanted = CreditPolicy(
        command.entity_id,
        state.version,
        command.holds,
        rules,
        command.approvers,
        command.orders,
        command.terms,
        command.guarantee_days,
    )
    if state.version and state == wanted:
        return []
    return [
        CreditPolicySet(
            credit_policy_id=policy_of(command.entity_id),
            entity_id=command.entity_id,
            version=state.version + 1,
            holds=command.holds,
            authorities=rules,
            approvers=command.approvers,
            orders=None if command.orders == NO_ORDER_RULES else command.orders,
            terms_rules=command.terms,
            guarantee_days=command.guarantee_days,
        )
    ]


@dataclass(frozen=True, slots=True)
class Authority:
    """Role by which somebody decides; ``in_place_of`` is the actor that a substitute stands for."""

    role: str | None = None
    in_place_of: str | None = None


NO_ROLE = Authority()


def authority(
    policy: CreditPolicy, amount_minor: int, currency: str, *, actor: str, asked_by: str | None, day: date
) -> Authority:
    """Return the authority by which an actor decides on an amount on a day.

    The rule with the highest amount that is reached names the role. Amounts of two currencies are not compared: a
    currency without a rule of its own needs the role of the highest amount of all. A policy without rules asks for no
    role. ``asked_by``: who asked for credit; ``None`` where it is turned down, as people may do with their own
    request. Raises :class:`DecidesOwnRequest`, :class:`LacksAuthority`.
    """
    if not policy.authorities:
        return NO_ROLE
    if actor == asked_by:
        raise DecidesOwnRequest(f"{actor} asked for it, and cannot decide on it.")
    own = [rule for rule in policy.authorities if rule.currency == currency]
    reached = [rule for rule in own if amount_minor >= rule.from_minor] if own else list(policy.authorities)
    if not reached:
        return NO_ROLE
    role = max(reached, key=lambda rule: rule.from_minor).role
    for approver in policy.approvers:
        if (approver.role, approver.actor) == (role, actor) and _is_on(approver, day):
            return Authority(role, approver.in_place_of)
    raise LacksAuthority(f"The amount needs the role {role}, which {actor} lacks.", extra={"role": role})


def roles_of(policy: CreditPolicy, actor: str, day: date) -> frozenset[str]:
    """Return the roles that an actor has on a day, own and as a substitute."""
    return frozenset(each.role for each in policy.approvers if each.actor == actor and _is_on(each, day))


def _is_on(approver: Approver, day: date) -> bool:
    return (approver.from_on or date.min) <= day <= (approver.until_on or date.max)

"""Terms that the rules of a credit policy propose to a customer, and what becomes of those they proposed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from encours.contracts.events.risk_terms import (
    PayerFigures,
    RiskTermsBasis,
    RiskTermsProposed,
    RiskTermsRule,
    RiskTermsWithdrawn,
)
from encours.kernel.errors import Refusal
from encours.kernel.money import Money
from risk_svc.domain.picture import Picture, SeenPicture
from risk_svc.domain.policy import CreditPolicy
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.terms.proposals import (
    ProposeTerms,
    RiskTerms,
    TermsProposal,
    figures_of,
    propose,
    withdrawn,
)

FULL_BPS = 10_000


class NoTermsByRule(Refusal):
    """The rules of the credit policy propose no terms to the customer that are not known."""

    code = "no-terms-by-rule"
    title = "No terms are proposed by rule"
    remedy = (
        "Name the `kind` of terms to propose, or set rules with PUT /v1/entities/{entity_id}/credit-policy."
    )


@dataclass(frozen=True, slots=True)
class ProposeByRules:
    """Propose to a customer what the rules give that is new, and withdraw what they no longer give."""

    customer_id: str


@dataclass(frozen=True, slots=True)
class TermsByRules:
    """Terms that the rules of a policy give to a customer, in their order, and the forecast that they saw."""

    found: tuple[ProposeTerms, ...]
    figures: PayerFigures
    policy_version: int


def by_rules(policy: CreditPolicy, seen: SeenPicture, model: PaymentModel, day: date) -> TermsByRules:
    """Return the terms for a customer on a day. One without an outcome of its own gets none: its grade is a segment's.

    Of two rules for one kind the first counts.
    """
    picture = seen.picture.alone
    figures = figures_of(seen, model, day)
    known = model.forecast_at_end_of(seen.picture.payer(day), day.toordinal()).level.known
    found: dict[str, ProposeTerms] = {}
    for rule in policy.terms if known else ():
        terms = _by_rule(rule, policy.version, picture, figures, day)
        if terms is not None:
            found.setdefault(terms.kind, terms)
    return TermsByRules(tuple(found.values()), figures, policy.version)


def _by_rule(
    rule: RiskTermsRule, version: int, picture: Picture, figures: PayerFigures, day: date
) -> ProposeTerms | None:
    late = figures.expected_tenths >= 10 * (rule.from_days_late or 0)
    if figures.grade not in rule.grades or not late:
        return None
    if rule.kind == "early_discount" and picture.insolvent:
        return None
    currency = rule.currency or picture.main_currency
    whole = picture.whole(currency, day).known
    unsecured = max(0, whole.total_minor - whole.guaranteed_minor - whole.insured_minor)
    if rule.above_minor is not None and unsecured <= rule.above_minor:
        return None
    amount = unsecured * (rule.share_bps or 0) // FULL_BPS if rule.kind == "guarantee" else None
    if amount == 0:
        return None
    return ProposeTerms(
        customer_id=picture.customer_id,
        kind=rule.kind,
        share_bps=None if rule.kind == "guarantee" else rule.share_bps,
        days=rule.days,
        amount_minor=amount,
        currency=currency if amount else None,
        text=_reasons(rule, version, figures, Money(unsecured, currency)),
        basis=RiskTermsBasis(policy_version=version, rule=rule, unsecured_minor=unsecured, currency=currency),
    )


def _reasons(rule: RiskTermsRule, version: int, figures: PayerFigures, unsecured: Money) -> str:
    reasons = [f"Credit policy {version}: grade {figures.grade}"]
    if rule.from_days_late is not None:
        reasons.append(f"{figures.expected_tenths / 10:g} expected days late, from {rule.from_days_late} on")
    if rule.above_minor is not None:
        reasons.append(f"{unsecured} not secured, above {Money(rule.above_minor, unsecured.currency)}")
    return "; ".join(reasons)


def follow(state: RiskTerms, rules: TermsByRules) -> list[RiskTermsProposed | RiskTermsWithdrawn]:
    """Withdraw open proposals whose rule no longer gives them, and propose what is new.

    A rule that has proposed is not new while its proposal is open or accepted, nor after it was declined in the same
    grade.
    """
    events: list[RiskTermsProposed | RiskTermsWithdrawn] = []
    given = {each.basis.rule for each in rules.found if each.basis}
    for each in state.proposals:
        basis = each.proposed.basis
        if basis is not None and each.state == "proposed" and basis.rule not in given:
            text = f"The rule no longer applies: grade {rules.figures.grade}"
            events.append(withdrawn(each, text, figures=rules.figures, policy_version=rules.policy_version))
    count = 0
    for terms in rules.found:
        if not _known(state.proposals, terms, rules.figures):
            events.append(propose(state, terms, rules.figures, len(state.proposals) + 1 + count))
            count += 1
    return events


def _known(proposals: Sequence[TermsProposal], terms: ProposeTerms, figures: PayerFigures) -> bool:
    for each in proposals:
        basis = each.proposed.basis
        if basis is None or terms.basis is None or basis.rule != terms.basis.rule:
            continue
        if each.state in ("proposed", "accepted"):
            return True
        if each.state == "declined" and each.proposed.figures.grade == figures.grade:
            return True
    return False

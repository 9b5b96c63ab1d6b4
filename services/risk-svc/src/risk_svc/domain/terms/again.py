"""Terms because of the risk of a customer, taken again from their figures and by their authority."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from msgspec.structs import replace

from encours.contracts import Event
from encours.contracts.events.risk_terms import (
    PayerFigures,
    RiskTermsAnswered,
    RiskTermsProposed,
    RiskTermsWithdrawn,
)
from risk_svc.domain.policy import Authority
from risk_svc.domain.reperform import CauseDiffers, DecisionAgain, only, taken_again
from risk_svc.domain.terms import proposals
from risk_svc.domain.terms.rules import TermsByRules, follow


def terms_again(
    stored: RiskTermsProposed, before: proposals.RiskTerms, figures: PayerFigures
) -> DecisionAgain:
    """Propose terms of a person again with the figures of the customer."""
    command = proposals.ProposeTerms(
        stored.customer_id, stored.kind, stored.share_bps, stored.days, stored.amount_minor, stored.currency,
        stored.text,
    )  # fmt: skip
    return taken_again(stored, lambda: proposals.propose(before, command, figures))


def ruled_again(stored: RiskTermsProposed, before: proposals.RiskTerms, given: TermsByRules) -> DecisionAgain:
    """Propose terms by rule again from what the rules give."""

    def again() -> Event:
        for each in given.found:
            if each.basis and stored.basis and each.basis.rule == stored.basis.rule:
                return proposals.propose(before, each, given.figures)
        raise CauseDiffers("The rule gives no terms.")

    return taken_again(stored, again)


def answered_again(
    stored: RiskTermsAnswered, before: proposals.RiskTerms, by: Callable[[], Authority]
) -> DecisionAgain:
    """Answer proposed terms again by the authority that ``by`` finds; it raises a refusal where there is none."""
    command = proposals.AnswerTerms(stored.customer_id, stored.proposal_number, stored.accepted, stored.text)

    def again() -> Event:
        # The last day to obtain a guarantee is the word of the decider, or was not kept.
        given = only(proposals.answer(before, command, by(), date.min))
        return replace(given, obtain_by=stored.obtain_by)

    return taken_again(stored, again)


def withdrawn_again(
    stored: RiskTermsWithdrawn, before: proposals.RiskTerms, by: Callable[[], Authority]
) -> DecisionAgain:
    """Withdraw terms again by the authority that ``by`` finds; it raises a refusal where there is none."""
    command = proposals.WithdrawTerms(stored.customer_id, stored.proposal_number, stored.text)
    return taken_again(stored, lambda: only(proposals.withdraw(before, command, by())))


def unruled_again(
    stored: RiskTermsWithdrawn, before: proposals.RiskTerms, given: TermsByRules
) -> DecisionAgain:
    """Withdraw terms again that the rules, by what they give, give no longer."""

    def again() -> Event:
        for each in follow(before, given):
            if isinstance(each, RiskTermsWithdrawn) and each.proposal_number == stored.proposal_number:
                return each
        raise CauseDiffers("The rule gives the terms still.")

    return taken_again(stored, again)

"""Terms proposed for a customer because of its risk, and their answers. Stream: the terms of the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, assert_never

from encours.contracts import Recorded
from encours.contracts.events.risk_terms import (
    PayerFigures,
    RiskTermsAnswered,
    RiskTermsBasis,
    RiskTermsKind,
    RiskTermsProposed,
    RiskTermsWithdrawn,
)
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import with_prefix
from encours.kernel.money import Money
from risk_svc.domain.numbered import entry, with_entry
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import NO_ROLE, Authority, CreditPolicy
from risk_svc.domain.score.history import InvoiceOutcome
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.terms_values import VALUES, require_values

RiskTermsEvent = RiskTermsProposed | RiskTermsAnswered | RiskTermsWithdrawn
OBTAIN_WITHIN_DAYS = 30
"""Days in which an accepted guarantee is to be obtained, unless the credit policy or the answer says otherwise."""
TermsState = Literal["proposed", "accepted", "declined", "withdrawn"]


class RiskTermsNotFound(NotFound):
    """No terms of this number were proposed for the customer (404)."""

    code = "risk-terms-not-found"
    title = "Proposed terms not found"
    remedy = "Use a number from GET /v1/customers/{customer_id}/terms-proposals."


class RiskTermsAlreadyAnswered(Refusal):
    """The proposed terms have the other answer already, or are withdrawn."""

    code = "risk-terms-answered"
    title = "Proposed terms are already answered"
    remedy = "Propose terms again."


@dataclass(frozen=True, slots=True)
class ProposeTerms:
    """Propose other terms: one of the kinds of :data:`risk_svc.domain.terms_values.VALUES` with its values."""

    customer_id: str
    kind: RiskTermsKind
    share_bps: int | None
    days: int | None
    amount_minor: int | None
    currency: str | None
    text: str
    basis: RiskTermsBasis | None = None
    """Rule that gives the terms; ``None`` where a person proposes them."""


@dataclass(frozen=True, slots=True)
class WithdrawTerms:
    """Propose terms no longer, or end accepted ones."""

    customer_id: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class AnswerTerms:
    """Record whether proposed terms were agreed."""

    customer_id: str
    number: int
    accepted: bool
    text: str
    obtain_by: date | None = None
    """Of a guarantee that is accepted: last day to obtain it; ``None``: as the credit policy says."""


@dataclass(frozen=True, slots=True)
class TermsProposal:
    """A proposal with its answer, if there is one."""

    proposed: RiskTermsProposed
    proposed_on: date
    proposed_by: str
    answer: RiskTermsAnswered | None = None
    answered_on: date | None = None
    answered_by: str | None = None
    withdrawal: RiskTermsWithdrawn | None = None
    withdrawn_on: date | None = None

    @property
    def state(self) -> TermsState:
        """State of the proposal."""
        if self.withdrawal is not None:
            return "withdrawn"
        if self.answer is None:
            return "proposed"
        return "accepted" if self.answer.accepted else "declined"

    def weight(self, policy: CreditPolicy) -> Money:
        """Return the amount by which a policy finds the authority to answer.

        It is the guarantee, or the exposure that is not secured. Terms without either have the least amount: 0 in the
        currency of the policy.
        """
        proposed, basis = self.proposed, self.proposed.basis
        if proposed.amount_minor is not None and proposed.currency is not None:
            return Money(proposed.amount_minor, proposed.currency)
        if basis is not None:
            return Money(basis.unsecured_minor, basis.currency)
        return Money(0, policy.authorities[0].currency if policy.authorities else "")


@dataclass(frozen=True, slots=True)
class RiskTerms:
    """Proposals for a customer in their order."""

    proposals: tuple[TermsProposal, ...] = ()


def terms_of(customer_id: str) -> str:
    """Return the stream of the terms of a customer."""
    return with_prefix(customer_id, "rtm")


def evolve(state: RiskTerms, recorded: Recorded) -> RiskTerms:
    """Return the state after one more event."""
    event: RiskTermsEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case RiskTermsProposed():
            proposal = TermsProposal(event, recorded.effective_on, recorded.actor)
            return RiskTerms((*state.proposals, proposal))
        case RiskTermsAnswered():
            given, day, actor = event, recorded.effective_on, recorded.actor
            answered = with_entry(
                state.proposals,
                event.proposal_number,
                lambda known: replace(known, answer=given, answered_on=day, answered_by=actor),
            )
            return RiskTerms(answered)
        case RiskTermsWithdrawn():
            ended, ended_on = event, recorded.effective_on
            left = with_entry(
                state.proposals,
                event.proposal_number,
                lambda known: replace(known, withdrawal=ended, withdrawn_on=ended_on),
            )
            return RiskTerms(left)
        case _:
            assert_never(event)


def proposal(state: RiskTerms, number: int) -> TermsProposal:
    """Return the proposal of a number. Raises :class:`RiskTermsNotFound`."""
    return entry(state.proposals, number, RiskTermsNotFound)


def propose(
    state: RiskTerms, command: ProposeTerms, figures: PayerFigures, number: int | None = None
) -> RiskTermsProposed:
    """Propose terms, with the figures of the customer. Raises :class:`Invalid` unless the kind has its values."""
    given = {"share_bps": command.share_bps, "days": command.days, "amount": command.amount_minor}
    require_values(command.kind, given, VALUES[command.kind])
    return RiskTermsProposed(
        risk_terms_id=terms_of(command.customer_id),
        customer_id=command.customer_id,
        proposal_number=number or len(state.proposals) + 1,
        kind=command.kind,
        share_bps=command.share_bps,
        days=command.days,
        amount_minor=command.amount_minor,
        currency=command.currency,
        text=command.text,
        figures=figures,
        basis=command.basis,
    )


def answer(
    state: RiskTerms, command: AnswerTerms, by: Authority, today: date, obtain_days: int | None = None
) -> list[RiskTermsAnswered]:
    """Record an answer by an authority; no event for the same again.

    ``obtain_days``: days of the credit policy in which a guarantee is to be obtained.

    Raises :class:`RiskTermsAlreadyAnswered` for the other one, and for terms that are withdrawn; :class:`Invalid` for a
    last day in the past, or of other terms than an accepted guarantee.
    """
    known = proposal(state, command.number)
    secures = command.accepted and known.proposed.kind == "guarantee"
    if command.obtain_by is not None and not secures:
        raise Invalid("Only a guarantee that is accepted has a last day to obtain it.", "/obtain_by")
    if command.obtain_by is not None and command.obtain_by < today:
        raise Invalid("obtain_by is in the past; use today or a later date, or omit it.", "/obtain_by")
    within = timedelta(days=OBTAIN_WITHIN_DAYS if obtain_days is None else obtain_days)
    given = known.answer
    if known.state != "proposed":
        if given is not None and known.withdrawal is None and given.accepted == command.accepted:
            return []
        raise RiskTermsAlreadyAnswered(f"They were {known.state}: propose again.")
    return [
        RiskTermsAnswered(
            risk_terms_id=terms_of(command.customer_id),
            customer_id=command.customer_id,
            proposal_number=command.number,
            accepted=command.accepted,
            text=command.text,
            role=by.role,
            in_place_of=by.in_place_of,
            obtain_by=command.obtain_by or (today + within if secures else None),
        )
    ]


def withdraw(state: RiskTerms, command: WithdrawTerms, by: Authority = NO_ROLE) -> list[RiskTermsWithdrawn]:
    """Withdraw terms that are proposed or, by an authority, accepted; no event again.

    Raises :class:`RiskTermsAlreadyAnswered` for those that were declined.
    """
    known = proposal(state, command.number)
    if known.state == "withdrawn":
        return []
    if known.state == "declined":
        raise RiskTermsAlreadyAnswered("They were declined: there is nothing to withdraw.")
    return [withdrawn(known, command.text, by=by)]


def withdrawn(
    known: TermsProposal,
    text: str,
    *,
    by: Authority = NO_ROLE,
    figures: PayerFigures | None = None,
    policy_version: int | None = None,
) -> RiskTermsWithdrawn:
    """Return the end of a proposal, with the reason, the authority, and the figures by which a rule ends it."""
    return RiskTermsWithdrawn(
        risk_terms_id=known.proposed.risk_terms_id,
        customer_id=known.proposed.customer_id,
        proposal_number=known.proposed.proposal_number,
        accepted=known.state == "accepted",
        text=text,
        figures=figures,
        policy_version=policy_version,
        role=by.role,
        in_place_of=by.in_place_of,
    )


def figures_of(seen: SeenPicture, model: PaymentModel, day: date) -> PayerFigures:
    """Return the forecast of a customer at the end of a day."""
    found = model.forecast_at_end_of(seen.picture.payer(day), day.toordinal())
    return PayerFigures(
        grade=found.grade,
        probability_late_bps=round(found.probability_late * 10_000),
        expected_tenths=round(found.days_late * 10),
        open_late=found.level.open_late,
        model_version=found.version,
        seen_position=seen.position,
    )


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Outcomes of invoices: settled, or open and late; delays in tenths of a day, 0 in time."""

    invoices: int
    late: int
    mean_delay_tenths: int | None


def punctuality(history: Sequence[InvoiceOutcome], day: date) -> Punctuality:
    """Return the punctuality of invoices on a day; those that are open and not late are left out."""
    today = day.toordinal()
    delays = [
        max(0, today - each.due if each.settled is None else each.delay_days)
        for each in history
        if each.settled is not None or each.due < today
    ]
    mean = round(10 * sum(delays) / len(delays)) if delays else None
    return Punctuality(len(delays), sum(delay > 0 for delay in delays), mean)

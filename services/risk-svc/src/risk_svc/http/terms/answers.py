"""Answers about terms that are proposed because of the risk of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.events.risk_terms import PayerFigures, RiskTermsBasis, RiskTermsKind
from encours.contracts.events.score import CreditGrade
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.reading.reasons import terms_reasons
from risk_svc.domain.score.history import PayerHistory
from risk_svc.domain.terms.proposals import (
    Punctuality,
    RiskTerms,
    TermsProposal,
    TermsState,
    punctuality,
)
from risk_svc.domain.terms.required import RequiredGuarantee, RequirementState
from risk_svc.http.reasons import ReasonOut
from risk_svc.http.standing.answers import TermsRuleOut
from risk_svc.use_cases.risk_terms import RISK_TERMS

PEERS_MAX = 200


class PayerFiguresOut(BaseModel):
    """Forecast of how the customer pays."""

    grade: CreditGrade
    probability_late: float
    expected_days_late: float
    open_late_invoices: int
    model: str
    seen_position: int

    @classmethod
    def of(cls, figures: PayerFigures) -> PayerFiguresOut:
        """Return the figures of an event."""
        return cls(
            grade=figures.grade,
            probability_late=figures.probability_late_bps / 10_000,
            expected_days_late=figures.expected_tenths / 10,
            open_late_invoices=figures.open_late,
            model=figures.model_version,
            seen_position=figures.seen_position,
        )


class PunctualityOut(BaseModel):
    """Outcomes of invoices: settled, or open and late."""

    invoices: int
    late: int
    mean_days_late: float | None

    @classmethod
    def of(cls, found: Punctuality) -> PunctualityOut:
        """Return the punctuality of some invoices."""
        mean = found.mean_delay_tenths
        return cls(
            invoices=found.invoices, late=found.late, mean_days_late=None if mean is None else mean / 10
        )


class TermsEffect(BaseModel):
    """Invoices issued before the answer and from it on."""

    before: PunctualityOut
    since: PunctualityOut

    @classmethod
    def of(cls, payers: Iterable[PayerHistory], answered_on: date, day: date) -> TermsEffect:
        """Return the effect of an answer, as it is on a day."""
        issued, history = answered_on.toordinal(), [each for payer in payers for each in payer.history]
        before = [each for each in history if each.issued < issued]
        since = [each for each in history if each.issued >= issued]
        return cls(
            before=PunctualityOut.of(punctuality(before, day)),
            since=PunctualityOut.of(punctuality(since, day)),
        )


class TermsPeers(TermsEffect):
    """Invoices of customers of the entity that had the grade of the proposal as it was accepted, and no such terms."""

    grade: CreditGrade
    customers: int = Field(
        description=f"Customers that are counted; {PEERS_MAX} at most, in the order of their ids."
    )


class TermsEffectOut(AsOf):
    """Payment before and since terms were answered, beside customers of the same grade without a change."""

    customer_id: str
    number: int
    answered_on: BusinessDate | None
    own: TermsEffect | None = Field(description="Null before the answer.")
    peers: TermsPeers | None = Field(description="Null before the answer.")


class TermsBasisOut(BaseModel):
    """Rule of the credit policy that proposed the terms, and what it saw besides the figures."""

    policy_version: int
    rule: TermsRuleOut
    unsecured: MoneyModel = Field(description="Exposure without guarantees and insured parts.")

    @classmethod
    def of(cls, basis: RiskTermsBasis) -> TermsBasisOut:
        """Return the basis of an event."""
        return cls(
            policy_version=basis.policy_version,
            rule=TermsRuleOut.of(basis.rule),
            unsecured=MoneyModel.of(basis.unsecured_minor, basis.currency),
        )


class TermsProposalOut(BaseModel):
    """Terms that were proposed for a customer."""

    number: int
    kind: RiskTermsKind
    share_bps: int | None
    days: int | None
    amount: MoneyModel | None
    text: str
    reasons: list[ReasonOut] = Field(
        description="By a rule of the credit policy; none where a person proposed."
    )
    state: TermsState
    proposed_on: BusinessDate
    proposed_by: str
    figures: PayerFiguresOut = Field(description="As they were when the terms were proposed.")
    answered_on: BusinessDate | None
    answered_by: str | None
    answer: str | None
    role: str | None = Field(
        description="Role by which it was answered, where the credit policy asks for one."
    )
    in_place_of: str | None = Field(description="Key of the person that was substituted.")
    obtain_by: BusinessDate | None = Field(description="Of an accepted guarantee: last day to obtain it.")
    withdrawn_on: BusinessDate | None
    withdrawal: str | None
    basis: TermsBasisOut | None = Field(description="Null for terms that a person proposed.")

    @classmethod
    def of(cls, found: TermsProposal) -> TermsProposalOut:
        """Return a proposal with its answer."""
        proposed, answer = found.proposed, found.answer
        amount = None
        if proposed.amount_minor is not None and proposed.currency is not None:
            amount = MoneyModel.of(proposed.amount_minor, proposed.currency)
        return cls(
            number=proposed.proposal_number,
            kind=proposed.kind,
            share_bps=proposed.share_bps,
            days=proposed.days,
            amount=amount,
            text=proposed.text,
            reasons=[ReasonOut.of(each) for each in terms_reasons(proposed)],
            state=found.state,
            proposed_on=found.proposed_on,
            proposed_by=found.proposed_by,
            figures=PayerFiguresOut.of(proposed.figures),
            answered_on=found.answered_on,
            answered_by=found.answered_by,
            answer=answer.text if answer else None,
            role=answer.role if answer else None,
            obtain_by=answer.obtain_by if answer else None,
            in_place_of=answer.in_place_of.removeprefix("key:") if answer and answer.in_place_of else None,
            withdrawn_on=found.withdrawn_on,
            withdrawal=found.withdrawal.text if found.withdrawal else None,
            basis=None if proposed.basis is None else TermsBasisOut.of(proposed.basis),
        )


class RequiredGuaranteeOut(BaseModel):
    """A guarantee that the customer has agreed to give because of its risk."""

    number: int = Field(description="Number of the proposed terms that were accepted.")
    accepted_on: BusinessDate
    obtain_by: BusinessDate
    amount: MoneyModel
    obtained: MoneyModel = Field(
        description="Guarantees in force that were taken since then, up to the amount."
    )
    state: RequirementState = Field(
        description="`overdue` once `obtain_by` has passed, `obtained` while guarantees in force cover the amount."
    )

    @classmethod
    def of(cls, found: RequiredGuarantee) -> RequiredGuaranteeOut:
        """Return a requirement."""
        return cls(
            number=found.proposal_number,
            accepted_on=found.accepted_on,
            obtain_by=found.obtain_by,
            amount=MoneyModel.of(found.amount.amount_minor, found.amount.currency),
            obtained=MoneyModel.of(found.obtained.amount_minor, found.obtained.currency),
            state=found.state,
        )


class TermsProposalSeen(TermsProposalOut):
    """A proposal, and how the customer has paid before and since its answer."""

    effect: TermsEffect | None = Field(description="Null before the answer.")

    @classmethod
    def seen(cls, found: TermsProposal, payer: PayerHistory, day: date) -> TermsProposalSeen:
        """Return a proposal with its effect on a day."""
        effect = TermsEffect.of([payer], found.answered_on, day) if found.answered_on else None
        return cls(**dict(TermsProposalOut.of(found)), effect=effect)


class TermsProposals(BaseModel):
    """Terms that were proposed for a customer, in their order."""

    customer_id: str
    data: list[TermsProposalOut]
    next_cursor: str | None = None

    @classmethod
    def of(cls, state: RiskTerms) -> TermsProposals:
        """Return the proposals."""
        return cls(
            customer_id=state.proposals[0].proposed.customer_id,
            data=[TermsProposalOut.of(each) for each in state.proposals],
        )


class TermsProposalsAsOf(TermsProposals, AsOf):
    """The proposals after a command."""


class TermsProposalsSeen(Listing[TermsProposalSeen], AsOf):
    """The proposals at the requested dates, with the customer's figures then."""

    customer_id: str
    now: PayerFiguresOut = Field(description="At the requested dates.")

    @classmethod
    def shown(
        cls, customer_id: str, state: RiskTerms, payer: PayerHistory, now: PayerFigures, day: date,
        echo: dict[str, Any],
    ) -> TermsProposalsSeen:  # fmt: skip
        """Return the proposals with their effects; ``echo`` holds the dates of the question."""
        return cls(
            customer_id=customer_id,
            now=PayerFiguresOut.of(now),
            data=[TermsProposalSeen.seen(each, payer, day) for each in state.proposals],
            next_cursor=None,
            **echo,
        )


RISK_TERMS_ANSWER = Answer(RISK_TERMS, lambda state, *_: TermsProposals.of(state))

"""Terms proposed for a customer because of its risk, and their answers. Stream: the terms of the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.events.risk_terms import (
    PayerFigures,
    RiskTermsAnswered,
    RiskTermsKind,
    RiskTermsProposed,
)
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import with_prefix
from risk_svc.domain.numbered import entry, with_entry
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.score.history import InvoiceOutcome
from risk_svc.domain.score.model import PaymentModel

RiskTermsEvent = RiskTermsProposed | RiskTermsAnswered


class RiskTermsNotFound(NotFound):
    """No terms of this number were proposed for the customer (404)."""

    code = "risk-terms-not-found"
    title = "Proposed terms not found"
    remedy = "Use a number from GET /v1/customers/{customer_id}/terms-proposals."


class RiskTermsAlreadyAnswered(Refusal):
    """The proposed terms have the other answer already."""

    code = "risk-terms-answered"
    title = "Proposed terms are already answered"
    remedy = "Propose terms again."


@dataclass(frozen=True, slots=True)
class ProposeTerms:
    """Propose other terms: a deposit (share of the order), days of payment, a guarantee, or earlier reminders."""

    customer_id: str
    kind: RiskTermsKind
    share_bps: int | None
    days: int | None
    amount_minor: int | None
    currency: str | None
    text: str


@dataclass(frozen=True, slots=True)
class AnswerTerms:
    """Record whether proposed terms were agreed."""

    customer_id: str
    number: int
    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class TermsProposal:
    """A proposal with its answer, if there is one."""

    proposed: RiskTermsProposed
    proposed_on: date
    proposed_by: str
    answer: RiskTermsAnswered | None = None
    answered_on: date | None = None
    answered_by: str | None = None


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
        case _:
            assert_never(event)


_NEEDS = {
    "deposit": "share_bps",
    "shorter_delay": "days",
    "guarantee": "amount_minor",
    "earlier_dunning": "days",
}
_POINTERS = {"amount_minor": "amount"}


def propose(state: RiskTerms, command: ProposeTerms, figures: PayerFigures) -> RiskTermsProposed:
    """Propose terms, with the figures of the customer. Raises :class:`Invalid` unless the kind has its one value."""
    for name in ("share_bps", "days", "amount_minor"):
        if (getattr(command, name) is None) == (name == _NEEDS[command.kind]):
            pointer = _POINTERS.get(name, name)
            needed = _POINTERS.get(_NEEDS[command.kind], _NEEDS[command.kind])
            raise Invalid(f"Terms of the kind {command.kind} have {needed}, and nothing else.", f"/{pointer}")
    return RiskTermsProposed(
        risk_terms_id=terms_of(command.customer_id),
        customer_id=command.customer_id,
        proposal_number=len(state.proposals) + 1,
        kind=command.kind,
        share_bps=command.share_bps,
        days=command.days,
        amount_minor=command.amount_minor,
        currency=command.currency,
        text=command.text,
        figures=figures,
    )


def answer(state: RiskTerms, command: AnswerTerms) -> list[RiskTermsAnswered]:
    """Record an answer; no event for the same again. Raises :class:`RiskTermsAlreadyAnswered` for the other one."""
    given = entry(state.proposals, command.number, RiskTermsNotFound).answer
    if given is not None:
        if given.accepted == command.accepted:
            return []
        raise RiskTermsAlreadyAnswered(
            f"They were {'accepted' if given.accepted else 'declined'}: propose again."
        )
    return [
        RiskTermsAnswered(
            risk_terms_id=terms_of(command.customer_id),
            customer_id=command.customer_id,
            proposal_number=command.number,
            accepted=command.accepted,
            text=command.text,
        )
    ]


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

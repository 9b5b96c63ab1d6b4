"""Facts about a deadline: it is near, it was met, it has passed. Stream: the deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.insurance import (
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMet,
    InsuranceDeadlineMissed,
)
from encours.contracts.insured.claims import NO_FACTS, DeadlineEvent, DeadlineFacts, told
from encours.kernel.errors import Invalid, NotFound, Refusal
from risk_svc.domain.insurance.deadlines import InsuranceDeadline


class InsuranceDeadlineNotFound(NotFound):
    """No deadline that is open has the id (404)."""

    code = "insurance-deadline-not-found"
    title = "Insurance deadline not found"
    remedy = "Use an id from GET /v1/deadlines. The invoice may have been paid in the meantime."


class MetByPayment(Refusal):
    """Only the payment of the debt prevents a stop of cover."""

    code = "met-by-payment"
    title = "Only payment meets this deadline"
    remedy = "Record the payment of the invoice; cover resumes by itself."


@dataclass(frozen=True, slots=True)
class AlertDeadline:
    """Record that a deadline is near, as seen at a position."""

    deadline: InsuranceDeadline
    seen_position: int | None = None


@dataclass(frozen=True, slots=True)
class MissDeadline:
    """Record that a deadline has passed unmet, as seen at a position."""

    deadline: InsuranceDeadline
    seen_position: int | None = None


@dataclass(frozen=True, slots=True)
class MeetDeadline:
    """Record that the insured did what a deadline asks for; if no day is given, on the day recorded, else today."""

    deadline_id: str
    met_on: date | None
    reference: str | None
    text: str | None
    turnover_minor: int | None = None
    """Turnover that is declared, without VAT."""
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class DeadlineState:
    """A deadline as its events have it; ``last`` is the latest event."""

    facts: DeadlineFacts = NO_FACTS
    last: DeadlineEvent | None = None
    entity_id: str = ""
    turnover_minor: int | None = None
    """Turnover that was declared last."""
    currency: str | None = None


def evolve(state: DeadlineState, recorded: Recorded) -> DeadlineState:
    """Return the state after one more event."""
    event: DeadlineEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    facts = told(state.facts, event, recorded.effective_on)
    declared, currency = state.turnover_minor, state.currency
    if isinstance(event, InsuranceDeadlineMet) and event.turnover_minor is not None:
        declared, currency = event.turnover_minor, event.currency
    return DeadlineState(facts, event, recorded.entity, declared, currency)


def alert(state: DeadlineState, command: AlertDeadline) -> list[InsuranceDeadlineAlerted]:
    """Record an alert; no event if the same last day was alerted."""
    found = command.deadline
    if state.facts.alerted_for == found.last_day:
        return []
    return [
        InsuranceDeadlineAlerted(
            deadline_id=found.deadline_id,
            insurance_contract_id=found.contract_id,
            contract_code=found.contract_code,
            kind=found.kind,
            customer_id=found.customer_id,
            cover_id=found.cover_id,
            invoice_id=found.invoice_id,
            period=found.period,
            last_day=found.last_day,
            basis=found.basis,
            amount_minor=found.amount_minor,
            currency=found.currency,
            seen_position=command.seen_position,
        )
    ]


def miss(state: DeadlineState, command: MissDeadline) -> list[InsuranceDeadlineMissed]:
    """Record that it has passed; no event if that is recorded, or if it was met in time."""
    found, facts = command.deadline, state.facts
    if facts.missed_on is not None or (facts.met_on is not None and facts.met_on <= found.last_day):
        return []
    return [
        InsuranceDeadlineMissed(
            deadline_id=found.deadline_id,
            insurance_contract_id=found.contract_id,
            contract_code=found.contract_code,
            kind=found.kind,
            customer_id=found.customer_id,
            cover_id=found.cover_id,
            invoice_id=found.invoice_id,
            period=found.period,
            last_day=found.last_day,
            amount_minor=found.amount_minor,
            currency=found.currency,
            seen_position=command.seen_position,
        )
    ]


def meet(
    state: DeadlineState, command: MeetDeadline, found: InsuranceDeadline | None, day: date
) -> list[InsuranceDeadlineMet]:
    """Record the day on which a deadline was met, and the turnover that was declared; no event for the same again.

    Raises :class:`InsuranceDeadlineNotFound`, :class:`MetByPayment`, and :class:`Invalid` for a day to come or before
    the issue of the invoice, for a turnover of another deadline or in another currency.
    """
    met_on = command.met_on or state.facts.met_on or day
    declared = command.turnover_minor, command.currency
    same = command.turnover_minor is None or declared == (state.turnover_minor, state.currency)
    if state.facts.met_on == met_on and same:
        return []
    if found is None:
        raise InsuranceDeadlineNotFound(command.deadline_id)
    if found.kind == "stop_of_cover":
        raise MetByPayment("Cover goes on once the invoice is paid.")
    if met_on > day:
        raise Invalid("met_on is in the future; use today or an earlier day.", "/met_on")
    if found.since is not None and met_on < found.since:
        raise Invalid(f"The invoice was issued on {found.since}; use that day or a later one.", "/met_on")
    if command.turnover_minor is not None and found.kind != "turnover":
        raise Invalid("Only a declaration of turnover has an amount; omit it.", "/turnover")
    if command.currency not in (None, found.currency):
        raise Invalid(f"The contract is in {found.currency}: use that currency.", "/turnover/currency")
    return [
        InsuranceDeadlineMet(
            deadline_id=found.deadline_id,
            insurance_contract_id=found.contract_id,
            contract_code=found.contract_code,
            kind=found.kind,
            customer_id=found.customer_id,
            cover_id=found.cover_id,
            invoice_id=found.invoice_id,
            period=found.period,
            last_day=found.last_day,
            met_on=met_on,
            reference=command.reference,
            text=command.text,
            turnover_minor=command.turnover_minor,
            currency=command.currency,
        )
    ]

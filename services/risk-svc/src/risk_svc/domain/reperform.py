"""A stored decision on credit, taken again from its figures, and the fields in which the two differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from encours.contracts import Event
from encours.contracts.common import Reason
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased, PayerBadgeGiven
from encours.contracts.events.credit_warning import (
    CreditWarningEnded,
    CreditWarningKind,
    CreditWarningRaised,
)
from encours.contracts.events.guarantee import GuaranteeTaken
from encours.contracts.events.insurance import (
    CoverResumed,
    CoverStopped,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMissed,
)
from encours.contracts.events.limit_formula import LimitProposal
from encours.contracts.events.reservation import (
    ReservationDecided,
    ReservationOverridden,
    ReservationReleased,
)
from encours.contracts.events.risk import (
    CreditChecked,
    DepositSeen,
    LimitApproved,
    LimitBasis,
    LimitRefused,
    LimitRequested,
)
from encours.contracts.events.risk_terms import (
    RiskTermsAnswered,
    RiskTermsProposed,
    RiskTermsWithdrawn,
)
from encours.contracts.events.score import ScoreGraded
from encours.contracts.insured.covers import InsuranceCover
from encours.kernel.errors import DomainError, NotFound
from risk_svc.domain import check, guarantee, limit
from risk_svc.domain.insurance import cover, deadline
from risk_svc.domain.insurance.deadlines import InsuranceDeadline
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import Authority
from risk_svc.domain.reservation import commands, decide
from risk_svc.domain.reservation.state import Reservation
from risk_svc.domain.score import grading
from risk_svc.domain.score.model import Forecast
from risk_svc.domain.warning import episode
from risk_svc.domain.warning.rules import WarningEvidence

HeldByPolicy = CreditHoldPlaced | CreditHoldReleased | PayerBadgeGiven
WarningStep = CreditWarningRaised | CreditWarningEnded
StopStep = CoverStopped | CoverResumed
DeadlineStep = InsuranceDeadlineAlerted | InsuranceDeadlineMissed
CreditDecisionEvent = (
    CreditChecked
    | ReservationDecided
    | ReservationOverridden
    | ReservationReleased
    | LimitRequested
    | LimitApproved
    | LimitRefused
    | RiskTermsProposed
    | RiskTermsAnswered
    | RiskTermsWithdrawn
    | GuaranteeTaken
    | ScoreGraded
    | HeldByPolicy
    | WarningStep
    | StopStep
    | DeadlineStep
)
"""Decisions on credit.

Of releases those that close a blocked order, of limit requests those that the formula proposed, of holds and badges
those by policy.
"""


class CreditDecisionNotFound(NotFound):
    """No decision on credit has the id (404)."""

    code = "credit-decision-not-found"
    title = "Decision on credit not found"
    remedy = "Use the decision_id of a check, or the id of the object that was decided on."


@dataclass(frozen=True, slots=True)
class CreditDifference:
    """A field with its stored value and the one that the figures yield; both in the form of JSON."""

    field: str
    stored: Any
    recomputed: Any


@dataclass(frozen=True, slots=True)
class DecisionAgain:
    """A stored decision, and the one that its figures yield; ``None`` where they allow none."""

    stored: CreditDecisionEvent
    recomputed: Event | None
    problem: str | None = None

    @property
    def differences(self) -> list[CreditDifference]:
        """Fields that differ; those of the basis by themselves."""
        old = _fields(self.stored)
        new = {} if self.recomputed is None else _fields(self.recomputed)
        return [
            CreditDifference(name, old.get(name), new.get(name))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ]


def check_again(
    stored: CreditChecked, seen: SeenPicture, day: date, deposit: DepositSeen | None = None
) -> DecisionAgain:
    """Check an order again by the figures that the decision names, and what was paid of its deposit."""
    command = check.CheckCredit(
        stored.decision_id,
        stored.customer_id,
        stored.amount_minor,
        stored.currency,
        stored.deliver_on,
        stored.order_id,
    )
    return taken_again(
        stored,
        lambda: check.decide(
            command,
            seen.picture,
            day,
            position=seen.position,
            lag=seen.lag,
            model=seen.model,
            rules_version=stored.rules_version,
            deposit=deposit,
        ),
    )


def decide_again(
    stored: ReservationDecided,
    before: Reservation,
    seen: SeenPicture,
    day: date,
    deposit: DepositSeen | None = None,
) -> DecisionAgain:
    """Decide an order again, from its state before the decision, by the version of the rules of then."""
    rules_version = stored.basis.rules_version
    if before.status == "none":
        command = commands.ReserveCredit(
            stored.reservation_id, stored.customer_id, stored.order_ref, stored.amount_minor, stored.currency,
            stored.deliver_on, stored.expires_on,
        )  # fmt: skip
        grace = None if stored.waits_until is None else (stored.waits_until - day).days
        return taken_again(stored, lambda: decide.reserve(command, seen, day, grace, rules_version, deposit))
    return taken_again(stored, lambda: decide.recheck(before, seen, day, rules_version, deposit))


def override_again(
    stored: ReservationOverridden,
    before: Reservation,
    by: Callable[[], Authority],
    seen: SeenPicture,
    day: date,
    deposit: DepositSeen | None = None,
) -> DecisionAgain:
    """Accept an order again by the authority that ``by`` finds; it raises a refusal where there is none."""
    command = commands.OverrideReservation(stored.reservation_id, stored.text)
    rules_version = stored.basis.rules_version
    return taken_again(
        stored, lambda: decide.override(before, command, by(), seen, day, rules_version, deposit)
    )


def closed_again(
    stored: ReservationReleased, before: Reservation, by: Callable[[], Authority]
) -> DecisionAgain:
    """Close a blocked order again by the authority that ``by`` finds; it raises a refusal where there is none."""
    command = commands.ReleaseReservation(stored.reservation_id, stored.text)
    return taken_again(stored, lambda: only(decide.release(before, command, by())))


def requested_again(stored: LimitRequested, proposal: Callable[[], LimitProposal]) -> DecisionAgain:
    """Propose a limit again."""

    def again() -> LimitRequested:
        found = proposal()
        return replace(stored, amount_minor=found.amount_minor, proposal=found)

    return taken_again(stored, again)


def limit_again(
    stored: LimitApproved | LimitRefused,
    before: limit.LimitState,
    by: Callable[[], Authority],
    day: date,
    basis: LimitBasis | None,
) -> DecisionAgain:
    """Decide on a limit again by the authority that ``by`` finds; it raises a refusal where there is none.

    ``basis``: the figures at the position that the decision names; ``None`` for one that keeps none.
    """

    def again() -> Event:
        if isinstance(stored, LimitRefused):
            return only(limit.refuse(before, limit.RefuseLimit(stored.limit_id, stored.text), by(), basis))
        command = limit.ApproveLimit(
            stored.limit_id,
            stored.amount_minor,
            None,
            stored.max_days_past_due,
            stored.text,
            stored.conditions,
        )
        return only(limit.approve(before, command, by(), day, basis))

    return taken_again(stored, again)


def guarantee_again(stored: GuaranteeTaken, by: Callable[[], Authority], day: date) -> DecisionAgain:
    """Take a guarantee again by the authority that ``by`` finds; it raises a refusal where there is none."""
    command = guarantee.TakeGuarantee(
        stored.guarantee_id, stored.customer_id, stored.kind, stored.amount_minor, stored.currency,
        stored.valid_from, stored.valid_until, stored.reference, stored.text,
    )  # fmt: skip
    return taken_again(stored, lambda: only(guarantee.take(command, by(), day)))


def warned_again(
    stored: WarningStep,
    before: episode.WarningEpisode,
    holding: Mapping[CreditWarningKind, WarningEvidence],
    *,
    episodes: int,
    day: date,
    rules_version: int,
) -> DecisionAgain:
    """Raise or end a warning again by the rules that hold; ``episodes`` of its kind the customer had before."""

    def again() -> Event:
        if isinstance(stored, CreditWarningEnded):
            assert before.raised is not None
            if before.raised.kind in holding:
                raise CauseDiffers("The rule holds still.")
            ended = episode.EndWarning(stored.credit_warning_id, stored.seen_position)
            return only(episode.end(before, ended))
        if stored.kind not in holding:
            raise CauseDiffers("The rule does not hold.")
        begun = episode.RaiseWarning(
            stored.customer_id, stored.kind, episodes + 1, day, stored.seen_position, rules_version,
            holding[stored.kind],
        )  # fmt: skip
        return only(episode.begin(before, begun))

    return taken_again(stored, again)


def stop_again(
    stored: StopStep,
    before: InsuranceCover,
    found: cover.StopCover | cover.ResumeCover | None,
    from_on: date,
) -> DecisionAgain:
    """Stop a cover or end its stop again by the command that its debts give; ``from_on`` is the day of the event."""

    def again() -> Event:
        if found is not None and found.from_on != from_on:
            raise CauseDiffers(f"The debts give {found.from_on}, not {from_on}.")
        if isinstance(stored, CoverStopped) and isinstance(found, cover.StopCover):
            return only(cover.stop(before, found))
        if isinstance(stored, CoverResumed) and isinstance(found, cover.ResumeCover):
            return only(cover.resume(before, found))
        raise CauseDiffers("The debts give no such step.")

    return taken_again(stored, again)


def deadline_again(
    stored: DeadlineStep, before: deadline.DeadlineState, found: InsuranceDeadline | None
) -> DecisionAgain:
    """Alert a deadline, or record that it has passed, again; ``found`` is what the contract asks for."""

    def again() -> Event:
        if found is None:
            raise CauseDiffers("The contract has no such deadline on the day.")
        position = stored.seen_position
        if isinstance(stored, InsuranceDeadlineAlerted):
            return only(deadline.alert(before, deadline.AlertDeadline(found, position)))
        return only(deadline.miss(before, deadline.MissDeadline(found, position)))

    return taken_again(stored, again)


def grade_again(stored: ScoreGraded, before: grading.GradedPayer, forecast: Forecast) -> DecisionAgain:
    """Grade a customer again."""
    command = grading.GradeCustomer(stored.customer_id, forecast, stored.seen_position)
    return taken_again(stored, lambda: only(grading.grade(before, command)))


def held_again(
    stored: HeldByPolicy, held_for: str, causes: Mapping[str, tuple[Reason, str]], policy_version: int
) -> DecisionAgain:
    """Hold orders again, end a hold or give a badge, by the causes that a policy finds; ``held_for`` is its cause.

    Each cause has its reason, and the sentence of those decisions that keep nothing else.
    """

    found = stored if stored.policy_version is None else replace(stored, policy_version=policy_version)

    def again() -> Event:
        if isinstance(found, CreditHoldReleased):
            if held_for in causes:
                raise CauseDiffers(f"The cause {held_for} has not ended.")
            return found
        if held_for not in causes:
            raise CauseDiffers(f"There is no cause {held_for}.")
        reason, text = causes[held_for]
        return replace(found, text=text) if found.reason is None else replace(found, reason=reason)

    return taken_again(stored, again)


class CauseDiffers(Exception):
    """The figures and the policy give another cause than a decision has, or no decision."""


def only(events: Sequence[Event]) -> Event:
    """Return the first event of a decision. Raises :class:`CauseDiffers` if there is none."""
    if not events:
        raise CauseDiffers("The figures give no decision.")
    return events[0]


def taken_again(stored: CreditDecisionEvent, decision: Callable[[], Event]) -> DecisionAgain:
    """Return a stored decision beside the one that is taken now, or the refusal of it."""
    try:
        return DecisionAgain(stored, decision())
    except CauseDiffers as differs:
        return DecisionAgain(stored, None, str(differs))
    except DomainError as refusal:
        return DecisionAgain(stored, None, refusal.detail)


def _fields(event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(event)
    basis = fields.get("basis")
    if not isinstance(basis, dict):  # of a deadline it is words
        return fields
    del fields["basis"]
    return fields | {f"basis.{name}": value for name, value in basis.items()}

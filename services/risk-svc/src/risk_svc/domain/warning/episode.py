"""Episode of an early warning: raised, acknowledged, ended. Stream: the warning. And the rules of an entity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.events.credit_warning import (
    CreditWarningAcknowledged,
    CreditWarningEnded,
    CreditWarningKind,
    CreditWarningRaised,
    WarningRules,
    WarningRulesSet,
)
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import derived_id, with_prefix
from risk_svc.domain.warning.rules import SHIPPED, WarningEvidence

CreditWarningEvent = CreditWarningRaised | CreditWarningAcknowledged | CreditWarningEnded


class CreditWarningNotFound(NotFound):
    """No warning has the id (404)."""

    code = "credit-warning-not-found"
    title = "Warning not found"
    remedy = "Use an id from GET /v1/warnings."


class WarningAlreadyAcknowledged(Refusal):
    """Somebody has acknowledged the warning with another note."""

    code = "warning-already-acknowledged"
    title = "Warning is already acknowledged"
    remedy = "Comment on the customer's credit instead; a new episode raises a new warning."


@dataclass(frozen=True, slots=True)
class RaiseWarning:
    """Begin an episode."""

    customer_id: str
    kind: CreditWarningKind
    episode: int
    day: date
    position: int
    rules_version: int
    evidence: WarningEvidence


@dataclass(frozen=True, slots=True)
class AcknowledgeWarning:
    """Acknowledge a warning, with a note."""

    credit_warning_id: str
    text: str


@dataclass(frozen=True, slots=True)
class EndWarning:
    """End an episode."""

    credit_warning_id: str
    position: int


@dataclass(frozen=True, slots=True)
class WarningEpisode:
    """An episode as it is known; without ``raised`` it has not begun."""

    raised: CreditWarningRaised | None = None
    entity_id: str = ""
    acknowledged_by: str | None = None
    acknowledged_on: date | None = None
    note: str | None = None
    ended_on: date | None = None

    @property
    def state(self) -> str:
        """``raised``, ``acknowledged`` or ``ended``."""
        if self.ended_on is not None:
            return "ended"
        return "raised" if self.acknowledged_on is None else "acknowledged"


def warning_of(customer_id: str, kind: str, episode: int) -> str:
    """Return the id of an episode: a repetition of the day's work names the same one."""
    return derived_id("wrn", customer_id, kind, episode)


def evolve(state: WarningEpisode, recorded: Recorded) -> WarningEpisode:
    """Return the state after one more event."""
    event: CreditWarningEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case CreditWarningRaised():
            return WarningEpisode(event, recorded.entity)
        case CreditWarningAcknowledged():
            return replace(
                state,
                acknowledged_by=recorded.actor,
                acknowledged_on=recorded.effective_on,
                note=event.text,
            )
        case CreditWarningEnded():
            return replace(state, ended_on=recorded.effective_on)
        case _:
            assert_never(event)


def begin(state: WarningEpisode, command: RaiseWarning) -> list[CreditWarningRaised]:
    """Begin an episode; no event if it has begun."""
    if state.raised is not None:
        return []
    return [
        CreditWarningRaised(
            credit_warning_id=warning_of(command.customer_id, command.kind, command.episode),
            customer_id=command.customer_id,
            kind=command.kind,
            episode=command.episode,
            knowable_on=command.day,
            seen_position=command.position,
            rules_version=command.rules_version,
            currency=command.evidence.currency,
            invoices=command.evidence.invoices,
            events=command.evidence.events,
            figures=command.evidence.figures,
        )
    ]


def acknowledge(
    state: WarningEpisode, command: AcknowledgeWarning, *, actor: str
) -> list[CreditWarningAcknowledged]:
    """Acknowledge a warning, also one that has ended; no event for the same note of the same person.

    Raises :class:`WarningAlreadyAcknowledged`.
    """
    assert state.raised is not None
    if state.acknowledged_by is not None:
        if (state.acknowledged_by, state.note) == (actor, command.text):
            return []
        raise WarningAlreadyAcknowledged(f"{state.acknowledged_by} acknowledged it: {state.note}")
    return [
        CreditWarningAcknowledged(
            credit_warning_id=command.credit_warning_id,
            customer_id=state.raised.customer_id,
            text=command.text,
        )
    ]


def end(state: WarningEpisode, command: EndWarning) -> list[CreditWarningEnded]:
    """End an episode; no event if it has ended."""
    if state.raised is None or state.ended_on is not None:
        return []
    return [
        CreditWarningEnded(
            credit_warning_id=command.credit_warning_id,
            customer_id=state.raised.customer_id,
            seen_position=command.position,
        )
    ]


@dataclass(frozen=True, slots=True)
class SetWarningRules:
    """Set the rules of an entity; all of them."""

    entity_id: str
    rules: WarningRules


@dataclass(frozen=True, slots=True)
class EntityWarningRules:
    """Rules in force; version 0, those that Encours ships, raises nothing until the entity sets rules."""

    entity_id: str = ""
    version: int = 0
    rules: WarningRules = SHIPPED


def rules_of(entity_id: str) -> str:
    """Return the stream of the rules of an entity."""
    return with_prefix(entity_id, "wru")


def evolve_rules(state: EntityWarningRules, recorded: Recorded) -> EntityWarningRules:
    """Return the rules after one more event."""
    event = recorded.data
    assert isinstance(event, WarningRulesSet)
    return EntityWarningRules(event.entity_id, event.version, event.rules)


def set_rules(state: EntityWarningRules, command: SetWarningRules) -> list[WarningRulesSet]:
    """Set the rules; no event if they are the same.

    Raises :class:`Invalid` if a warning would end at a higher threshold than it begins at.
    """
    slowing = command.rules.slowing_payments
    if slowing is not None and slowing.keep_tenths > slowing.raise_tenths:
        raise Invalid(
            "keep_tenths is at most raise_tenths: a warning lasts down to it.",
            "/slowing_payments/keep_tenths",
        )
    if state.version and state.rules == command.rules:
        return []
    return [
        WarningRulesSet(
            warning_rules_id=rules_of(command.entity_id),
            entity_id=command.entity_id,
            version=state.version + 1,
            rules=command.rules,
        )
    ]

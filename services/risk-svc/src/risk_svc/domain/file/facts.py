"""Facts about a customer: recorded, corrected, withdrawn, never changed. Stream: the facts of the customer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.events.credit_file import (
    CreditFactContent,
    CreditFactCorrected,
    CreditFactKind,
    CreditFactRecorded,
    CreditFactWithdrawn,
)
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import with_prefix
from risk_svc.domain.numbered import entry, with_entry

CreditFactEvent = CreditFactRecorded | CreditFactCorrected | CreditFactWithdrawn
_STATES = frozenset({"active", "closed"})


class CreditFactNotFound(NotFound):
    """The customer has no fact of this number (404)."""

    code = "credit-fact-not-found"
    title = "Fact not found"
    remedy = "Use a number from GET /v1/customers/{customer_id}/facts."


class CreditFactIsWithdrawn(Refusal):
    """The fact was recorded in error, and cannot be corrected."""

    code = "credit-fact-withdrawn"
    title = "Fact is withdrawn"
    remedy = "Record the fact again."


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """Record facts about a customer; one of a register's record that is known is corrected, not recorded again."""

    customer_id: str
    contents: tuple[CreditFactContent, ...]


@dataclass(frozen=True, slots=True)
class CorrectFact:
    """Correct a fact: all of its content, and the reason."""

    customer_id: str
    number: int
    content: CreditFactContent
    text: str


@dataclass(frozen=True, slots=True)
class WithdrawFact:
    """Withdraw a fact that was recorded in error."""

    customer_id: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class CreditFact:
    """A fact as it is known."""

    customer_id: str
    number: int
    content: CreditFactContent
    recorded_by: str
    position: int
    corrected: int = 0
    """Number of its corrections."""
    last_reason: str | None = None
    withdrawn: bool = False

    def in_force(self, day: date) -> bool:
        """Return True if the fact holds on a day."""
        told = self.content
        begun = (told.valid_from or told.observed_on) <= day
        return not self.withdrawn and begun and day <= (told.valid_until or date.max)


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """Facts of a customer in the order of their numbers."""

    facts: tuple[CreditFact, ...] = ()


def facts_of(customer_id: str) -> str:
    """Return the stream of the facts of a customer."""
    return with_prefix(customer_id, "fct")


def evolve(state: CreditFacts, recorded: Recorded) -> CreditFacts:
    """Return the state after one more event."""
    event: CreditFactEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case CreditFactRecorded():
            fact = CreditFact(
                event.customer_id, event.fact_number, event.content, recorded.actor, recorded.position
            )
            return CreditFacts((*state.facts, fact))
        case CreditFactCorrected():
            return _with(
                state,
                event.fact_number,
                lambda known: replace(
                    known, content=event.content, last_reason=event.text, corrected=known.corrected + 1
                ),
            )
        case CreditFactWithdrawn():
            return _with(
                state,
                event.fact_number,
                lambda known: replace(known, withdrawn=True, last_reason=event.text),
            )
        case _:
            assert_never(event)


def _with(state: CreditFacts, number: int, changed: Callable[[CreditFact], CreditFact]) -> CreditFacts:
    return CreditFacts(with_entry(state.facts, number, changed))


def on(events: Iterable[Recorded], day: date) -> CreditFacts:
    """Return the facts that were observed up to a day, as they are known.

    A correction holds from the day of the observation on.
    """
    state = CreditFacts()
    for each in events:
        state = evolve(state, each)
    return CreditFacts(tuple(fact for fact in state.facts if fact.content.observed_on <= day))


def record(
    state: CreditFacts, command: RecordFacts, day: date
) -> list[CreditFactRecorded | CreditFactCorrected]:
    """Record facts; no event for a register's record that is known as it is. Raises :class:`Invalid`."""
    found: list[CreditFactRecorded | CreditFactCorrected] = []
    known = {fact.content.reference: fact for fact in state.facts if fact.content.reference}
    stream, number = facts_of(command.customer_id), len(state.facts)
    for content in command.contents:
        _check(content, day)
        before = known.get(content.reference) if content.reference else None
        if before is None:
            number += 1
            found.append(
                CreditFactRecorded(
                    credit_facts_id=stream,
                    customer_id=command.customer_id,
                    fact_number=number,
                    content=content,
                )
            )
        elif not before.withdrawn and before.content != content:
            found.append(
                CreditFactCorrected(
                    credit_facts_id=stream,
                    customer_id=command.customer_id,
                    fact_number=before.number,
                    content=content,
                    text="The register's record has changed.",
                )
            )
    return found


def correct(state: CreditFacts, command: CorrectFact, day: date) -> list[CreditFactCorrected]:
    """Correct a fact; no event for the same content.

    Raises :class:`CreditFactNotFound`, :class:`CreditFactIsWithdrawn`, :class:`Invalid`.
    """
    known = entry(state.facts, command.number, CreditFactNotFound)
    if known.withdrawn:
        raise CreditFactIsWithdrawn(f"Fact {command.number} is withdrawn: {known.last_reason}")
    content = _with_reference(command.content, known.content.reference)
    _check(content, day)
    if content == known.content:
        return []
    return [
        CreditFactCorrected(
            credit_facts_id=facts_of(command.customer_id),
            customer_id=command.customer_id,
            fact_number=command.number,
            content=content,
            text=command.text,
        )
    ]


def withdraw(state: CreditFacts, command: WithdrawFact) -> list[CreditFactWithdrawn]:
    """Withdraw a fact; no event if it is withdrawn. Raises :class:`CreditFactNotFound`."""
    if entry(state.facts, command.number, CreditFactNotFound).withdrawn:
        return []
    return [
        CreditFactWithdrawn(
            credit_facts_id=facts_of(command.customer_id),
            customer_id=command.customer_id,
            fact_number=command.number,
            text=command.text,
        )
    ]


def _with_reference(content: CreditFactContent, reference: str | None) -> CreditFactContent:
    return CreditFactContent(
        kind=content.kind,
        source=content.source,
        observed_on=content.observed_on,
        valid_from=content.valid_from,
        valid_until=content.valid_until,
        text=content.text,
        values=content.values,
        evidence_sha256=content.evidence_sha256,
        reference=reference,
    )


def _check(content: CreditFactContent, day: date) -> None:
    if content.observed_on > day:
        raise Invalid("A fact is observed today or earlier.", "/observed_on")
    begin = content.valid_from or content.observed_on
    if content.valid_until is not None and content.valid_until < begin:
        raise Invalid("valid_until is before the first day of the fact.", "/valid_until")
    names = [each.name for each in content.values]
    if len(set(names)) < len(names):
        raise Invalid("Two values have the same name.", "/values")
    _check_kind(content.kind, {each.name: each.value for each in content.values})


def _check_kind(kind: CreditFactKind, values: dict[str, str]) -> None:
    if kind == "company_status" and values.get("state") not in _STATES:
        raise Invalid("A company status has the value state, active or closed.", "/values")
    if kind == "accounts_filed":
        try:
            date.fromisoformat(values.get("closed_on", ""))
        except ValueError:
            raise Invalid("Filed accounts have the value closed_on, a date.", "/values") from None


def in_order(states: Sequence[CreditFacts]) -> list[CreditFact]:
    """Return the facts of all records of a debtor, the last observed first."""
    found = [fact for state in states for fact in state.facts]
    return sorted(found, key=lambda fact: (fact.content.observed_on, fact.position), reverse=True)

"""Covers of buyers under an insurance contract. Stream: the cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.insurance import (
    CoverBuyer,
    CoverCancelled,
    CoverGranted,
    CoverReduced,
    CoverResumed,
    CoverStopped,
    CoverTerm,
    InsuranceContractSet,
)
from encours.contracts.insured.covers import CoverEvent, InsuranceCover, changed
from encours.kernel.errors import Invalid, NotFound


class CoverNotFound(NotFound):
    """No cover has the id (404)."""

    code = "cover-not-found"
    title = "Insurance cover not found"
    remedy = "Use an id from the credit file of the customer."


@dataclass(frozen=True, slots=True)
class GrantCover:
    """Record that a contract covers a buyer, amount in minor units; without a first day from today."""

    cover_id: str
    customer_id: str
    contract_code: str
    buyer: CoverBuyer
    term: CoverTerm
    amount_minor: int
    currency: str
    valid_from: date | None
    valid_until: date | None
    reference: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ReduceCover:
    """Lower a cover for deliveries from a day on; from today if not given."""

    cover_id: str
    amount_minor: int
    currency: str
    from_on: date | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class CancelCover:
    """End a cover for deliveries from a day on; from today if not given."""

    cover_id: str
    from_on: date | None
    run_off_days: int
    by_insurer: bool
    text: str | None = None


@dataclass(frozen=True, slots=True)
class StopCover:
    """Record that a debt is past due by more days than the contract allows."""

    cover_id: str
    invoice_id: str
    days_past_due: int
    from_on: date | None = None
    """First day of the stop; today if not given."""
    seen_position: int | None = None
    judged_on: date | None = None
    """Day on which it is found, if that is later than its own."""


@dataclass(frozen=True, slots=True)
class ResumeCover:
    """Record that no debt is, from ``from_on`` on; today if ``None``."""

    cover_id: str
    from_on: date | None = None
    seen_position: int | None = None
    judged_on: date | None = None
    """Day on which it is found, if that is later than its own."""


def evolve(state: InsuranceCover, recorded: Recorded) -> InsuranceCover:
    """Return the state after one more event."""
    event: CoverEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    return changed(state, event, recorded.effective_on, recorded.entity)


def grant(command: GrantCover, contract: InsuranceContractSet, entity_id: str, day: date) -> CoverGranted:
    """Record a cover of a customer of an entity.

    Raises :class:`Invalid` for a contract of another entity or currency, a temporary cover without a last day, one
    outside the contract, and a buyer without a decision of the insurer above what the contract allows.
    """
    terms = contract.conditions
    valid_from = command.valid_from or day
    if entity_id != contract.entity_id:
        raise Invalid("The contract is one of another entity than the customer.", "/contract_code")
    if command.currency != contract.currency:
        raise Invalid(f"The contract is in {contract.currency}: use that currency.", "/amount/currency")
    if command.term == "temporary" and command.valid_until is None:
        raise Invalid("A temporary cover has a last day: add valid_until.", "/valid_until")
    if command.valid_until is not None and command.valid_until < valid_from:
        raise Invalid("valid_until is before valid_from; use a later date or omit it.", "/valid_until")
    if valid_from < contract.valid_from or valid_from > (contract.valid_until or date.max):
        raise Invalid("The contract is not in force on the first day of the cover.", "/valid_from")
    if command.buyer == "unnamed" and command.amount_minor > (terms.unnamed_minor or 0):
        raise Invalid("The contract covers less for a buyer that it does not name.", "/amount/amount")
    return CoverGranted(
        cover_id=command.cover_id,
        insurance_contract_id=contract.insurance_contract_id,
        contract_code=contract.code,
        customer_id=command.customer_id,
        buyer=command.buyer,
        term=command.term,
        amount_minor=command.amount_minor,
        currency=command.currency,
        valid_from=valid_from,
        valid_until=command.valid_until,
        reference=command.reference,
        text=command.text,
    )


def reduce(state: InsuranceCover, command: ReduceCover, day: date) -> list[CoverReduced]:
    """Lower a cover; no event if the amount is the same.

    Raises :class:`Invalid` for a higher amount, another currency, or a day before its first one.
    """
    granted, from_on = state.content, command.from_on or day
    if command.currency != granted.currency:
        raise Invalid(f"The cover is in {granted.currency}: use that currency.", "/amount/currency")
    if from_on < granted.valid_from:
        raise Invalid("from is before the first day of the cover.", "/from")
    if command.amount_minor > state.amount_on(from_on):
        raise Invalid("The amount is above the cover: record a further cover instead.", "/amount/amount")
    if command.amount_minor == state.amount_on(from_on):
        return []
    return [
        CoverReduced(
            cover_id=granted.cover_id,
            insurance_contract_id=granted.insurance_contract_id,
            customer_id=granted.customer_id,
            amount_minor=command.amount_minor,
            currency=granted.currency,
            from_on=from_on,
            text=command.text,
        )
    ]


def cancel(state: InsuranceCover, command: CancelCover, day: date) -> list[CoverCancelled]:
    """End a cover; no event if it is cancelled from that day or an earlier one.

    Raises :class:`Invalid` for a day before its first one.
    """
    granted, from_on = state.content, command.from_on or day
    if state.cancelled is not None and state.cancelled.from_on <= from_on:
        return []
    if from_on < granted.valid_from:
        raise Invalid("from is before the first day of the cover.", "/from")
    return [
        CoverCancelled(
            cover_id=granted.cover_id,
            insurance_contract_id=granted.insurance_contract_id,
            customer_id=granted.customer_id,
            from_on=from_on,
            run_off_days=command.run_off_days,
            by_insurer=command.by_insurer,
            text=command.text,
        )
    ]


def stop(state: InsuranceCover, command: StopCover) -> list[CoverStopped]:
    """Record a stop of cover; no event while one lasts."""
    if state.stopped:
        return []
    granted = state.content
    return [
        CoverStopped(
            cover_id=granted.cover_id,
            insurance_contract_id=granted.insurance_contract_id,
            customer_id=granted.customer_id,
            invoice_id=command.invoice_id,
            days_past_due=command.days_past_due,
            seen_position=command.seen_position,
            judged_on=command.judged_on,
        )
    ]


def resume(state: InsuranceCover, command: ResumeCover) -> list[CoverResumed]:
    """Record the end of a stop of cover; no event if none lasts."""
    if not state.stopped:
        return []
    granted = state.content
    return [
        CoverResumed(
            cover_id=granted.cover_id,
            insurance_contract_id=granted.insurance_contract_id,
            customer_id=granted.customer_id,
            seen_position=command.seen_position,
            judged_on=command.judged_on,
        )
    ]

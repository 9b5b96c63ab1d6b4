"""Credit-insurance contracts as data. Stream: the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.events.insurance import InsuranceContractSet, InsuranceTerms
from encours.kernel.business_days import business_calendar
from encours.kernel.errors import Invalid, NotFound
from encours.kernel.ids import derived_id


class InsuranceContractNotFound(NotFound):
    """No insurance contract has the code (404)."""

    code = "insurance-contract-not-found"
    title = "Insurance contract not found"
    remedy = "Use a code that PUT /v1/insurance-contracts/{code} has set."


@dataclass(frozen=True, slots=True)
class SetInsuranceContract:
    """Set the content of a contract; all of it."""

    code: str
    entity_id: str
    insurer: str
    policy_number: str
    currency: str
    valid_from: date
    valid_until: date | None
    terms: InsuranceTerms
    currencies: tuple[tuple[str, str], ...] = ()
    """Currencies of the amounts in the terms, each with the place where it is written."""


@dataclass(frozen=True, slots=True)
class InsuranceContract:
    """The contract in force; ``content`` is ``None`` before it is set."""

    content: InsuranceContractSet | None = None


def contract_of(code: str) -> str:
    """Return the stream of the contract with a code."""
    return derived_id("icn", code)


def evolve(state: InsuranceContract, recorded: Recorded) -> InsuranceContract:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, InsuranceContractSet)
    return InsuranceContract(event)


def set_contract(state: InsuranceContract, command: SetInsuranceContract) -> list[InsuranceContractSet]:
    """Set a contract; no event if it is the same.

    Raises :class:`Invalid` for dates in the wrong order, for a claim that is handed over before its notice, for a
    premium without declarations of turnover, for an amount in another currency, and for another entity or currency than
    before; ``no-business-calendar`` for a calendar that is not on file.
    """
    before = state.content
    if command.valid_until is not None and command.valid_until < command.valid_from:
        raise Invalid("valid_until is before valid_from; use a later date or omit it.", "/valid_until")
    if command.terms.hand_over_days < command.terms.notice_days:
        raise Invalid("A claim is handed over after its notice: use more days.", "/terms/hand_over_days")
    for place, currency in command.currencies:
        if currency != command.currency:
            raise Invalid(f"The contract is in {command.currency}: use that currency.", place)
    if command.terms.premium is not None and command.terms.turnover is None:
        raise Invalid("A premium needs declarations of turnover: say when they are due.", "/terms/turnover")
    business_calendar(command.terms.calendar)
    if before is not None and before.entity_id != command.entity_id:
        raise Invalid("The contract is one of another entity: use another code.", "/entity_id")
    if before is not None and before.currency != command.currency:
        raise Invalid(f"The contract is in {before.currency}: use another code.", "/currency")
    after = InsuranceContractSet(
        insurance_contract_id=contract_of(command.code),
        entity_id=command.entity_id,
        code=command.code,
        version=before.version if before else 1,
        insurer=command.insurer,
        policy_number=command.policy_number,
        currency=command.currency,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        conditions=command.terms,
    )
    if before is None:
        return [after]
    return [] if after == before else [replace(after, version=before.version + 1)]

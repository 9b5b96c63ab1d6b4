"""Commands on an entity."""

from __future__ import annotations

from typing import Protocol

from msgspec import UNSET

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.entity import decide
from invoice_svc.domain.entity.closing import close_period
from invoice_svc.domain.entity.commands import (
    AmendEntity,
    DefineSeries,
    RegisterEntity,
    SetBankAccount,
    SetNumberDisplay,
    SetVatRegime,
)
from invoice_svc.domain.entity.display import set_display
from invoice_svc.domain.entity.state import EntityEvent
from invoice_svc.use_cases.folds import ENTITY


async def register(session: Session, command: RegisterEntity) -> Result:
    """Register a legal entity with its two default series."""
    state = await session.load(ENTITY, command.entity_id)
    return _emit(session, command.entity_id, decide.register(state, command))


async def amend(session: Session, command: AmendEntity) -> Result:
    """Change the identity from now on, and close periods."""
    state = await session.get(ENTITY, command.entity_id)
    amended = decide.amend(state, command)
    if command.closed_until is not UNSET:
        amended += close_period(state, command.closed_until, session.today)
    return _emit(session, command.entity_id, amended)


async def set_number_display(session: Session, command: SetNumberDisplay) -> Result:
    """Set the text that shows the numbers of a series from a day on."""
    state = await session.get(ENTITY, command.entity_id)
    return _emit(session, command.entity_id, set_display(state, command))


async def set_bank_account(session: Session, command: SetBankAccount) -> Result:
    """Set the bank account of a currency and use from a day on."""
    state = await session.get(ENTITY, command.entity_id)
    return _emit(session, command.entity_id, decide.set_bank_account(state, command))


async def set_vat_regime(session: Session, command: SetVatRegime) -> Result:
    """Set the period of the VAT returns from a day on."""
    state = await session.get(ENTITY, command.entity_id)
    return _emit(session, command.entity_id, decide.set_vat_regime(state, command))


class NumbersGiven(Protocol):
    """Tells if a series, by ledger, entity, code and year, has given a number."""

    async def __call__(self, ledger: str, entity_id: str, code: str, year: int, /) -> bool: ...


async def define_series(session: Session, command: DefineSeries, numbers_given: NumbersGiven) -> Result:
    """Define a number series, new or with another template, and its next number if it has given none."""
    state = await session.get(ENTITY, command.entity_id)
    result = _emit(session, command.entity_id, decide.define_series(state, command, session.today))
    if command.next_number is not None:
        year = session.today.year
        given = await session.ask(numbers_given, session.meta.ledger, command.entity_id, command.code, year)
        first = decide.set_first_number(state, command, year, numbers_given=given)
        result = _emit(session, command.entity_id, first)
    return result


def _emit(session: Session, entity_id: str, events: list[EntityEvent]) -> Result:
    for event in events:
        session.emit(entity_id, event, entity=entity_id)
    return session.result(entity_id)

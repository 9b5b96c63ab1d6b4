"""Every event balances: Σ item − Σ cash = Σ account; and no event is forgotten."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours import contracts
from encours.contracts import Event, Recorded, books, events, golden
from encours.contracts.books import STILL, Book, Movement, movements, moving
from encours.contracts.common import Conversion
from encours.contracts.events import rate
from encours.testing import events as build
from encours.testing import history

ENTITY = "ent_" + "e" * 32
TYPES = sorted(contracts.types())


def recorded(event: Event, *, effective_on: date = date(2026, 3, 31)) -> Recorded:
    return history.recorded(event, entity=ENTITY, stream="any", effective_on=effective_on)


def moved(entries: tuple[Movement, ...], book: Book) -> int:
    return sum(getattr(entry, f"{book}_minor") for entry in entries)


DIFFERENCES = contracts.names_of(rate.ExchangeDifferenceRealised, rate.ExchangeDifferenceReversed)


def test_every_type_declares_its_movements_or_that_it_moves_nothing() -> None:
    assert moving() | DIFFERENCES | STILL == contracts.types().keys()
    assert moving() & STILL == moving() & DIFFERENCES == DIFFERENCES & STILL == frozenset()


def balances(entries: tuple[Movement, ...]) -> bool:
    """Σ item − Σ cash = Σ account in each currency."""
    return all(
        moved(found, "item") - moved(found, "cash") == moved(found, "account")
        for currency in {entry.currency for entry in entries}
        for found in [tuple(entry for entry in entries if entry.currency == currency)]
    )


@pytest.mark.parametrize(("type_name", "version", "data"), list(golden.samples()))
def test_every_golden_sample_balances(type_name: str, version: int, data: bytes) -> None:
    assert balances(movements(recorded(contracts.decode(type_name, version, data))))


@given(st.sampled_from(TYPES), st.dates(), st.data())
def test_every_event_balances_whatever_its_amounts(type_name: str, day: date, data: st.DataObject) -> None:
    event = golden.example(contracts.event_class(type_name))
    changed: dict[str, Any] = {
        name: data.draw(st.integers(-(2**53) + 1, 2**53 - 1), label=name)
        for name in event.__struct_fields__
        if name.endswith("_minor") and isinstance(getattr(event, name), int)
    }
    e = recorded(msgspec.structs.replace(event, **changed), effective_on=day)
    entries = movements(e)
    assert balances(entries)
    assert all((entry.entity, entry.effective_on) == (ENTITY, day) for entry in entries)
    for entry in entries:
        if entry.invoice_id is not None:
            assert entry.settled_minor == (0 if entry.kind in books.OWING else -entry.item_minor)


@pytest.mark.parametrize("type_name", sorted(moving()))
def test_an_event_moves_the_books_that_it_declares_and_no_other(type_name: str) -> None:
    entries = movements(recorded(golden.example(contracts.event_class(type_name))))
    seen = {book for book in get_args(Book) if any(getattr(entry, f"{book}_minor") for entry in entries)}
    assert seen == {book for book in get_args(Book) if type_name in moving(book)}


def test_an_item_is_moved_by_its_invoice_and_cash_by_its_payment() -> None:
    for type_name in moving():
        for entry in movements(recorded(golden.example(contracts.event_class(type_name)))):
            if entry.item_minor or entry.contested_minor:
                assert entry.invoice_id is not None
            if entry.cash_minor:
                assert entry.payment_id is not None


def test_an_unknown_payer_holds_cash_until_he_is_identified() -> None:
    received = msgspec.structs.replace(
        golden.example(events.payment.PaymentReceived), customer_id=None, amount_minor=500
    )
    identified = msgspec.structs.replace(golden.example(events.payment.PaymentIdentified), amount_minor=500)
    entries = (*movements(recorded(received)), *movements(recorded(identified)))
    cash: dict[str, int] = {}
    for entry in entries:
        cash[entry.customer_id] = cash.get(entry.customer_id, 0) + entry.cash_minor
    assert cash == {books.PAYER_UNKNOWN: 0, "customer_id é": 500}


def test_a_type_that_nobody_declared_is_refused() -> None:
    e = msgspec.structs.replace(
        recorded(golden.example(events.calendar.DayOpened)), type="invoice.teleported"
    )
    with pytest.raises(KeyError, match="neither movements nor"):
        movements(e)


def test_a_payment_in_another_currency_moves_each_amount_in_its_own() -> None:
    paid = build.event(Conversion, currency="EUR", amount_minor=920)
    applied = build.applied(1_000, currency="USD", paid=paid)
    item, cash = movements(recorded(applied))
    assert (item.currency, item.item_minor, item.account_minor, item.cash_minor) == ("USD", -1_000, -1_000, 0)
    assert (cash.currency, cash.item_minor, cash.account_minor, cash.cash_minor) == ("EUR", 0, 920, -920)
    assert (item.available_on, cash.available_on) == (applied.received_on, None)


def test_an_exchange_difference_is_a_movement_of_its_own_in_no_book() -> None:
    (gain,) = movements(recorded(golden.example(rate.ExchangeDifferenceRealised)))
    (loss,) = movements(recorded(golden.example(rate.ExchangeDifferenceReversed)))
    assert (gain.exchange_minor, loss.exchange_minor) == (24_000, -24_000)
    assert not any(getattr(gain, f"{book}_minor") for book in get_args(Book))

"""The builders themselves: every contract can be built, is coherent, and finds its place."""

from __future__ import annotations

from datetime import date

import pytest

from encours import contracts
from encours.contracts.books import movements
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.recorded import Recorded
from encours.kernel.errors import Refusal
from encours.ledger.states import Folder
from encours.testing.events import DAY, event, issued, received
from encours.testing.history import History, happened, stream_of, types_of
from encours.testing.scenario import given

ENOUGH = 1_000


class NotEnough(Refusal):
    """There is less than was asked for."""

    code = "not-enough"
    title = "Not enough"
    remedy = "Ask for less."


def _add(state: int, e: Recorded) -> int:
    return state + sum(each.cash_minor for each in movements(e))


CASH = Folder(lambda: 0, _add)


def withdraw(state: int, amount_minor: int) -> list[tuple[date, contracts.Event]]:
    if amount_minor > state:
        raise NotEnough("There is less.")
    return [(DAY, received(-amount_minor))]


@pytest.mark.parametrize("type_name", sorted(contracts.types()))
def test_every_contract_is_built_and_stored_and_has_its_stream(type_name: str) -> None:
    built = event(contracts.event_class(type_name))
    assert contracts.decode(type_name, built.VERSION, contracts.encode(built)) == built
    assert stream_of(built)


def test_what_is_given_counts_and_the_rest_adds_up() -> None:
    invoice = issued(12_000, due_on=date(2026, 5, 1), reference="PO 7")
    assert (invoice.net_minor, invoice.vat_minor, invoice.total_minor) == (10_000, 2_000, 12_000)
    assert (invoice.due_on, invoice.reference, invoice.salesperson) == (date(2026, 5, 1), "PO 7", None)
    with pytest.raises(TypeError):
        event(InvoiceIssued, amount=12_000)


def test_a_history_has_no_gaps() -> None:
    history = History()
    for each in (issued(), received(500), issued(invoice_id="inv_2"), issued()):
        history.add(each)
    assert [(e.position, e.stream, e.version) for e in history.events] == [
        (1, "inv_1", 1), (2, "pay_1", 1), (3, "inv_2", 1), (4, "inv_1", 2),
    ]  # fmt: skip
    assert types_of(history.of("pay_1")) == ["payment.received"]


def test_given_events_when_a_command_then_events_or_a_refusal() -> None:
    rich = given(CASH, received(ENOUGH))
    rich.when(withdraw, 400).then((DAY, received(-400)))
    rich.when(withdraw, ENOUGH + 1).refused("not-enough")
    given(CASH, *happened(received(ENOUGH))).when(withdraw, ENOUGH).then_types(type(received(0)))
    for wrong in ((), ((DAY, received(-401)),)):
        with pytest.raises(AssertionError):
            rich.when(withdraw, 400).then(*wrong)
    with pytest.raises(AssertionError):
        rich.when(withdraw, ENOUGH + 1).refused("too-much")

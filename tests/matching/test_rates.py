"""A small seeded firm: most of its money is booked without a person, and next to nothing wrongly."""

from __future__ import annotations

from encours.testing.transfers import firm
from tests.matching.desk import Desk, index_of


def test_most_of_the_value_of_300_lines_is_booked_and_none_of_it_wrongly() -> None:
    made = firm(7, lines=300, invoices=3_000, debtors=400)
    desk = Desk(made, index_of(made))
    desk.work()
    assert desk.precision(desk.lines) >= 0.99
    assert desk.precision(desk.value_minor) >= 0.998
    assert desk.value_booked() >= 0.85

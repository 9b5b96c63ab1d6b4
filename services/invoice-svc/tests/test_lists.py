"""Invoice lists take amounts from the books: a movement counts whatever kind of event made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from encours.contracts.books import Movement
from encours.projection.row_cache import RowCache
from invoice_svc.read_models.invoices import model
from invoice_svc.read_models.invoices.rows import InvoiceMovementRow, InvoiceRow
from invoice_svc.read_models.lists import Lists

DAY = date(2026, 3, 31)


def invoice() -> InvoiceRow:
    return InvoiceRow(
        invoice_id="inv_1",
        entity_id="ent_1",
        customer_id="cus_1",
        currency="EUR",
        reference_key=None,
        from_position=1,
        issued_on=DAY,
        issued_position=1,
        total_minor=100,
        outstanding_minor=100,
    )


@dataclass(frozen=True)
class Moving:
    """An event of a type that did not exist when the lists were written."""

    data: object
    stream: str = "wof_1"
    type: str = "invoice.something_new"
    position: int = 7


def moved(kind: str, *, item_minor: int = 0, contested_minor: int = 0) -> Movement:
    return Movement(
        kind=kind,
        entity="ent_1",
        customer_id="cus_1",
        currency="EUR",
        effective_on=DAY,
        invoice_id="inv_1",
        item_minor=item_minor,
        contested_minor=contested_minor,
    )


def test_a_movement_of_an_unknown_kind_moves_what_is_outstanding_and_disputed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entries = (moved("something_new", item_minor=-40), moved("something_new", contested_minor=5))
    monkeypatch.setattr(model, "movements", lambda _: entries)
    rows, event = RowCache((InvoiceRow, InvoiceMovementRow)), Moving(SimpleNamespace())
    rows.assume_empty()
    rows.put(invoice())
    part, recorded = model.Invoices(), _recorded(event)
    assert set(part.keys(recorded)) == {(InvoiceRow, ("inv_1",))}
    part.project(recorded, rows)
    after = rows.get(InvoiceRow, "inv_1")
    assert after is not None
    assert (after.outstanding_minor, after.disputed_minor) == (60, 5)
    assert (after.credited_minor, after.paid_minor) == (0, 0)
    kept = [rows.get(InvoiceMovementRow, "inv_1", 7, entry) for entry in (0, 1)]
    assert [row and (row.kind, row.item_minor, row.contested_minor) for row in kept] == [
        ("something_new", -40, 0),
        ("something_new", 0, 5),
    ]


def test_a_composed_model_gives_each_event_to_the_parts_that_apply_it() -> None:
    lists = Lists()
    assert lists.applies == frozenset().union(*(part.applies for part in lists.parts))
    assert len({row_type.TABLE for row_type in lists.rows}) == len(lists.rows)
    credited = [type(part).__name__ for part in lists.parts if "invoice.credited" in part.applies]
    assert credited == ["Numbers", "Invoices", "CreditNotes", "Statements"]


def _recorded(event: Moving) -> Any:
    return event

"""An archive whose events contradict each other is found, whatever its digest says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from encours.contracts import Event, Recorded, encode
from encours.contracts.common import Line
from encours.ledger.content import ContentCheck, ContentInvalid, LastNumber
from encours.ledger.stored import StoredEvent
from encours.testing.events import (
    allocated,
    allocation,
    applied,
    credited,
    disputed,
    drafted,
    event,
    issued,
    received,
    released,
    reversed_,
    unapplied,
)
from encours.testing.history import ENTITY, happened

PART = allocation(12_000)
TOLD: list[Event] = [
    drafted(24_000, lines=(event(Line, net_minor=20_000),)),
    issued(24_000, series="FAC", number="FAC-2026-00007"),
    disputed(4_000),
    issued(6_000, invoice_id="inv_2", series="FAC", number="FAC-2026-00008"),
    received(12_000),
    allocated(PART),
    applied(12_000),
    credited(6_000, invoice_id="inv_2", number="AV-2026-1", series=None, vat=()),
    released(PART),
    unapplied(12_000, cause="released"),
    reversed_(12_000),
]
SERIES = [LastNumber(ENTITY, "FAC", 2026, 8)]


def _check(events: list[StoredEvent], series: list[LastNumber]) -> None:
    check = ContentCheck()
    for each in events:
        check.read(each)
    check.finish(series)


def _stored(each: Recorded) -> StoredEvent:
    kept = {name: getattr(each, name) for name in StoredEvent.__struct_fields__ if hasattr(each, name)}
    ids = (each.event_id, each.command_id, each.recorded_at)
    return StoredEvent(**kept | {"raw": encode(each.data), "ids": ids, "data": None})


def _altered(position: int, **fields: Any) -> list[StoredEvent]:
    events = [_stored(each) for each in happened(*TOLD)]
    changed = events[position - 1]
    if header := {name: fields.pop(name) for name in ("stream", "type") if name in fields}:
        events[position - 1] = changed = msgspec.structs.replace(changed, **header)
    changed.raw = msgspec.json.encode(msgspec.json.decode(changed.raw) | fields)
    return events


def test_a_ledger_that_fits_together_passes() -> None:
    _check(_altered(1), SERIES)


@pytest.mark.parametrize(
    ("position", "fields", "said"),
    [
        (2, {"total_minor": "24,000"}, "payload is not what its type says"),
        (2, {"type": "invoice.forgiven"}, "newer program"),
        (2, {"invoice_id": "inv_2"}, "payload is of inv_2"),
        (2, {"total_minor": 23_000}, "do not add up to the total"),
        (2, {"total_minor": 23_000, "net_minor": 19_000}, "not those of its draft"),
        (2, {"customer_id": "cus_2"}, "not those of its draft"),
        (
            4,
            {"vat": [{"category": "S", "rate_bps": 2_000, "net_minor": 1, "vat_minor": 1}]},
            "per VAT rate do not add up",
        ),
        (4, {"number": "FAC-2026-00009"}, "does not follow 7"),
        (4, {"number": "FAC-2026-00007"}, "given twice"),
        (4, {"total_minor": 5_000, "net_minor": 4_000}, "open amount of invoice inv_2 is -1000, below zero"),
        (5, {"amount_minor": 11_999}, "unapplied amount of payment pay_1 is -1, below zero"),
        (7, {"amount_minor": 11_999}, "do not say the same amount"),
        (3, {"amount_minor": -1}, "amount in dispute of invoice inv_1 is -1, below zero"),
    ],
)
def test_what_contradicts_the_rest_is_named(position: int, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ContentInvalid, match=said):
        _check(_altered(position, **fields), SERIES)


def test_a_series_ends_with_the_number_of_its_last_document() -> None:
    with pytest.raises(ContentInvalid, match="its last number is not that of its documents"):
        _check(_altered(1), [LastNumber(ENTITY, "FAC", 2026, 9)])


def _numbered(*numbers: tuple[str, str | None]) -> list[StoredEvent]:
    bills = (
        issued(6_000, invoice_id=f"inv_{n}", number=number, series=series)
        for n, (number, series) in enumerate(numbers)
    )
    return [_stored(each) for each in happened(*bills)]


def test_a_series_passes_by_the_numbers_of_another_system() -> None:
    old = [("FAC-2026-2", None), ("FAC-2026-00003", None)]
    _check(
        _numbered(("FAC-2026-00001", "FAC"), *old, ("FAC-2026-00004", "FAC")),
        [LastNumber(ENTITY, "FAC", 2026, 4)],
    )
    with pytest.raises(ContentInvalid, match="does not follow 1"):
        _check(_numbered(("FAC-2026-00001", "FAC"), old[1], ("FAC-2026-00004", "FAC")), [])

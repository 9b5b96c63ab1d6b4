"""Each stream folded by the library's repository and by the session of commands: equal, or listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from encours.contracts import Recorded, encode
from encours.contracts.events.invoice import InvoiceCancelled, InvoiceDrafted
from encours.contracts.golden import example
from encours.kernel.ids import uuid7
from encours.ledger import NewEvent, RawEvent
from encours.ledger.states import Folder
from encours.replay import Folders
from encours.replay.compare import LISTED, compare
from invoice_svc.use_cases.folds import INVOICE
from tests.integration.replay.conftest import Audited


@dataclass
class Mutable:
    """A state that a careless ``evolve`` changes in place."""

    types: list[str] = field(default_factory=list)


_SHARED = Mutable()


def _append(state: Mutable, event: Recorded) -> Mutable:
    state.types.append(event.type)
    return state


def test_both_ways_agree_on_every_stream(audited: Audited) -> None:
    told: list[tuple[int, int]] = []
    with audited.open() as app:
        done = compare(app, audited.folders, lambda events, head: told.append((events, head)))
    head = len(audited.books.log)
    assert (done.differing, done.differences) == (0, [])
    assert (done.streams, done.events, done.head) == (len(audited.books.versions), head, head)
    assert told[-1] == (head, head)


def test_a_fold_that_keeps_something_between_streams_is_found(audited: Audited) -> None:
    careless = Folders({"inv": Folder(lambda: _SHARED, _append)})
    with audited.open() as app:
        app.repository._folders = Folders({"inv": INVOICE})  # type: ignore[attr-defined]
        done = compare(app, careless)
    invoices = audited.streams("inv_")
    assert done.differing == len(invoices)
    assert len(done.differences) == min(LISTED, len(invoices))
    assert done.differences[0].stream == invoices[0]
    assert "types" in done.differences[0].session


def test_events_that_were_set_aside_are_left_out_and_counted(audited: Audited) -> None:
    good = encode(example(InvoiceDrafted))
    broken = good.replace(b'"total_minor":24000', b'"total_minor":"a lot"')
    cancelled = encode(example(InvoiceCancelled))
    between = [("invoice.drafted", good), ("invoice.drafted", broken), ("invoice.cancelled", cancelled)]
    streams = {"inv_" + "d" * 32: between, "inv_" + "e" * 32: between[:2]}
    last = audited.append(
        *(
            NewEvent(stream, version, RawEvent(name, 1, data), "ent_a", date(2026, 1, 1), uuid7())
            for stream, events in streams.items()
            for version, (name, data) in enumerate(events, 1)
        )
    )
    with audited.open() as app:
        assert {each.stream for each in compare(app, audited.folders).differences} == {*streams}
    for position in (last - 3, last):
        audited.set_aside(position)
    with audited.open() as app:
        done = compare(app, audited.folders)
    assert (done.set_aside, done.differing, done.differences) == (2, 0, [])
    assert done.events == done.head - 2


def test_a_type_that_this_program_does_not_know_is_listed_with_the_reason(audited: Audited) -> None:
    unknown = NewEvent(
        "inv_" + "f" * 32, 1, RawEvent("invoice.invented", 1, b"{}"), "ent_a", date(2026, 1, 1), uuid7()
    )
    audited.append(unknown)
    with audited.open() as app:
        done = compare(app, audited.folders)
    assert [(each.stream, each.version) for each in done.differences] == [(unknown.stream, 0)]
    assert "invoice.invented is not a known event type" in done.differences[0].session

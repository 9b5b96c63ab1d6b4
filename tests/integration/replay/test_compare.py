"""Each stream folded by the library's repository and by the session of commands: equal, or listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from encours.contracts import Recorded
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


def test_a_type_that_this_program_does_not_know_is_listed_with_the_reason(audited: Audited) -> None:
    unknown = NewEvent(
        "inv_" + "f" * 32, 1, RawEvent("invoice.invented", 1, b"{}"), "ent_a", date(2026, 1, 1), uuid7()
    )
    audited.append(unknown)
    with audited.open() as app:
        done = compare(app, audited.folders)
    assert [(each.stream, each.version) for each in done.differences] == [(unknown.stream, 0)]
    assert "invoice.invented is not a known event type" in done.differences[0].session

"""An event that cannot be read: named where it is met, parked by read models, set aside by an operator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from encours.cli.aside import set_aside
from encours.contracts import encode
from encours.contracts.events import aside
from encours.contracts.events.invoice import InvoiceCancelled, InvoiceDrafted
from encours.contracts.golden import example
from encours.kernel.errors import Invalid
from encours.kernel.ids import uuid7
from encours.ledger import EventUnreadable, Ledger, NewEvent, RawEvent, VersionConflict
from encours.ledger.states import Folder
from encours.projection.bulk import BulkReader
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import DAY, Books

GOOD = encode(example(InvoiceDrafted))
BROKEN = GOOD.replace(b'"total_minor":24000', b'"total_minor":"a lot"')
STREAM = "inv_1"
VERSIONS = Folder[int](initial=int, evolve=lambda _, event: event.version)


def drafted(version: int, data: bytes, stream: str = STREAM) -> NewEvent:
    return NewEvent(
        stream, version, RawEvent("invoice.drafted", InvoiceDrafted.VERSION, data), "ent_a", DAY, uuid7()
    )


@pytest.fixture
async def operator(module_installation: Installation) -> AsyncIterator[Ledger]:
    """The ledgers as the installing user opens them."""
    ledger = await Ledger.open(module_installation.admin_url())
    yield ledger
    await ledger.close()


async def damaged(books: Books) -> int:
    """A stream whose second event cannot be read, as one that was written before the database checked; its position."""
    await books.append(books.command(drafted(1, GOOD)))
    return (await books.append(books.command(drafted(2, BROKEN)))).last_position


async def test_a_stream_with_an_unreadable_event_is_refused_by_its_position(books: Books) -> None:
    position = await damaged(books)
    await books.append(books.command(drafted(1, GOOD, "inv_2")))
    for read in (
        books.ledger.read_stream(books.name, STREAM),
        books.ledger.read_streams(books.name, ["inv_2", STREAM]),
    ):
        with pytest.raises(EventUnreadable, match="inv_1 has an event that cannot be read") as refused:
            await read
        assert refused.value.extra == {"position": position}
    await books.ledger.preload(books.name, {"inv_2": VERSIONS, STREAM: VERSIONS})
    assert len(await books.ledger.read_stream(books.name, "inv_2")) == 1


async def test_what_is_set_aside_is_left_out_and_the_stream_goes_on_after_it(
    books: Books, operator: Ledger, module_installation: Installation
) -> None:
    position = await damaged(books)
    first = await set_aside(operator, books.name, position, "damaged by a script")
    again = await set_aside(operator, books.name, position, "damaged by a script")
    assert (again.replayed, again.last_position) == (True, first.last_position)
    (kept,) = await books.ledger.read_stream(books.name, STREAM)
    assert (kept.version, kept.data) == (2, example(InvoiceDrafted))
    with pytest.raises(VersionConflict):
        await books.append(books.command(drafted(2, GOOD)))
    cancelled = NewEvent(STREAM, 3, example(InvoiceCancelled), "ent_a", DAY, uuid7())
    await books.append(books.command(cancelled))
    events = await books.ledger.read_stream(books.name, STREAM)
    assert [event.version for event in events] == [1, 3]

    (noted,) = await books.ledger.read_stream(books.name, aside.STREAM)
    assert isinstance(noted.data, aside.EventSetAside)
    assert (noted.data.position, noted.data.stream, noted.reason) == (position, STREAM, "damaged by a script")
    reader = await BulkReader.open(module_installation.admin_url(), books.name)
    try:
        pages = reader.pages(0, await books.head(), frozenset({"invoice.drafted"}))
        assert [event.position async for _, page in pages for event in page] == [1]
    finally:
        await reader.close()


async def test_only_what_cannot_be_read_is_set_aside(books: Books, operator: Ledger) -> None:
    await damaged(books)
    with pytest.raises(Invalid, match="can be read"):
        await set_aside(operator, books.name, 1, str(uuid4()))
    with pytest.raises(Invalid, match="no event at position 99"):
        await set_aside(operator, books.name, 99, str(uuid4()))
    assert await books.ledger.read_stream(books.name, aside.STREAM) == []

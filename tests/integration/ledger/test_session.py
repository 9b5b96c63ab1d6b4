"""Load, fold, decide, append: repeated when overtaken, answered alike when repeated, never refused by an old cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from encours.contracts import Recorded, calendar
from encours.kernel.errors import Conflict
from encours.kernel.ids import uuid7
from encours.ledger import CommandReused, Ledger, VersionConflict
from encours.ledger.command import CommandMeta
from encours.ledger.execute import Done, execute
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import DAY, Books

Positions = tuple[int, ...]


def evolve(state: Positions, event: Recorded) -> Positions:
    return (*state, event.position)


POSITIONS = Folder[Positions](initial=tuple, evolve=evolve)
OPENED = calendar.DayOpened(day=DAY, late=False)


@pytest.fixture
async def other(books: Books, module_installation: Installation) -> AsyncIterator[Books]:
    """Another process on the same ledger."""
    ledger = await Ledger.open(module_installation.ledger_url("invoice"))
    yield Books(ledger, books.name)
    await ledger.close()


def meta(books: Books, **more: object) -> CommandMeta:
    fields = {"command_id": uuid7(), "fingerprint": b"same"} | more
    return CommandMeta(ledger=books.name, actor="key:test", today=DAY, **fields)  # type: ignore[arg-type]


def opening(stream: str = "calendar", limit: int = 100) -> Callable[[Session], Awaitable[None]]:
    """A command with a rule: at most ``limit`` events in the stream."""

    async def work(session: Session) -> None:
        state = await session.load(POSITIONS, stream)
        if len(state) >= limit:
            raise Conflict("stream-full", f"there are {len(state)} events")
        session.emit(stream, OPENED, entity="")
        session.answer(before=len(state))

    return work


async def test_a_command_appends_what_it_emitted(books: Books) -> None:
    done = await execute(books.ledger, meta(books), opening())
    assert (done.position, done.replayed, done.answer) == (1, False, {"before": 0})
    assert await done.state(POSITIONS, "calendar") == ((1,), 1)
    assert [event.data for event in done.events] == [OPENED]


async def test_a_repetition_is_answered_alike_whatever_happened_since(books: Books, other: Books) -> None:
    once = meta(books)
    first = await execute(books.ledger, once, opening(limit=1))
    await execute(other.ledger, meta(books), opening())
    for process in (books, other):
        again = await execute(process.ledger, once, opening(limit=1))
        assert again.replayed
        assert (again.answer, again.position, again.recorded_at) == (
            first.answer,
            first.position,
            first.recorded_at,
        )
        assert await again.state(POSITIONS, "calendar") == await first.state(POSITIONS, "calendar")


async def test_another_command_under_the_same_id_is_refused(books: Books) -> None:
    once = meta(books)
    await execute(books.ledger, once, opening())
    for limit in (1, 100):
        with pytest.raises(CommandReused):
            await execute(
                books.ledger, meta(books, command_id=once.command_id, fingerprint=b"x"), opening(limit=limit)
            )


async def test_a_state_from_the_cache_is_checked_by_the_append(books: Books, other: Books) -> None:
    await execute(books.ledger, meta(books), opening())
    await execute(other.ledger, meta(books), opening())
    done = await execute(books.ledger, meta(books), opening())
    assert done.answer == {"before": 2}
    assert await done.state(POSITIONS, "calendar") == ((1, 2, 3), 3)


async def test_no_refusal_comes_from_an_old_cache(books: Books, other: Books) -> None:
    """The rule here: go on only when somebody else has appended."""

    async def second_only(session: Session) -> None:
        seen = await session.load(POSITIONS, "calendar")
        if len(seen) < 2:
            raise Conflict("too-early", "not yet")

    await execute(books.ledger, meta(books), opening())
    with pytest.raises(Conflict):
        await execute(books.ledger, meta(books), second_only)
    await execute(other.ledger, meta(books), opening())
    assert (await execute(books.ledger, meta(books), second_only)).position == 2


async def test_a_stream_that_was_only_read_is_guarded(books: Books, other: Books) -> None:
    await execute(books.ledger, meta(books), opening("read"))
    runs = 0

    async def reads(session: Session) -> None:
        nonlocal runs
        runs += 1
        state = await session.load(POSITIONS, "read")
        if runs == 1:
            await execute(other.ledger, meta(books), opening("read"))
        session.emit("written", OPENED, entity="")
        session.answer(seen=len(state))

    done = await execute(books.ledger, meta(books), reads)
    assert (runs, done.answer) == (2, {"seen": 2})


async def test_a_stream_read_without_a_guard_may_move(books: Books, other: Books) -> None:
    async def reads(session: Session) -> None:
        await session.load(POSITIONS, "read", guard=False)
        await execute(other.ledger, meta(books), opening("read"))
        session.emit("written", OPENED, entity="")

    assert (await execute(books.ledger, meta(books), reads)).position == 2


async def test_a_command_that_is_always_overtaken_gives_up(books: Books, other: Books) -> None:
    runs = 0

    async def overtaken(session: Session) -> None:
        nonlocal runs
        runs += 1
        await opening()(session)
        await execute(other.ledger, meta(books), opening())

    with pytest.raises(VersionConflict):
        await execute(books.ledger, meta(books), overtaken)
    assert runs == 4
    assert await books.head() == 4


async def test_a_second_decision_sees_what_the_first_one_emitted(books: Books) -> None:
    async def twice(session: Session) -> None:
        await opening()(session)
        await opening()(session)

    done = await execute(books.ledger, meta(books), twice)
    assert done.answer == {"before": 1}
    assert await done.state(POSITIONS, "calendar") == ((1, 2), 2)


async def test_a_dry_run_tells_and_stores_nothing(books: Books) -> None:
    await execute(books.ledger, meta(books), opening())
    done: Done = await execute(books.ledger, meta(books, dry_run=True), opening())
    assert [event.version for event in done.events] == [2]
    assert done.position == 1
    assert await books.head() == 1


async def test_commands_without_events_are_answered_again(books: Books) -> None:
    async def nothing(session: Session) -> None:
        await session.load(POSITIONS, "calendar")
        session.answer(nothing=True)

    once = meta(books)
    first = await execute(books.ledger, once, nothing)
    await execute(books.ledger, meta(books), opening())
    again = await execute(books.ledger, once, nothing)
    assert (first.position, again.position, again.replayed, again.answer) == (0, 0, True, {"nothing": True})
    assert await again.state(POSITIONS, "calendar") == ((), 0)


async def test_concurrent_commands_on_one_stream_all_happen_or_say_so(books: Books) -> None:
    results = await asyncio.gather(
        *[execute(books.ledger, meta(books), opening()) for _ in range(12)], return_exceptions=True
    )
    done = [result for result in results if isinstance(result, Done)]
    assert {type(result) for result in results} <= {Done, VersionConflict}
    assert await books.head() == len(done) >= 4

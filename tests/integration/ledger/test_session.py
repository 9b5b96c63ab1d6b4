"""Load, fold, decide, append: repeated when overtaken, answered alike when repeated, never refused by an old cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from encours.contracts import Recorded
from encours.contracts.events import calendar
from encours.kernel.errors import Refusal
from encours.kernel.ids import uuid7
from encours.ledger import CommandReused, Ledger, VersionConflict
from encours.ledger.client import READERS
from encours.ledger.command import CommandMeta, Result, derived
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
    ledger = await Ledger.open(module_installation.admin_url())
    yield Books(ledger, books.name)
    await ledger.close()


def meta(books: Books, **more: object) -> CommandMeta:
    fields = {"command_id": uuid7(), "fingerprint": b"same"} | more
    return CommandMeta(ledger=books.name, actor="key:test", today=DAY, **fields)  # type: ignore[arg-type]


class StreamFull(Refusal):
    """More than the stream may hold."""

    code = "stream-full"
    title = "Stream is full"
    remedy = "Use another stream."


class Before(Result, frozen=True, kw_only=True):
    """``before``: events in the stream when the use case loaded it."""

    before: int


def opening(stream: str = "calendar", limit: int = 100) -> Callable[[Session], Awaitable[Before]]:
    """A command with a rule: at most ``limit`` events in the stream."""

    async def work(session: Session) -> Before:
        state = await session.load(POSITIONS, stream)
        if len(state) >= limit:
            raise StreamFull(f"there are {len(state)} events")
        session.emit(stream, OPENED, entity="")
        return Before(id=stream, as_of=session.today, before=len(state))

    return work


async def test_a_command_appends_what_it_emitted(books: Books) -> None:
    done = await execute(books.ledger, meta(books), opening())
    assert (done.position, done.replayed, done.result(Before).before) == (1, False, 0)
    assert await done.state(POSITIONS, "calendar") == ((1,), 1)
    assert [event.data for event in done.events] == [OPENED]


async def test_a_repetition_is_answered_alike_whatever_happened_since(books: Books, other: Books) -> None:
    once = meta(books)
    first = await execute(books.ledger, once, opening(limit=1))
    await execute(other.ledger, meta(books), opening())
    for process in (books, other):
        again = await execute(process.ledger, once, opening(limit=1))
        assert again.replayed
        assert (again.result(Before), again.position, again.recorded_at) == (
            first.result(Before),
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
    assert done.result(Before).before == 2
    assert await done.state(POSITIONS, "calendar") == ((1, 2, 3), 3)


async def test_states_that_were_preloaded_are_checked_by_the_append(books: Books, other: Books) -> None:
    for stream in ("a", "b"):
        await execute(other.ledger, meta(books), opening(stream))
    await books.ledger.preload(books.name, {"a": POSITIONS, "b": POSITIONS, "none": POSITIONS})
    await execute(other.ledger, meta(books), opening("b"))

    async def kept(session: Session) -> None:
        assert await session.load(POSITIONS, "a") == (1,)
        assert session.used_cache

    await execute(books.ledger, meta(books), kept)
    for stream, before in (("a", 1), ("b", 2), ("none", 0)):
        done = await execute(books.ledger, meta(books), opening(stream))
        assert done.result(Before).before == before


async def test_no_refusal_comes_from_an_old_cache(books: Books, other: Books) -> None:
    """The rule here: go on only when somebody else has appended."""

    async def second_only(session: Session) -> None:
        seen = await session.load(POSITIONS, "calendar")
        if len(seen) < 2:
            raise StreamFull("not yet")

    await execute(books.ledger, meta(books), opening())
    with pytest.raises(StreamFull):
        await execute(books.ledger, meta(books), second_only)
    await execute(other.ledger, meta(books), opening())
    assert (await execute(books.ledger, meta(books), second_only)).position == 2


async def test_a_stream_that_was_only_read_is_guarded(books: Books, other: Books) -> None:
    await execute(books.ledger, meta(books), opening("read"))
    runs = 0

    async def reads(session: Session) -> Before:
        nonlocal runs
        runs += 1
        state = await session.load(POSITIONS, "read")
        if runs == 1:
            await execute(other.ledger, meta(books), opening("read"))
        session.emit("written", OPENED, entity="")
        return Before(id="written", as_of=session.today, before=len(state))

    done = await execute(books.ledger, meta(books), reads)
    assert (runs, done.result(Before).before) == (2, 2)


async def test_a_stream_read_without_a_guard_may_move(books: Books, other: Books) -> None:
    async def reads(session: Session) -> None:
        await session.load(POSITIONS, "read", guard=False)
        await execute(other.ledger, meta(books), opening("read"))
        session.emit("written", OPENED, entity="")

    assert (await execute(books.ledger, meta(books), reads)).position == 2


async def test_a_stream_without_events_is_not_read_again_and_is_guarded(books: Books, other: Books) -> None:
    seen: list[tuple[int, bool]] = []

    def reads(*, guard: bool = True) -> Callable[[Session], Awaitable[None]]:
        async def work(session: Session) -> None:
            state = await session.load(POSITIONS, "rare", guard=guard)
            seen.append((len(state), session.used_cache))

        return work

    for _ in range(2):
        await execute(books.ledger, meta(books), reads())
    await execute(books.ledger, meta(books), reads(guard=False))
    await execute(other.ledger, meta(books), opening("rare"))
    await execute(books.ledger, meta(books), reads())
    assert seen == [(0, False), (0, True), (0, False), (0, True), (1, False)]


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
    async def twice(session: Session) -> Before:
        await opening()(session)
        return await opening()(session)

    done = await execute(books.ledger, meta(books), twice)
    assert done.result(Before).before == 1
    assert await done.state(POSITIONS, "calendar") == ((1, 2), 2)


async def test_a_dry_run_tells_and_stores_nothing(books: Books) -> None:
    await execute(books.ledger, meta(books), opening())
    done: Done = await execute(books.ledger, meta(books, dry_run=True), opening())
    assert [event.version for event in done.events] == [2]
    assert done.position == 1
    assert await books.head() == 1


async def test_commands_without_events_are_answered_again(books: Books) -> None:
    async def nothing(session: Session) -> Result:
        await session.load(POSITIONS, "calendar")
        return session.result("calendar")

    once = meta(books)
    first = await execute(books.ledger, once, nothing)
    await execute(books.ledger, meta(books), opening())
    again = await execute(books.ledger, once, nothing)
    assert (first.position, again.position, again.replayed, again.result(Result)) == (
        0,
        0,
        True,
        Result(id="calendar", as_of=DAY),
    )
    assert await again.state(POSITIONS, "calendar") == ((), 0)


async def test_concurrent_commands_on_one_stream_all_happen_or_say_so(books: Books) -> None:
    results = await asyncio.gather(
        *[execute(books.ledger, meta(books), opening()) for _ in range(12)], return_exceptions=True
    )
    done = [result for result in results if isinstance(result, Done)]
    assert {type(result) for result in results} <= {Done, VersionConflict}
    assert await books.head() == len(done) >= 4


async def test_a_repetition_ends_before_anything_is_looked_up(books: Books, other: Books) -> None:
    asked = []

    async def query(question: str) -> str:
        asked.append(question)
        return "answer"

    async def asks(session: Session) -> Result:
        assert await session.ask(query, "question") == "answer"
        session.emit("calendar", OPENED, entity="")
        return session.result("calendar")

    once = meta(books)
    first = await execute(books.ledger, once, asks)
    again = await execute(other.ledger, once, asks)
    assert (again.replayed, again.position, again.result(Result)) == (
        True,
        first.position,
        first.result(Result),
    )
    assert asked == ["question"]
    with pytest.raises(CommandReused):
        await execute(other.ledger, meta(books, command_id=once.command_id, fingerprint=b"x"), asks)


async def test_the_version_that_the_caller_saw_is_judged_inside_the_attempt(
    books: Books, other: Books
) -> None:
    await execute(books.ledger, meta(books), opening())
    await execute(other.ledger, meta(books), opening())

    def expect(stream: str, version: int) -> None:
        if version != 2:
            raise StreamFull(f"{stream} is at {version}")

    assert (await execute(books.ledger, meta(books), opening(), expect=expect)).position == 3
    with pytest.raises(StreamFull):
        await execute(books.ledger, meta(books), opening(), expect=expect)


async def test_a_reaction_that_is_repeated_changes_nothing_and_its_event_is_its_cause(books: Books) -> None:
    await execute(books.ledger, meta(books), opening())
    (cause,) = await books.ledger.read_stream(books.name, "calendar")

    async def react(session: Session) -> None:
        session.emit("reaction", OPENED, entity="")

    reaction = derived(books.name, cause.event_id, actor="service:test", today=DAY, because_of=cause)
    first, again = [await execute(books.ledger, reaction, react) for _ in range(2)]
    assert (first.replayed, again.replayed, again.position) == (False, True, first.position)
    (event,) = await books.ledger.read_stream(books.name, "reaction")
    assert (event.causation_id, event.actor) == (cause.event_id, "service:test")


async def test_a_stream_is_begun_where_the_caller_knows_it_to_stand(books: Books) -> None:
    await execute(books.ledger, meta(books), opening())

    async def second(session: Session) -> None:
        session.begin("calendar", version=1)
        session.emit("calendar", OPENED, entity="")

    assert (await execute(books.ledger, meta(books), second)).position == 2
    with pytest.raises(VersionConflict):
        await execute(books.ledger, meta(books), second, retries=0)


async def test_a_burst_of_reads_opens_no_more_connections(books: Books, admin: asyncpg.Connection) -> None:
    count = """
        select count(*) from pg_stat_activity
        where application_name = 'encours ledger reader' and datname = current_database()
    """
    idle: int = await admin.fetchval(count)
    await asyncio.gather(*(books.ledger.read_stream(books.name, f"inv_{n}") for n in range(64)))
    assert await admin.fetchval(count) <= idle + READERS

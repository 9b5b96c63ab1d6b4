"""One call appends a batch; every append in it is judged by itself, and positions have no holes."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from encours.kernel.ids import uuid7
from encours.ledger import (
    Appended,
    AppendRefused,
    CommandReused,
    Guard,
    Ledger,
    LedgerUnavailable,
    UnknownLedger,
    VersionConflict,
)
from encours.ledger.appending.appender import Appender
from encours.ledger.appending.wire import APPEND_SQL, Prepared, arguments
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from tests.integration.ledger.helpers import Books, event


async def together(books: Books, *appends: Any) -> list[Any]:
    return await asyncio.gather(*[books.append(a) for a in appends], return_exceptions=True)


async def positions(books: Books) -> list[tuple[int, str, int]]:
    return [(row["position"], row["stream"], row["version"]) for row in await books.rows()]


async def test_events_of_one_command_stand_together_from_position_one(books: Books) -> None:
    first = await books.append(books.command(event("inv_1"), event("inv_1", 2), event("cus_1")))
    second = await books.append(books.command(event("inv_2")))
    assert (first.first_position, first.last_position, first.head) == (1, 3, 3)
    assert (second.first_position, second.last_position) == (4, 4)
    assert await positions(books) == [(1, "inv_1", 1), (2, "inv_1", 2), (3, "cus_1", 1), (4, "inv_2", 1)]


@pytest.mark.parametrize("version", [1, 3])
async def test_a_version_that_does_not_follow_is_refused(books: Books, version: int) -> None:
    await books.append(books.command(event("inv_1")))
    with pytest.raises(VersionConflict, match="inv_1 is at version 1"):
        await books.append(books.command(event("inv_0"), event("inv_1", version)))
    assert await positions(books) == [(1, "inv_1", 1)]


async def test_versions_of_one_command_must_follow_each_other_in_order(books: Books) -> None:
    for versions in ((1, 3), (2, 1), (1, 1)):
        with pytest.raises(VersionConflict):
            await books.append(books.command(*[event("inv_1", version) for version in versions]))
    assert await positions(books) == []


async def test_a_conflict_fails_alone_and_leaves_no_gap(books: Books) -> None:
    await books.append(books.command(event("taken")))
    appends = [
        books.command(event("taken" if n % 5 == 2 else f"inv_{n}"), event(f"cus_{n}")) for n in range(50)
    ]
    results = await together(books, *appends)
    refused = [n for n, result in enumerate(results) if isinstance(result, VersionConflict)]
    assert refused == [n for n in range(50) if n % 5 == 2]
    stored = await positions(books)
    assert [position for position, _, _ in stored] == list(range(1, 1 + 1 + 2 * 40))
    for n, result in enumerate(results):
        if isinstance(result, Appended):
            assert stored[result.first_position - 1][1] == f"inv_{n}"
            assert stored[result.last_position - 1][1] == f"cus_{n}"


async def test_two_appends_of_one_stream_that_wait_together_are_judged_one_after_the_other(
    books: Books,
) -> None:
    results = await together(books, *[books.command(event("hot")) for _ in range(5)])
    assert [type(result) for result in results] == [Appended] + [VersionConflict] * 4


async def test_the_function_holds_back_what_depends_on_an_earlier_append_of_the_same_call(
    books: Books, module_installation: Installation
) -> None:
    """The appender never sends such a batch; another client might."""
    info = await books.ledger.info(books.name)
    twice = uuid7()
    batch = [
        Prepared(append, info.id, asyncio.get_running_loop())
        for append in (
            books.command(event("a"), id=twice),
            books.command(event("a")),
            books.command(event("b"), guards=(Guard("a", 0),)),
            books.command(event("c"), id=twice),
            books.command(event("d"), guards=(Guard("e", 0),)),
            books.command(event("e")),
        )
    ]
    connection = await asyncpg.connect(module_installation.admin_url())
    row = await connection.fetchrow(APPEND_SQL, *arguments(info.id, None, batch))
    await connection.close()
    assert row is not None
    assert row["verdicts"] == ["ok", "held", "held", "held", "ok", "ok"]
    assert [stream for _, stream, _ in await positions(books)] == ["a", "d", "e"]


async def test_the_same_command_again_gives_the_first_result(books: Books) -> None:
    again = books.command(event("inv_1"), event("inv_2"), answer=b'{"id":"inv_1"}')
    first = await books.append(again)
    await books.append(books.command(event("inv_3")))
    second = await books.append(again)
    assert not first.replayed
    assert second.replayed
    assert (second.first_position, second.last_position) == (1, 2)
    assert second.answer == b'{"id":"inv_1"}'
    assert second.recorded_at == first.recorded_at
    assert len(await positions(books)) == 3


async def test_the_same_command_id_for_another_command_is_refused(books: Books) -> None:
    id = uuid7()
    await books.append(books.command(event("inv_1"), id=id))
    with pytest.raises(CommandReused):
        await books.append(books.command(event("inv_2"), id=id, fingerprint=b"other"))


async def test_a_command_sent_many_times_at_once_happens_once(books: Books) -> None:
    again = books.command(event("inv_1"))
    results = await together(books, *[again] * 20)
    assert {result.last_position for result in results} == {1}
    assert sum(not result.replayed for result in results) == 1


async def test_a_command_without_events_is_recorded(books: Books) -> None:
    await books.append(books.command(event("inv_1")))
    nothing = books.command(answer=b'{"done":"already"}')
    first = await books.append(nothing)
    assert (first.first_position, first.last_position) == (2, 1)
    await books.append(books.command(event("inv_2")))
    second = await books.append(nothing)
    assert second.replayed
    assert second.answer == b'{"done":"already"}'
    assert second.last_position == 1
    stored = await books.ledger.find_command(books.name, nothing.command_id)
    assert stored is not None
    assert stored.fingerprint == b"same"


async def test_a_guard_holds_a_stream_that_is_not_written(books: Books) -> None:
    await books.append(books.command(event("cus_1"), event("cus_1", 2)))
    await books.append(books.command(event("inv_1"), guards=(Guard("cus_1", 2), Guard("cus_2", 0))))
    for guard in (Guard("cus_1", 1), Guard("cus_1", 3), Guard("inv_1", 0)):
        with pytest.raises(VersionConflict):
            await books.append(books.command(event("inv_2"), guards=(guard,)))
    with pytest.raises(VersionConflict):
        await books.append(books.command(guards=(Guard("cus_1", 1),)))


async def test_guards_of_a_batch_see_what_came_before_in_it(books: Books) -> None:
    results = await together(
        books,
        books.command(event("inv_1"), guards=(Guard("cus_1", 0),)),
        books.command(event("cus_1")),
        books.command(event("inv_2"), guards=(Guard("cus_1", 0),)),
    )
    assert [type(result) for result in results] == [Appended, Appended, VersionConflict]


async def test_a_malformed_append_fails_alone(books: Books) -> None:
    results = await together(
        books,
        books.command(event("inv_1")),
        books.command(event("inv_2", 0)),
        books.command(event("bad\0name")),
        books.command(event("inv_3")),
    )
    kinds = [type(result) for result in results]
    assert kinds[0] is kinds[3] is Appended
    assert kinds[1] in (AppendRefused, VersionConflict)
    assert kinds[2] is AppendRefused
    assert [stream for _, stream, _ in await positions(books)] == ["inv_1", "inv_3"]


async def test_ledgers_are_counted_each_for_itself(books: Books) -> None:
    other = f"{books.name}-2"
    await books.ledger.create_ledger(other, "sandbox", "UTC")
    await together(
        books, *[books.command(event(f"inv_{n}"), ledger=(other, books.name)[n % 2]) for n in range(100)]
    )
    assert (await books.ledger.head(other)).position == await books.head() == 50
    with pytest.raises(UnknownLedger):
        await books.append(books.command(event("inv_1"), ledger="nowhere"))


async def test_a_full_queue_says_so_at_once(books: Books, module_installation: Installation) -> None:
    info = await books.ledger.info(books.name)
    appender = Appender(module_installation.admin_url(), queue_events=10)
    loop = asyncio.get_running_loop()
    items = [Prepared(books.command(event(f"inv_{n}")), info.id, loop) for n in range(30)]
    results = await asyncio.gather(*[appender.append(item) for item in items], return_exceptions=True)
    await appender.close()
    assert [type(result) for result in results] == [Appended] * 10 + [LedgerUnavailable] * 20


async def test_closing_stores_what_waits(books: Books, module_installation: Installation) -> None:
    other = await Ledger.open(module_installation.admin_url())
    await other.info(books.name)
    waiting = [asyncio.create_task(other.append(books.command(event(f"inv_{n}")))) for n in range(500)]
    await asyncio.sleep(0)
    await other.close()
    assert len(await asyncio.gather(*waiting)) == 500
    assert await books.head() == 500


async def test_an_older_snapshot_may_not_append(module_installation: Installation, books: Books) -> None:
    info = await books.ledger.info(books.name)
    batch = [Prepared(books.command(event("inv_1")), info.id, asyncio.get_running_loop())]
    connection = await asyncpg.connect(module_installation.admin_url())
    with pytest.raises(asyncpg.InvalidTransactionStateError):
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchrow(APPEND_SQL, *arguments(info.id, None, batch))
    await connection.close()


async def test_a_plan_made_for_an_empty_ledger_still_serves_a_full_one(
    module_installation: Installation, admin: asyncpg.Connection
) -> None:
    """Each probe of a stream reads its own row: the ledger grows, what a command reads of it does not."""
    commands = 600
    await admin.execute("select pg_stat_reset()")
    ledger = await Ledger.open(module_installation.admin_url())
    books = Books(
        ledger, (await ledger.create_ledger(f"full-{uuid7().hex[-12:]}", "live", "Europe/Paris")).name
    )
    await books.append(books.command(event("cus_1")))
    for n in range(0, commands, 20):
        batch = [(f"inv_{m}", Guard("cus_1", 1)) for m in range(n, n + 20)]
        await together(books, *[books.command(event(s), event(s, 2), guards=(g,)) for s, g in batch])
        assert (await ledger.versions(books.name, [f"inv_{n}"])) == {f"inv_{n}": 2}
    await ledger.close()  # its connections report what they read
    async with asyncio.timeout(HANG_S):
        while True:
            row = await admin.fetchrow(
                "select sum(i.idx_tup_read), min(t.n_tup_ins) from pg_stat_user_indexes i"
                " join pg_stat_user_tables t using (relid) where relid = 'ledger.event'::regclass"
            )
            assert row is not None
            read, stored = row
            if stored >= 2 * commands:
                break
            await asyncio.sleep(0.05)
    assert read < 10 * commands


async def test_the_head_comes_with_the_last_event_of_some_types(books: Books) -> None:
    async def found(after: int, limit: int = 10) -> tuple[int, int]:
        types = ["invoice.issued", "invoice.credited"]
        return await books.ledger.head_and_last(books.name, types, after=after, limit=limit)

    assert await found(0) == (0, 0)
    noted = [event(f"cus_{n}", type="customer.noted") for n in range(3)]
    await books.append(books.command(event("a"), event("b"), *noted))
    assert [await found(after) for after in (0, 1, 2, 5, 9)] == [(5, 2), (5, 2), (5, 0), (5, 0), (5, 0)]
    assert [await found(2, limit) for limit in (2, 3)] == [(5, 5), (5, 0)]


async def test_an_event_of_no_entity_is_stored_alone_in_its_batch(books: Books) -> None:
    await books.append(books.command(event("calendar", entity="")))
    assert [row["entity"] for row in await books.rows()] == [""]

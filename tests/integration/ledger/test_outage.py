"""The connection breaks in the middle: nobody is told a guess, nothing happens twice, and the process goes on."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import asyncpg
import psutil
import pytest

from encours.kernel.ids import new_id
from encours.ledger import Append, Appended, Ledger, LedgerUnavailable
from encours.ledger.appending.appender import TIMEOUT_S, Appender
from encours.ledger.appending.wire import Prepared
from encours.ledger.migrate import LEDGER_DATABASE
from encours.testing.servers import Cluster, Installation
from encours.testing.waiting import HANG_S
from tests.integration.ledger.helpers import Books, event, numbered


def wires(connection_name: str) -> str:
    return (
        f"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{connection_name}'"
    )


async def checked(books: Books, sent: dict[object, Append], acknowledged: dict[object, Appended]) -> None:
    """What was acknowledged is stored as it was acknowledged, every command at most once, numbers without a hole."""
    rows = await books.rows()
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    by_command: dict[object, list[int]] = {}
    for row in rows:
        by_command.setdefault(row["command_id"], []).append(row["position"])
    for id, result in acknowledged.items():
        assert by_command[id] == list(range(result.first_position, result.last_position + 1))
    for id, positions in by_command.items():
        assert len(positions) == len(sent[id].events)
    found = [row["data"] for row in rows if row["data"].startswith(b'{"number":"FAC')]
    assert found == [b'{"number":"FAC-2026-%05d"}' % n for n in range(1, len(found) + 1)]


class Load:
    """Callers that append, and repeat what was left unknown under the same id, until told to stop."""

    def __init__(self, books: Books, callers: int = 16) -> None:
        self.books = books
        self.sent: dict[object, Append] = {}
        self.acknowledged: dict[object, Appended] = {}
        self.unavailable = 0
        self.stopping = False
        self.tasks = [asyncio.create_task(self._caller()) for _ in range(callers)]

    async def _caller(self) -> None:
        while not self.stopping:
            stream = new_id("inv")
            append = self.books.command(numbered(stream), event(stream, 2))
            self.sent[append.command_id] = append
            while append.command_id not in self.acknowledged:
                try:
                    self.acknowledged[append.command_id] = await self.books.append(append)
                except LedgerUnavailable:
                    self.unavailable += 1
                    await asyncio.sleep(0.01)

    async def more(self, count: int) -> None:
        """Wait until that many more commands were acknowledged."""
        goal = len(self.acknowledged) + count
        async with asyncio.timeout(HANG_S):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self.stopping = True
        await asyncio.gather(*self.tasks)


async def test_a_cut_connection_is_looked_up_and_nobody_notices(
    books: Books, admin: asyncpg.Connection
) -> None:
    load = Load(books)
    await load.more(50)
    for _ in range(10):
        await admin.execute(wires("encours appender"))
        await load.more(30)
    await load.stop()
    assert load.unavailable == 0
    await checked(books, load.sent, load.acknowledged)


async def test_an_answer_lost_after_the_commit_is_found_again(
    books: Books, module_installation: Installation
) -> None:
    """The reply is thrown away exactly when the database has committed."""
    appender = Appender(module_installation.admin_url(), connections=1)
    ledger_id = (await books.ledger.info(books.name)).id
    loop = asyncio.get_running_loop()
    await appender.append(Prepared(books.command(event("inv_0")), ledger_id, loop))
    connection = appender._connections[0]
    statement, calls = connection._statement, 0

    class LosesTheReply:
        async def fetchrow(self, *arguments: object, timeout: float) -> object:
            nonlocal calls
            calls += 1
            await statement.fetchrow(*arguments, timeout=timeout)
            raise ConnectionResetError

    connection._statement = LosesTheReply()
    appends = [books.command(numbered(f"inv_{n}")) for n in range(1, 21)]
    results = await asyncio.gather(
        *[appender.append(Prepared(append, ledger_id, loop)) for append in appends]
    )
    await appender.close()
    assert calls == 1
    assert [result.last_position for result in results] == list(range(2, 22))
    assert all(result.replayed for result in results)
    assert await books.head() == 21


async def test_a_lock_that_is_never_let_go_is_an_overload_for_all_who_wait(
    books: Books, admin: asyncpg.Connection
) -> None:
    """They are told together after one wait, not one after the other."""
    ledger_id = (await books.ledger.info(books.name)).id
    count = 50
    async with admin.transaction(), asyncio.timeout(TIMEOUT_S * count / 2):
        await admin.execute("select pg_advisory_xact_lock(1162756943, $1::int)", ledger_id)
        appends = [books.append(books.command(event(f"inv_{n}"))) for n in range(count)]
        results = await asyncio.gather(*appends, return_exceptions=True)
    assert {type(result) for result in results} == {LedgerUnavailable}
    assert (await books.append(books.command(event("inv_0")))).first_position == 1


@contextmanager
def restarting(cluster: Cluster) -> Iterator[Restarts]:
    restarts = Restarts(cluster)
    try:
        yield restarts
    finally:
        restarts.stop()


class Restarts:
    """Kills PostgreSQL and starts it again."""

    def __init__(self, cluster: Cluster) -> None:
        self._postgres = cluster.postgres
        self._process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """All of it: sessions outlive their postmaster for a moment, and would still answer."""
        pid = self._postgres.running_pid()
        assert pid is not None
        postmaster = psutil.Process(pid)
        for process in (postmaster, *postmaster.children()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    async def start(self) -> None:
        self._process = await asyncio.to_thread(self._postgres.start)

    def stop(self) -> None:
        if self._process is not None:
            self._postgres.stop(self._process)


@pytest.fixture
async def own_books(own_cluster: Cluster) -> AsyncIterator[Books]:
    ledger = await Ledger.open(own_cluster.postgres.dsn(LEDGER_DATABASE))
    await ledger.create_ledger("books", "live", "UTC")
    yield Books(ledger, "books")
    await ledger.close()


async def test_the_database_is_killed_under_load_and_the_process_goes_on(
    own_books: Books, own_cluster: Cluster
) -> None:
    with restarting(own_cluster) as postgres:
        load = Load(own_books)
        await load.more(100)
        for _ in range(3):
            postgres.kill()
            await postgres.start()
            await load.more(100)
        await load.stop()
        await checked(own_books, load.sent, load.acknowledged)


async def test_a_ledger_that_stays_away_is_said_to_be_away(own_books: Books, own_cluster: Cluster) -> None:
    appender = Appender(str(own_cluster.postgres.dsn(LEDGER_DATABASE)), timeout_s=0.5)
    ledger_id = (await own_books.ledger.info("books")).id
    loop = asyncio.get_running_loop()
    await appender.append(Prepared(own_books.command(event("inv_0")), ledger_id, loop))
    with restarting(own_cluster) as postgres:
        postgres.kill()
        waiting = [
            appender.append(Prepared(own_books.command(event(f"inv_{n}")), ledger_id, loop)) for n in range(9)
        ]
        async with asyncio.timeout(HANG_S):
            results = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(result) for result in results} == {LedgerUnavailable}
        with pytest.raises(LedgerUnavailable):
            await own_books.rows()
        await postgres.start()
        result = await appender.append(Prepared(own_books.command(event("inv_9")), ledger_id, loop))
        assert not result.replayed
        assert (await own_books.head()) >= 2
    await appender.close()

"""Sandboxes in the database: whole copies or none, and nothing but a dropped sandbox can be deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import pytest

from encours.kernel.errors import Invalid
from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.ledger.errors import CommandReused, UnknownLedger
from encours.ledger.sandboxes import (
    Sandbox,
    SandboxBeingMade,
    SandboxHasCopies,
    SandboxLimits,
    SandboxNameTaken,
    SandboxTooLarge,
    TooManySandboxes,
    drop,
    fork,
    prove,
    purge,
    sandboxes_of,
)
from encours.ledger.selfcheck import self_check
from encours.postgres.connection import open_pool
from encours.service.dropped import DroppedLedgers
from encours.testing.servers import Installation
from encours.testing.waiting import until
from encours.transport.client import NatsConnection
from tests.integration.ledger.helpers import Books, event, numbered

LIMITS = SandboxLimits(1000, 1_000_000)


@pytest.fixture
async def dunning(module_installation: Installation) -> AsyncIterator[Ledger]:
    """The ledger as dunning-svc opens it: with its role's rights alone."""
    ledger = await Ledger.open(module_installation.ledger_url("dunning"))
    yield ledger
    await ledger.close()


def new_name() -> str:
    return f"copy-{uuid7().hex[-12:]}"


async def copy(ledger: Ledger, source: str, position: int | None = None, **more: Any) -> Sandbox:
    given: dict[str, Any] = {
        "name": new_name(),
        "note": "A test",
        "command_id": uuid7(),
        "fingerprint": b"same",
        "actor": "key:test",
        "limits": LIMITS,
    } | more
    return await fork(ledger, source, position=position, **given)


def invoice(n: int, on: date) -> Any:
    given = numbered(f"inv_{n}", on=on)
    return event(
        given.stream, on=on, number=given.number, data=b'{"number":"","origin":"here","series":"FAC"}'
    )


async def filled(books: Books, count: int = 6) -> Books:
    """A ledger of `count` invoices, each with its draft in one command, two a month, and commands without events."""
    for n in range(1, count + 1):
        await books.append(
            books.command(
                event(f"cus_{n}", type="customer.noted"),
                invoice(n, date(2025, 12, 31) if n < 3 else date(2026, n, 1)),
            )
        )
        await books.append(books.command())
    return books


async def test_a_sandbox_has_every_byte_up_to_its_position_and_goes_on_from_there(
    books: Books, dunning: Ledger, admin: asyncpg.Connection
) -> None:
    await filled(books)
    whole, early = await copy(dunning, books.name), await copy(dunning, books.name, 8)
    await books.append(books.command(event("cus_9", type="customer.noted")))
    assert (whole.position, early.position) == (12, 8)
    for made in (whole, early):
        info = await dunning.info(made.name)
        last = (await dunning.read_raw(made.name, made.position - 1, 9))[-1]
        assert (info.kind, info.copy_of, info.effects_from) == ("sandbox", books.name, made.position)
        assert (info.clock_at, last["position"]) == (last["recorded_at"], made.position)
        proof = await prove(dunning, made)
        assert proof.source_sha256 == proof.sandbox_sha256
        assert await self_check(admin, full=True, ledger=made.name) == []
        series = await admin.fetch(
            "select entity, code, year, last_number, last_issued_on from ledger.series where ledger = $1 order by year",
            made.id,
        )
        months = (made.position // 2) - 2
        assert [tuple(row) for row in series] == [
            ("ent_a", "FAC", 2025, 2, date(2025, 12, 31)),
            ("ent_a", "FAC", 2026, months, date(2026, months + 2, 1)),
        ]
        commands = (
            "select * from ledger.command where ledger = $1 and last_position <= $2 order by command_id"
        )
        mine, theirs = [
            [tuple(row)[1:] for row in await admin.fetch(commands, number, made.position)]
            for number in (made.id, (await dunning.info(books.name)).id)
        ]
        assert mine == theirs
    here = Books(books.ledger, early.name)
    appended = await here.append(here.command(invoice(7, date(2026, 5, 1))))
    assert (appended.first_position, appended.numbers) == (9, ("FAC-2026-00003",))
    assert (await prove(dunning, early)).source_sha256 == (await prove(dunning, early)).sandbox_sha256


async def test_a_changed_byte_of_a_sandbox_is_found(
    books: Books, dunning: Ledger, admin: asyncpg.Connection
) -> None:
    made = await copy(dunning, (await filled(books)).name)
    await admin.execute("alter table ledger.event disable trigger append_only")
    await admin.execute("update ledger.event set data = '{}' where ledger = $1 and position = 3", made.id)
    await admin.execute("alter table ledger.event enable always trigger append_only")
    proof = await prove(dunning, made)
    assert proof.source_sha256 != proof.sandbox_sha256


async def test_a_command_that_is_repeated_makes_one_sandbox(books: Books, dunning: Ledger) -> None:
    await filled(books, 1)
    again: dict[str, Any] = {"name": new_name(), "command_id": uuid7()}
    first = await copy(dunning, books.name, **again)
    assert await copy(dunning, books.name, **again) == first
    with pytest.raises(CommandReused):
        await copy(dunning, books.name, **again | {"fingerprint": b"other"})
    assert await sandboxes_of(dunning, books.name) == [first]


async def test_what_cannot_be_copied_is_refused(books: Books, dunning: Ledger) -> None:
    with pytest.raises(Invalid, match="ends at position 0"):
        await copy(dunning, books.name)
    await filled(books, 2)
    with pytest.raises(Invalid, match="Position 3 is within a command, which has the positions 3 to 4"):
        await copy(dunning, books.name, 3)
    with pytest.raises(Invalid, match="ends at position 4"):
        await copy(dunning, books.name, 5)
    for limits, refusal in (
        (SandboxLimits(1000, 3), SandboxTooLarge),
        (SandboxLimits(0, 9), TooManySandboxes),
    ):
        with pytest.raises(refusal):
            await copy(dunning, books.name, limits=limits)
    with pytest.raises(SandboxNameTaken):
        await copy(dunning, books.name, name=books.name)


async def test_two_at_once_make_one_of_a_name_and_keep_to_the_limit(books: Books, dunning: Ledger) -> None:
    await filled(books, 2)
    name = new_name()
    same = await asyncio.gather(
        *(copy(dunning, books.name, name=name) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in same) == ["Sandbox", "SandboxNameTaken"]
    kept = (await dunning.query("select count(*) from ledger.sandbox where dropped_at is null"))[0][0]
    limits = SandboxLimits(kept + 1, 100)
    found = await asyncio.gather(
        *(copy(dunning, books.name, limits=limits) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in found) == ["Sandbox", "TooManySandboxes", "TooManySandboxes"]


async def test_a_copy_that_is_killed_leaves_nothing(
    books: Books, module_installation: Installation, admin: asyncpg.Connection
) -> None:
    """The copy waits for the table of series, which it fills last; there its connection is ended."""
    await filled(books)
    connection = await asyncpg.connect(module_installation.ledger_url("dunning"))
    name, command_id = new_name(), uuid7()
    blocker = admin.transaction()
    await blocker.start()
    await admin.execute("lock table ledger.series in access exclusive mode")
    copying = asyncio.create_task(
        connection.fetch(
            "select ledger.fork_sandbox($1, $2, null, '', $3, '', 'key:test', 1000, 1000)",
            *(books.name, name, command_id),
        )
    )
    pid = connection.get_server_pid()
    waiting = "select count(*) from pg_locks where pid = $1 and not granted and relation = 'ledger.series'::regclass"

    async def is_waiting() -> bool:
        return bool(await admin.fetchval(waiting, pid))

    await until(is_waiting)
    await admin.execute("select pg_terminate_backend($1)", pid)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await copying
    await blocker.rollback()
    for table in ("sandbox", "ledgers"):
        assert await admin.fetchval(f"select count(*) from ledger.{table} where name = $1", name) == 0
    orphans = "select count(*) from ledger.{} e where not exists (select from ledger.ledgers l where l.id = e.ledger)"
    assert [await admin.fetchval(orphans.format(table)) for table in ("event", "command", "series")] == [
        0,
        0,
        0,
    ]
    made = await copy(books.ledger, books.name, name=name, command_id=command_id)
    assert (await prove(books.ledger, made)).positions == 12


async def _rows_of(admin: asyncpg.Connection, ledger_id: int) -> list[int]:
    tables = ("event", "command", "series", "ledgers")
    return [
        await admin.fetchval(
            f"select count(*) from ledger.{table} where {'id' if table == 'ledgers' else 'ledger'} = $1",
            ledger_id,
        )
        for table in tables
    ]


async def test_a_dropped_sandbox_is_deleted_and_its_source_is_not(
    books: Books, dunning: Ledger, admin: asyncpg.Connection
) -> None:
    await filled(books)
    made, other = await copy(dunning, books.name), await copy(dunning, books.name)
    source_id = (await dunning.info(books.name)).id
    before = [await _rows_of(admin, each) for each in (source_id, other.id)]
    writer = Books(books.ledger, made.name)
    await writer.append(writer.command(event("cus_10")))
    dropped = await drop(dunning, made.name, "key:other")
    assert (dropped.dropped_by, await drop(dunning, made.name, "key:third")) == ("key:other", dropped)
    with pytest.raises(UnknownLedger):
        await dunning.info(made.name, fresh=True)
    with pytest.raises(UnknownLedger):
        await writer.append(writer.command(event("cus_11")))
    while await purge(dunning):
        pass
    assert await _rows_of(admin, made.id) == [0, 0, 0, 0]
    assert [await _rows_of(admin, each) for each in (source_id, other.id)] == before
    with pytest.raises(SandboxNameTaken):
        await copy(dunning, books.name, name=made.name)
    with pytest.raises(Invalid, match="was dropped"):
        await books.ledger.create_ledger(made.name, "live", "Europe/Paris")


async def test_a_sandbox_that_was_copied_is_dropped_after_its_copies(books: Books, dunning: Ledger) -> None:
    """A copy is asked about in its source: without that ledger nobody could drop it."""
    made = await copy(dunning, (await filled(books, 1)).name)
    second = await copy(dunning, made.name)
    with pytest.raises(SandboxHasCopies, match=f"{made.name} has been copied: {second.name}"):
        await drop(dunning, made.name, "key:test")
    assert (await dunning.info(made.name, fresh=True)).copy_of == books.name
    await drop(dunning, second.name, "key:test")
    assert (await drop(dunning, made.name, "key:test")).dropped_by == "key:test"


async def test_who_waits_for_a_sandbox_that_is_being_made_is_refused(
    books: Books, dunning: Ledger, admin: asyncpg.Connection
) -> None:
    made = await copy(dunning, (await filled(books, 1)).name)
    async with admin.transaction():
        await admin.execute("select pg_advisory_xact_lock(1162756943, 0)")
        found = await asyncio.gather(
            copy(dunning, books.name), drop(dunning, made.name, "key:test"), return_exceptions=True
        )
    assert [type(each) for each in found] == [SandboxBeingMade, SandboxBeingMade]


async def test_a_dropped_sandbox_is_forgotten_while_nats_is_away(
    books: Books, dunning: Ledger, module_installation: Installation
) -> None:
    """Its stream is deleted later: nothing waits for that, and no ledger is followed later because of it."""
    made = await copy(dunning, (await filled(books, 1)).name)
    await drop(dunning, made.name, "key:test")
    pool = await open_pool(module_installation.store_url("dunning"), "test", size=1)
    await pool.execute("create table if not exists kept (ledger text)")
    await pool.execute("insert into kept values ($1), ('other')", made.name)
    away, dropped = NatsConnection("nats://127.0.0.1:1", "test"), DroppedLedgers(["cases"])
    try:
        assert await asyncio.wait_for(dropped.forget(dunning, pool, away), 10) is False
        assert await dropped.forget(dunning, pool, None) is True
        assert [row[0] for row in await pool.fetch("select ledger from kept")] == ["other"]
    finally:
        await away.close()
        await pool.execute("drop table kept")
        await pool.close()


FORGERIES = (
    "delete from ledger.event where ledger = {real}",
    "delete from ledger.command where ledger = {real}",
    "insert into ledger.sandbox (id, name, source, position, note, command_id, fingerprint, created_by)"
    " select id, name, 'main', 1, '', gen_random_uuid(), '', 'x' from ledger.ledgers where id = {real}",
    "update ledger.sandbox set id = {real} where id = {copy}",
    "update ledger.sandbox set dropped_at = now(), dropped_by = 'x', id = {real} where id = {copy}",
    "delete from ledger.sandbox where id = {copy}",
    "truncate ledger.sandbox",
)


@pytest.mark.parametrize("statement", FORGERIES)
@pytest.mark.parametrize("role", ["encours_dunning", "encours_owner", "postgres"])
async def test_nobody_passes_a_ledger_off_as_a_dropped_sandbox(
    books: Books, dunning: Ledger, admin: asyncpg.Connection, statement: str, role: str
) -> None:
    """Neither a service, which has no right to, nor the owner or a superuser, whom a trigger refuses."""
    made = await copy(dunning, (await filled(books, 1)).name)
    real = (await dunning.info(books.name)).id
    await admin.execute("reset role" if role == "postgres" else f"set role {role}")
    refused = (
        asyncpg.InsufficientPrivilegeError if role == "encours_dunning" else asyncpg.RestrictViolationError
    )
    with pytest.raises(refused):
        await admin.execute(statement.format(real=real, copy=made.id))


async def test_only_a_sandbox_is_dropped_and_only_by_dunning(
    books: Books, dunning: Ledger, module_installation: Installation
) -> None:
    await filled(books, 1)
    with pytest.raises(UnknownLedger):
        await drop(dunning, books.name, "key:test")
    while await purge(dunning):
        pass
    assert await books.head() == 2
    for service in ("invoice", "risk", "reporting"):
        connection = await asyncpg.connect(module_installation.ledger_url(service))
        for call in ("drop_sandbox('x', 'y')", "purge_sandboxes(1)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"select ledger.{call}")
        await connection.close()

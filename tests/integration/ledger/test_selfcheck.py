"""A process refuses to start on a ledger that it can't rely on, and says what to do."""

from __future__ import annotations

from itertools import product

import asyncpg
import pytest

from encours.ledger import Ledger, LedgerUnavailable
from encours.ledger.admin import new_epoch
from encours.ledger.selfcheck import SelfCheckFailed, require_sound, self_check
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import Books, event, numbered

COLUMNS = """position, recorded_at, version, effective_on, ledger, schema_version, event_id, command_id, stream, type,
  entity, actor, data"""

GUARDED = tuple(product(("event", "command"), ("append_only", "append_only_rows")))


@pytest.fixture
async def filled(books: Books) -> Books:
    for n in range(5):
        await books.append(books.command(numbered(f"inv_{n}"), event(f"inv_{n}", 2)))
    return books


async def tamper(admin: asyncpg.Connection, *statements: str) -> None:
    """As someone with the server in their hands would."""
    for table, trigger in GUARDED:
        await admin.execute(f"alter table ledger.{table} disable trigger {trigger}")
    for statement in statements:
        await admin.execute(statement)
    for table, trigger in GUARDED:
        await admin.execute(f"alter table ledger.{table} enable always trigger {trigger}")


async def test_a_sound_ledger_passes_as_every_service_sees_it(
    filled: Books, module_installation: Installation
) -> None:
    for service in ("invoice", "dunning", "risk", "reporting"):
        await require_sound(module_installation.ledger_url(service))
    await require_sound(module_installation.admin_url("ledger"), full=True)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("delete from ledger.event where ledger = {id} and position = 4", "positions are not 1..n"),
        ("delete from ledger.event where ledger = {id} and position = 10", "claims"),
        ("update ledger.event set version = 3 where ledger = {id} and position = 4", "versions are not 1..n"),
        (
            "update ledger.event set recorded_at = now() - interval '1 day' where ledger = {id} and position = 7",
            "goes back",
        ),
        ("delete from ledger.command where ledger = {id} and first_position = 3", "lacks its command"),
        (
            "update ledger.command set last_position = last_position + 1 where ledger = {id} and first_position = 3",
            "claims",
        ),
    ],
)
async def test_every_change_by_hand_is_found(
    filled: Books, admin: asyncpg.Connection, change: str, complaint: str
) -> None:
    ledger_id = (await filled.ledger.info(filled.name)).id
    await tamper(admin, change.format(id=ledger_id))
    findings = await self_check(admin, full=True, ledger=filled.name)
    assert any(complaint in finding.what for finding in findings), findings
    await remove(admin, ledger_id)


async def remove(admin: asyncpg.Connection, ledger_id: int) -> None:
    """The other tests of this module share the database and check all of it."""
    await tamper(
        admin, *[f"delete from ledger.{table} where ledger = {ledger_id}" for table in ("event", "command")]
    )


async def test_a_disabled_trigger_is_found(
    admin: asyncpg.Connection, module_installation: Installation
) -> None:
    await admin.execute("alter table ledger.event disable trigger append_only")
    with pytest.raises(SelfCheckFailed, match="enable always trigger append_only"):
        await Ledger.open(module_installation.ledger_url("invoice"), check=True)
    await admin.execute("alter table ledger.event enable always trigger append_only")


async def test_synchronous_commit_off_is_found(admin: asyncpg.Connection) -> None:
    await admin.execute("set synchronous_commit = off")
    findings = await self_check(admin)
    assert [finding.advice for finding in findings] == [
        "set synchronous_commit = on (or stronger) for the server and the role"
    ]


async def test_a_schema_that_lags_behind_is_found(
    admin: asyncpg.Connection, module_installation: Installation
) -> None:
    row = await admin.fetchrow(
        "delete from public.schema_migration where name = '0002_append.sql' returning name, sha256"
    )
    with pytest.raises(SelfCheckFailed, match="encours migrate"):
        await require_sound(module_installation.ledger_url("invoice"))
    await admin.execute("insert into public.schema_migration (name, sha256) values ($1, $2)", *(row or ()))


async def test_a_new_epoch_is_never_one_that_was(filled: Books, admin: asyncpg.Connection) -> None:
    ledger: Ledger = filled.ledger
    before = (await ledger.info(filled.name, fresh=True)).epoch
    after = await new_epoch(admin, filled.name)
    assert after > before
    head = await ledger.head(filled.name)
    assert head.epoch == after
    assert (await ledger.info(filled.name, fresh=True)).effects_from == head.position > 0


async def test_a_server_that_is_away_does_not_keep_a_process_from_starting() -> None:
    ledger = await Ledger.open("postgresql://nobody@127.0.0.1:1/nothing", check=True)
    with pytest.raises(LedgerUnavailable):
        await ledger.ledgers()
    await ledger.close()


async def test_an_instant_that_is_still_to_come_is_said_and_refuses_nothing(
    filled: Books,
    admin: asyncpg.Connection,
    module_installation: Installation,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A clock that was ahead once: every later event gets its instant, until then."""
    ledger_id = (await filled.ledger.info(filled.name)).id
    await tamper(
        admin,
        "update ledger.event set recorded_at = now() + interval '1 day' "
        f"where ledger = {ledger_id} and position = 10",
    )
    (finding,) = await self_check(admin, ledger=filled.name)
    assert "still to come" in finding.what
    await require_sound(module_installation.ledger_url())
    assert "still to come" in caplog.text
    caplog.clear()
    await filled.append(filled.command(event("inv_9")))
    await filled.append(filled.command(event("inv_10")))
    assert caplog.text.count("ahead of this machine's clock") == 1

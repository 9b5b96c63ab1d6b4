"""Three times kept apart: what the ledger learned never goes back, and a sandbox has a clock of its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from encours.kernel.errors import Invalid
from encours.kernel.ids import uuid7
from encours.ledger import AppendRefused, Ledger
from tests.integration.ledger.helpers import Books, event

START = datetime(2010, 12, 1, 5, 0, tzinfo=UTC)


@pytest.fixture
async def sandbox(books: Books) -> Books:
    info = await books.ledger.create_ledger(
        f"sand-{uuid7().hex[-12:]}", "sandbox", "Europe/Paris", clock_at=START
    )
    return Books(books.ledger, info.name)


async def test_recorded_at_never_goes_back(books: Books) -> None:
    appends = [books.command(*[event(f"inv_{n}", v) for v in range(1, 1 + n % 3)]) for n in range(300)]
    await asyncio.gather(*[books.append(append) for append in appends])
    times = [row["recorded_at"] for row in await books.rows()]
    assert times == sorted(times)


async def test_recorded_at_stays_when_the_clock_goes_back(books: Books, admin: asyncpg.Connection) -> None:
    """As if the server's clock had been set back a year after the last event."""
    future = datetime.now(UTC) + timedelta(365)
    ledger_id = (await books.ledger.info(books.name)).id
    await admin.execute(
        """insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version, event_id,
             command_id, stream, type, entity, actor, data)
           values (1, $1, 1, current_date, $2, 1, gen_random_uuid(), gen_random_uuid(), 's', 'x.y', '', '', '')""",
        future,
        ledger_id,
    )
    assert (await books.append(books.command(event("inv_1")))).recorded_at == future


async def test_position_at_is_the_last_one_known_at_an_instant(sandbox: Books) -> None:
    instants = [START + timedelta(days=day) for day in (0, 0, 1, 1, 1, 4, 9)]
    for n, instant in enumerate(instants):
        await sandbox.append(sandbox.command(event(f"inv_{n}"), clock_at=instant))
    for days in range(-1, 11):
        for seconds in (-1, 0, 1):
            instant = START + timedelta(days=days, seconds=seconds)
            expected = sum(recorded <= instant for recorded in instants)
            assert await sandbox.ledger.position_at(sandbox.name, instant) == expected


async def test_a_sandbox_records_at_its_own_clock_which_only_moves_forward(sandbox: Books) -> None:
    ledger: Ledger = sandbox.ledger
    assert (await sandbox.append(sandbox.command(event("a")))).recorded_at == START
    later = START + timedelta(days=3)
    assert (await sandbox.append(sandbox.command(event("b"), clock_at=later))).recorded_at == later
    assert await ledger.today(sandbox.name) == date(2010, 12, 4)
    assert (await sandbox.append(sandbox.command(event("c"), clock_at=START))).recorded_at == later
    assert (await sandbox.append(sandbox.command(event("d")))).recorded_at == later


async def test_today_is_the_date_in_the_ledgers_zone(sandbox: Books) -> None:
    await sandbox.append(sandbox.command(clock_at=datetime(2010, 12, 31, 23, 30, tzinfo=UTC)))
    assert await sandbox.ledger.today(sandbox.name) == date(2011, 1, 1)


async def test_events_of_different_instants_that_wait_together_keep_their_own(sandbox: Books) -> None:
    instants = [START + timedelta(days=n) for n in range(6)]
    results = await asyncio.gather(
        *[sandbox.append(sandbox.command(event(f"s{n}"), clock_at=at)) for n, at in enumerate(instants)]
    )
    assert [result.recorded_at for result in results] == instants


async def test_a_live_ledger_has_no_clock_to_set(books: Books) -> None:
    with pytest.raises(AppendRefused, match="sandbox"):
        await books.append(books.command(event("inv_1"), clock_at=START))


async def test_creating_a_ledger_again_leaves_it_as_it_is(books: Books) -> None:
    await books.append(books.command(event("inv_1")))
    before = await books.ledger.info(books.name, fresh=True)
    assert await books.ledger.create_ledger(books.name, "sandbox", "UTC") == before
    with pytest.raises(Invalid, match="time zone"):
        await books.ledger.create_ledger("nowhere", "live", "Mars/Olympus")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        *((name, "Europe/Paris") for name in ("Bad Name", "UP", "", "-a", "a" * 41)),
        *(("zoned", zone) for zone in ("Mars/Phobos", "europe/paris", "UTC+3", "", "../etc/passwd")),
    ],
)
async def test_a_ledger_that_its_readers_could_not_read_is_not_made(
    books: Books, name: str, zone: str
) -> None:
    with pytest.raises(Invalid, match="named" if zone == "Europe/Paris" else "time zone"):
        await books.ledger.create_ledger(name, "live", zone)
    assert name not in {info.name for info in await books.ledger.ledgers()}


async def test_a_list_of_ledgers_may_be_a_little_old_for_who_says_so(books: Books) -> None:
    before = await books.ledger.ledgers(within_s=60)
    made = f"later-{uuid7().hex[-12:]}"
    await books.ledger.create_ledger(made, "sandbox", "UTC")
    assert await books.ledger.ledgers(within_s=60) == before
    assert made in {info.name for info in await books.ledger.ledgers()}
    assert made in {info.name for info in await books.ledger.ledgers(within_s=60)}

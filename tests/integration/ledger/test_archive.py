"""A ledger moves as one file: the same rows bit for bit, or nothing at all."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import asyncpg
import pytest

from encours.kernel.errors import Invalid
from encours.kernel.ids import uuid7
from encours.ledger import CommandReused, IssueDateBeforeLast, VersionConflict
from encours.ledger.archive import ArchiveInvalid, LedgerNotEmpty, export_ledger, load_ledger, verify_archive
from encours.ledger.selfcheck import SelfCheckFailed
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import DAY, Books, event, numbered

ROWS = "select * from ledger.{} where ledger = (select id from ledger.ledgers where name = $1) order by {}"
TABLES = {"event": "position", "command": "command_id", "series": "entity, code, year"}


async def fill(books: Books) -> None:
    await books.append(books.command(event("cus_1", data='{"name":"Müller €"}'.encode()), numbered("inv_1")))
    await books.append(
        books.command(event("inv_1", 2, data=b"\xff\x00\n"), reason="because", correlation_id=uuid7(),
                      causation_id=uuid7(), traceparent="00-a-b-01")
    )  # fmt: skip
    await books.append(books.command(answer=b'{"nothing":true}'))
    await books.append(books.command(*[numbered(f"inv_{n}") for n in range(2, 300)]))


async def content(admin: asyncpg.Connection, name: str) -> dict[str, list[dict[str, object]]]:
    return {
        table: [{**row, "ledger": 0} for row in await admin.fetch(ROWS.format(table, order), name)]
        for table, order in TABLES.items()
    }


@pytest.fixture
async def archive(books: Books, module_installation: Installation, tmp_path: Path) -> Path:
    await fill(books)
    file = tmp_path / "books.ndjson.gz"
    await export_ledger(module_installation.admin_url("ledger"), books.name, file)
    return file


async def test_what_is_loaded_is_what_was_exported(
    books: Books, archive: Path, admin: asyncpg.Connection, module_installation: Installation
) -> None:
    copy = Books(books.ledger, f"{books.name}-copy")
    await load_ledger(module_installation.admin_url("ledger"), archive, name=copy.name)
    assert await content(admin, copy.name) == await content(admin, books.name)

    source, target = await books.ledger.info(books.name), await books.ledger.info(copy.name)
    assert target.epoch > source.epoch
    assert target.effects_from == 301
    assert (target.time_zone, target.created_at) == (source.time_zone, source.created_at)


async def test_a_loaded_ledger_goes_on_where_the_first_one_stood(
    books: Books, archive: Path, module_installation: Installation
) -> None:
    copy = Books(books.ledger, f"{books.name}-copy")
    await load_ledger(module_installation.admin_url("ledger"), archive, name=copy.name)
    first = (await books.rows())[0]
    with pytest.raises(CommandReused):
        await copy.append(copy.command(event("x"), id=first["command_id"], fingerprint=b"other"))
    with pytest.raises(VersionConflict):
        await copy.append(copy.command(event("inv_1")))
    with pytest.raises(IssueDateBeforeLast):
        await copy.append(copy.command(numbered("inv_0", on=DAY.replace(day=1))))
    done = await copy.append(copy.command(numbered("inv_0")))
    assert (done.first_position, done.numbers) == (302, ("FAC-2026-00300",))


async def test_an_archive_is_text_that_a_person_can_read(archive: Path, books: Books) -> None:
    lines = gzip.decompress(archive.read_bytes()).decode().splitlines()
    assert lines[0].startswith('{"line":"header","format":"encours-ledger/1"')
    assert any('"data":{"name":"Müller €"}' in line for line in lines)
    assert lines[-1].startswith('{"line":"end","commands":4,"events":301,"series":1,')
    assert verify_archive(archive).name == books.name


async def test_the_same_ledger_gives_the_same_file(
    books: Books, archive: Path, module_installation: Installation, tmp_path: Path
) -> None:
    again = tmp_path / "again.gz"
    await export_ledger(module_installation.admin_url("ledger"), books.name, again)
    assert again.read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("damage", ["changed", "short", "line lost", "swapped", "bytes"])
async def test_a_damaged_archive_is_refused_whole(
    books: Books, archive: Path, module_installation: Installation, damage: str
) -> None:
    lines = gzip.decompress(archive.read_bytes()).splitlines(keepends=True)
    match damage:
        case "changed":
            lines[5] = lines[5].replace(b"inv", b"iNv")
        case "short":
            lines = lines[:-1]
        case "line lost":
            del lines[20]
        case "swapped":
            lines[20], lines[21] = lines[21], lines[20]
        case "bytes":
            pass
    damaged = gzip.compress(b"".join(lines))
    archive.write_bytes(damaged[: len(damaged) // 2] if damage == "bytes" else damaged)
    with pytest.raises(ArchiveInvalid):
        await load_ledger(module_installation.admin_url("ledger"), archive, name="damaged")
    assert "damaged" not in {info.name for info in await books.ledger.ledgers()}


async def test_an_archive_is_not_loaded_over_events(
    books: Books, archive: Path, module_installation: Installation
) -> None:
    with pytest.raises(LedgerNotEmpty):
        await load_ledger(module_installation.admin_url("ledger"), archive)
    assert await books.head() == 301


async def test_a_sound_file_of_an_unsound_ledger_is_not_loaded(
    books: Books, admin: asyncpg.Connection, module_installation: Installation, tmp_path: Path
) -> None:
    await fill(books)
    ledger_id = (await books.ledger.info(books.name)).id
    await admin.execute(
        """insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version, event_id,
             command_id, stream, type, entity, actor, data)
           values (302, now(), 7, current_date, $1, 1, gen_random_uuid(), gen_random_uuid(), 's', 'x.y', '', '', '')""",
        ledger_id,
    )
    file = tmp_path / "unsound.gz"
    await export_ledger(module_installation.admin_url("ledger"), books.name, file)
    with pytest.raises(SelfCheckFailed, match="versions"):
        await load_ledger(module_installation.admin_url("ledger"), file, name="unsound")
    assert "unsound" not in {info.name for info in await books.ledger.ledgers()}


def _forged(archive: Path, old: bytes, new: bytes) -> None:
    """Change it and give it the digest that it then has."""
    lines = gzip.decompress(archive.read_bytes()).replace(old, new, 1).splitlines(keepends=True)
    digest = hashlib.sha256(b"".join(lines[:-1])).hexdigest().encode()
    lines[-1] = re.sub(rb'"sha256":"[0-9a-f]+"', b'"sha256":"' + digest + b'"', lines[-1])
    archive.write_bytes(gzip.compress(b"".join(lines)))


async def test_an_archive_whose_time_zone_python_does_not_know_is_not_loaded(
    books: Books, archive: Path, module_installation: Installation
) -> None:
    _forged(archive, b"Europe/Paris", b"europe/paris")
    with pytest.raises(Invalid, match="europe/paris"):
        await load_ledger(module_installation.admin_url("ledger"), archive, name="zoned")
    assert "zoned" not in {info.name for info in await books.ledger.ledgers()}


async def test_an_archive_that_repeats_a_version_of_a_stream_is_not_loaded(
    books: Books, archive: Path, module_installation: Installation
) -> None:
    _forged(archive, b'"stream":"inv_3"', b'"stream":"inv_2"')
    with pytest.raises(ArchiveInvalid, match="event lines do not make a ledger"):
        await load_ledger(module_installation.admin_url("ledger"), archive, name="repeated")
    assert "repeated" not in {info.name for info in await books.ledger.ledgers()}

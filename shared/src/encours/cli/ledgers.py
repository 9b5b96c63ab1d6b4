"""`encours ledger`: ledgers of an installation, and their export and load."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from encours.cli.aside import set_aside
from encours.cli.common import (
    AsJson,
    CliError,
    Exit,
    LocalInstallation,
    err,
    installation,
    out,
    print_json,
    progress,
    table,
)
from encours.cli.database import auditor_login, require_database, run_with_database
from encours.embedded.setup import TIME_ZONE
from encours.kernel.errors import Invalid
from encours.ledger import Ledger, LedgerInfo
from encours.ledger.admin import new_epoch
from encours.ledger.archive import (
    ArchiveInvalid,
    Header,
    LedgerNotEmpty,
    Progress,
    check_content,
    export_ledger,
    load_ledger,
    verify_archive,
)
from encours.ledger.content import ContentInvalid
from encours.ledger.selfcheck import SelfCheckFailed
from encours.postgres.connection import connect

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

T = TypeVar("T")
_NOT_PROVEN = (
    "The archive is whole and fits together. That nobody has rewritten it, only a digest or a signature that was kept "
    "elsewhere can show: compare sha256sum of the file with the one noted when it was exported."
)
Name = Annotated[str, typer.Argument(help="A ledger: lower-case letters, digits, - and _, at most 40.")]


@app.command("list")
def list_ledgers(as_json: AsJson = False) -> None:
    """List all ledgers with kind, number of events and epoch."""

    async def read(ledger: Ledger) -> list[dict[str, object]]:
        return [_entry(info, (await ledger.head(info.name)).position) for info in await ledger.ledgers()]

    entries = _with_ledger(read)
    if as_json:
        print_json(entries)
    else:
        columns = ("name", "kind", "copy_of", "events", "time_zone", "clock_at", "epoch")
        table("Ledgers", columns, ([entry[name] for name in columns] for entry in entries), right=("events",))


@app.command("address")
def show_address(as_json: AsJson = False) -> None:
    """Print the address under which an auditor opens the ledgers, password included."""
    here = installation()
    url = auditor_login(here)
    require_database(here, url)
    if as_json:
        print_json({"address": url})
    else:
        out.print(url, markup=False)


@app.command("create")
def create(
    name: Name,
    kind: Annotated[
        Literal["live", "sandbox"],
        typer.Option("--kind", help="live runs on the wall clock, a sandbox on a test clock."),
    ] = "live",
    time_zone: Annotated[str, typer.Option("--time-zone", help="Time zone of the business day.")] = TIME_ZONE,
    as_json: AsJson = False,
) -> None:
    """Create a ledger. An existing ledger of the name and kind is not changed."""

    async def make(ledger: Ledger) -> LedgerInfo:
        return await ledger.create_ledger(name, kind, time_zone)

    info = _with_ledger(make)
    if info.kind != kind:
        raise CliError(f"the ledger {name} exists and is {info.kind}", Exit.FAILED)
    if as_json:
        print_json(_entry(info, None))
    else:
        out.print(f"{info.name}: {info.kind}, {info.time_zone}")


@app.command("export")
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="File to write: NDJSON, gzip-compressed.")],
    as_json: AsJson = False,
) -> None:
    """Write a snapshot of a ledger into a file. Appends continue in the meantime."""
    header = _archive_work(f"exporting {name}", lambda url, bar: export_ledger(url, name, file, progress=bar))
    with file.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    shown = {
        "ledger": name,
        "events": header.head,
        "epoch": header.epoch,
        "file": str(file),
        "sha256": digest,
    }
    _show(shown, as_json)


@app.command("load")
def load(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Archive that `encours ledger export` wrote.")
    ],
    name: Annotated[
        str | None, typer.Option("--as", help="Name of the new ledger; by default the name in the archive.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify an archive and load it into a new or empty ledger, all or nothing. Workers build its read models.

    Payloads must be readable, amounts agree with each other, and numbers with their series.
    """

    async def check_and_load(url: str, bar: Progress) -> Header:
        verify_archive(file)
        check_content(file)
        return await load_ledger(url, file, name=name, progress=bar)

    header = _archive_work(f"loading {file.name}", check_and_load)
    _show({"ledger": name or header.name, "events": header.head, "file": str(file)}, as_json)
    if not as_json:
        err.print(_NOT_PROVEN, markup=False)


@app.command("new-epoch")
def start_epoch(name: Name, as_json: AsJson = False) -> None:
    """Start a new epoch after a restore from a backup, so that consumers with an earlier position rebuild."""

    async def change(url: str) -> int:
        connection = await connect(url)
        try:
            return await new_epoch(connection, name)
        finally:
            await connection.close()

    here = installation()
    epoch = run_with_database(here, here.ledger_admin_url, change)
    _show({"ledger": name, "epoch": epoch}, as_json)


@app.command("set-aside")
def set_event_aside(
    name: Name,
    position: Annotated[int, typer.Argument(min=1, help="Position of an event that cannot be read.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who audit the ledger.")],
    as_json: AsJson = False,
) -> None:
    """Leave out an event that cannot be read. It stays in the ledger, and an event records that it was set aside.

    Read models in which its stream is parked are to be rebuilt afterwards: `encours rebuild all --ledger NAME`.
    """

    async def record(ledger: Ledger) -> int:
        return (await set_aside(ledger, name, position, reason)).last_position

    try:
        recorded_at = _with_ledger(record)
    except Invalid as refused:
        raise CliError(refused.detail, Exit.FAILED) from refused
    _show({"ledger": name, "set_aside": position, "recorded_at_position": recorded_at}, as_json)


def _archive_work(label: str, work: Callable[[str, Progress], Coroutine[Any, Any, Header]]) -> Header:
    """Run it with a progress bar; an invalid file ends the command with exit code 1."""
    here = installation()
    with progress() as bar:
        task = bar.add_task(label, total=None)

        async def run(url: str) -> Header:
            try:
                return await work(url, lambda done, total: bar.update(task, completed=done, total=total))
            except (ArchiveInvalid, ContentInvalid, LedgerNotEmpty, SelfCheckFailed, OSError) as refused:
                raise CliError(str(refused), Exit.FAILED) from refused

        return run_with_database(here, here.ledger_admin_url, run)


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        out.print(", ".join(f"{name} {value}" for name, value in result.items()), markup=False)


def ledger_infos(here: LocalInstallation) -> list[LedgerInfo]:
    """Return all ledgers, from the database."""

    async def read(ledger: Ledger) -> list[LedgerInfo]:
        return await ledger.ledgers()

    return _with_ledger(read, here)


def ensure_ledger(here: LocalInstallation, name: str, kind: Literal["live", "sandbox"]) -> bool:
    """Create a ledger unless it exists; return true if it was created."""

    async def make(ledger: Ledger) -> bool:
        if any(info.name == name for info in await ledger.ledgers()):
            return False
        await ledger.create_ledger(name, kind, TIME_ZONE)
        return True

    return _with_ledger(make, here)


def _entry(info: LedgerInfo, events: int | None) -> dict[str, object]:
    return {
        "name": info.name,
        "kind": info.kind,
        "copy_of": info.copy_of,
        "events": events,
        "time_zone": info.time_zone,
        "clock_at": info.clock_at,
        "epoch": info.epoch,
        "effects_from": info.effects_from,
    }


def _with_ledger(work: Callable[[Ledger], Awaitable[T]], here: LocalInstallation | None = None) -> T:
    here = here or installation()

    async def run(url: str) -> T:
        ledger = await Ledger.open(url, readers=2)
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    return run_with_database(here, here.ledger_admin_url, run)

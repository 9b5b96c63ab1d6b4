"""`encours ledger`: ledgers of an installation, and moving one whole from here to there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, TypeVar

import typer

from encours.cli.common import AsJson, CliError, Exit, Installation, installation, out, print_json, table
from encours.embedded.setup import TIME_ZONE
from encours.kernel.errors import DomainError
from encours.ledger import Ledger, LedgerInfo

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="A ledger: lower-case letters, digits, - and _, at most 40.")]


@app.command("list")
def list_ledgers(as_json: AsJson = False) -> None:
    """All ledgers with kind, head and epoch."""

    async def read(ledger: Ledger) -> list[dict[str, object]]:
        return [_entry(info, (await ledger.head(info.name)).position) for info in await ledger.ledgers()]

    entries = _with_ledger(read)
    if as_json:
        print_json(entries)
    else:
        columns = ("name", "kind", "events", "time_zone", "clock_at", "epoch")
        table("Ledgers", columns, ([entry[name] for name in columns] for entry in entries), right=("events",))


@app.command("create")
def create(
    name: Name,
    kind: Annotated[
        Literal["live", "sandbox"],
        typer.Option("--kind", help="live runs on the wall clock, a sandbox on a test clock."),
    ] = "live",
    time_zone: Annotated[str, typer.Option("--time-zone", help="Whose days it counts.")] = TIME_ZONE,
    as_json: AsJson = False,
) -> None:
    """Make a ledger. One of that name and kind is left as it is."""

    async def make(ledger: Ledger) -> LedgerInfo:
        return await ledger.create_ledger(name, kind, time_zone)

    info = _with_ledger(make)
    if info.kind != kind:
        raise CliError(f"the ledger {name} exists and is {info.kind}", Exit.FAILED)
    if as_json:
        print_json(_entry(info, None))
    else:
        out.print(f"{info.name}: {info.kind}, {info.time_zone}")


def ledger_names(here: Installation) -> list[str]:
    """Names of all ledgers, from the database."""

    async def read(ledger: Ledger) -> list[str]:
        return [info.name for info in await ledger.ledgers()]

    return _with_ledger(read, here)


def ensure_ledger(name: str, kind: Literal["live", "sandbox"]) -> bool:
    """Make a ledger unless there is one of that name; True when it was made now."""

    async def make(ledger: Ledger) -> bool:
        if any(info.name == name for info in await ledger.ledgers()):
            return False
        await ledger.create_ledger(name, kind, TIME_ZONE)
        return True

    return _with_ledger(make)


def _entry(info: LedgerInfo, events: int | None) -> dict[str, object]:
    return {
        "name": info.name,
        "kind": info.kind,
        "events": events,
        "time_zone": info.time_zone,
        "clock_at": info.clock_at,
        "epoch": info.epoch,
        "effects_from": info.effects_from,
    }


def _with_ledger(work: Callable[[Ledger], Awaitable[T]], here: Installation | None = None) -> T:
    url = (here or installation()).ledger_admin_url

    async def run() -> T:
        ledger = await Ledger.open(url, readers=2)
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    try:
        return asyncio.run(run())
    except DomainError as refused:
        raise CliError(f"{refused.title}: {refused.detail}", Exit.REFUSED) from refused

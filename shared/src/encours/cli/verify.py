"""`encours verify`: comparison of the services' answers with the ledger.

Two comparisons. Every stream is folded twice, by the repository of the `eventsourcing` library and by the session that
commands use. Every read model is built again beside the live one and compared row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from encours.cli.common import (
    AsJson,
    CliError,
    Exit,
    LocalInstallation,
    installation,
    out,
    print_json,
    progress,
    table,
)
from encours.cli.database import auditor_url, run_with_database
from encours.cli.rebuild import LedgerName, Model, are_well, chosen_services, compare_models, show_models
from encours.cli.replay import DatabaseUrl, installed, opened
from encours.ledger import Ledger
from encours.replay import Folders
from encours.replay.compare import Comparison, compare

STREAMS = "streams"


def verify(
    what: Annotated[
        str, typer.Argument(help="streams, or a service (invoice, dunning, risk, reporting), or all.")
    ] = "all",
    model: Model = None,
    ledger: LedgerName = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compare the services' answers with the ledger; change nothing.

    Streams: each is folded twice, by the library's repository and by the session of commands; the role encours_auditor
    is sufficient. Events that an operator has set aside are left out and counted. Services: each read model is built
    again beside the live one and compared row by row.
    With --database-url only streams are compared, as an auditor has no access to services.

    Exit code 1 if a stream or a model differs, or if a model has stopped before the ledger's head or leaves parked
    streams out.
    """
    here = installation()
    only_streams = what == STREAMS or (what == "all" and database_url is not None)
    if only_streams and model is not None:
        raise CliError("streams have no models: leave the model out, or name a service", Exit.USAGE)
    if not only_streams and database_url is not None:
        raise CliError("read models are not in the ledger's database: leave --database-url out", Exit.USAGE)
    services = () if only_streams else chosen_services(what, model)
    compared = _streams(here, database_url, ledger) if only_streams or what == "all" else []
    models, done = compare_models(here, services, model, ledger, check_only=True) if services else ([], True)
    if as_json:
        print_json([*map(_row, compared), *models])
    else:
        _show(compared)
        if services:
            show_models(models, check_only=True)
    if not are_well(models) or not done or any(each.differing for each in compared):
        raise typer.Exit(Exit.FAILED)


def _streams(here: LocalInstallation, database_url: str | None, only: str | None) -> list[Comparison]:
    url, folders = auditor_url(here, database_url), installed()
    names = [only] if only else run_with_database(here, url, _ledgers)
    return [_of_ledger(here, url, name, folders) for name in names]


def _of_ledger(here: LocalInstallation, url: str, name: str, folders: Folders) -> Comparison:
    with progress() as bar, opened(here, url, name, folders) as app:
        task = bar.add_task(f"verifying the streams of {name}", total=None)
        return compare(app, folders, lambda events, head: bar.update(task, completed=events, total=head))


async def _ledgers(url: str) -> list[str]:
    ledger = await Ledger.open(url, readers=1)
    try:
        return [info.name for info in await ledger.ledgers()]
    finally:
        await ledger.close()


def _row(done: Comparison) -> dict[str, Any]:
    return {
        "service": "ledger",
        "model": STREAMS,
        "ledger": done.ledger,
        "position": done.head,
        "head": done.head,
        "streams": done.streams,
        "events": done.events,
        "set_aside": done.set_aside,
        "equal": done.differing == 0,
        "differing": done.differing,
        "differing_rows": [asdict(each) for each in done.differences],
    }


def _show(compared: Sequence[Comparison]) -> None:
    if not compared:
        return
    table(
        "Streams folded by the library and by the session",
        ("ledger", "position", "streams", "events", "set aside", "differing", "equal"),
        (
            (
                *(each.ledger, each.head, each.streams, each.events),
                *(each.set_aside, each.differing, each.differing == 0),
            )
            for each in compared
        ),
        right=("position", "streams", "events", "set aside", "differing"),
    )
    for each in compared:
        for apart in each.differences:
            out.print(
                f"  {each.ledger} {apart.stream} at version {apart.version}: the library has {apart.library}, "
                f"the session has {apart.session}",
                markup=False,
            )
        if each.differing > len(each.differences):
            out.print(f"  {each.ledger}: {each.differing - len(each.differences)} more", markup=False)

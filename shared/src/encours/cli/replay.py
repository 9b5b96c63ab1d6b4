"""`encours replay`: objects as the ledger's events make them, at a position or on a business date."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import typer
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import OperationalError

from encours.cli.common import (
    AsJson,
    CliError,
    Exit,
    LocalInstallation,
    err,
    installation,
    print_json,
    print_line,
    progress,
)
from encours.cli.database import auditor_url, database_errors, require_database
from encours.contracts import NewerVersion, UnknownType
from encours.replay import Folders, LedgerApplication, Replayed, installed_folders
from encours.replay.compare import shown
from encours.replay.folders import ServiceMissing

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        help="The ledger's database: postgresql://encours_auditor:password@host:5432/encours_ledger. "
        "By default that of this installation.",
    ),
]


def replay(
    to: Annotated[
        str, typer.Option("--to", help="A position, such as 1200, or a business date, such as 2010-12-31.")
    ],
    stream: Annotated[
        str | None, typer.Option("--stream", help="One object, such as inv_…; all by default.")
    ] = None,
    ledger: Annotated[str, typer.Option("--ledger", help="The ledger to read.")] = "main",
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Print the state of one object, or of all, as JSON, folded from the ledger's events alone.

    A position includes the events up to it, in the order of recording. A business date includes all events recorded
    until now that count on that day. All objects are printed as one JSON document per line, with --json a single object
    too. The role encours_auditor is sufficient. Exit code 1 if the object did not exist then.
    """
    here = installation()
    url = auditor_url(here, database_url)
    position, day = _moment(to)
    with opened(here, url, ledger, installed(), upto=position, as_of=day) as app:
        _check_position(app, position)
        if stream is None:
            _all(app, day)
        else:
            (print_line if as_json else print_json)(_document(app, _one(app, stream, to), day))


def _moment(to: str) -> tuple[int | None, date | None]:
    if re.fullmatch(r"[0-9]{1,18}", to):
        return int(to), None
    try:
        return None, date.fromisoformat(to)
    except ValueError:
        raise CliError(
            f"--to {to!r} is neither a position nor a date: write a position such as 1200, or a business date such as "
            "2010-12-31",
            Exit.USAGE,
        ) from None


def installed() -> Folders:
    """Folds of the services that are installed here. Raises :class:`CliError` when one is not."""
    try:
        return installed_folders()
    except ServiceMissing as missing:
        raise CliError(
            f"{missing}: use the environment of `make run`, or the image encours", Exit.USAGE
        ) from missing


@contextmanager
def opened(
    here: LocalInstallation,
    url: str,
    ledger: str,
    folders: Folders,
    *,
    upto: int | None = None,
    as_of: date | None = None,
) -> Iterator[LedgerApplication]:
    """Open the ledger as the library's application; errors inside become a :class:`CliError`."""
    require_database(here, url)
    with database_errors(here, url):
        try:
            with LedgerApplication(url, ledger, folders, upto=upto, as_of=as_of) as app:
                yield app
        except OperationalError as away:
            raise CliError(f"{away} `encours status` shows what runs here.", Exit.UNREACHABLE) from away
        except (UnknownType, NewerVersion) as newer:
            raise CliError(f"{newer}: use the version of Encours that wrote it", Exit.FAILED) from newer


def _check_position(app: LedgerApplication, position: int | None) -> None:
    head = app.loop.run(app.loop.ledger.head(app.ledger_name)).position
    if position is not None and not 1 <= position <= head:
        raise CliError(
            f"ledger {app.ledger_name} has positions 1 to {head}: give --to one of them"
            if head
            else f"ledger {app.ledger_name} is empty: `encours ledger list` shows how much each ledger holds",
            Exit.USAGE,
        )


def _one(app: LedgerApplication, stream: str, to: str) -> Replayed:
    try:
        found: Replayed = app.repository.get(stream)
    except AggregateNotFoundError:
        first = app.loop.run(app.loop.ledger.read_stream(app.ledger_name, stream, upto=None))[:1]
        if not first:
            raise CliError(
                f"ledger {app.ledger_name} has no stream {stream}: check the id, or name the ledger with --ledger",
                Exit.USAGE,
            ) from None
        raise CliError(
            f"{stream} did not exist at {to}: its first event has position {first[0].position} and business date "
            f"{first[0].effective_on}; ask for that or for later",
            Exit.FAILED,
        ) from None
    return found


def _all(app: LedgerApplication, day: date | None) -> None:
    count = events = 0
    head = app.recorder.max_notification_id() or 0
    with progress() as bar:
        task = bar.add_task(f"replaying {app.ledger_name}", total=head)
        for each in app.replay():
            print_line(_document(app, each, day))
            count, events = count + 1, events + each.version
            bar.update(task, completed=events)
    sys.stdout.flush()
    until = f"position {head}" if day is None else f"business date {day}, position {head}"
    err.print(f"{count} objects of ledger {app.ledger_name} at {until}", markup=False)


def _document(app: LedgerApplication, found: Replayed, day: date | None) -> dict[str, Any]:
    return {
        "ledger": app.ledger_name,
        "stream": found.id,
        "version": found.version,
        "position": found.position,
        "as_of": None if day is None else day.isoformat(),
        "entity": found.entity,
        "state": shown(found.state),
    }

"""`encours backup`: a whole local installation as one folder; `encours restore`: an installation from it."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from encours.cli.common import AsJson, CliError, Exit, err, installation, out, print_json, table
from encours.cli.database import database_errors
from encours.embedded import postgres
from encours.embedded.backup import BackupInvalid, Contents, Restored, take
from encours.embedded.backup import restore as restore_folder
from encours.embedded.backup import verify as verify_folder
from encours.embedded.runstate import AlreadyRunning, sole_owner
from encours.embedded.secrets import load_secrets
from encours.ledger.selfcheck import SelfCheckFailed

Folder = Annotated[Path, typer.Argument(file_okay=False, help="Folder of the backup.")]


def backup(
    folder: Folder,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read an existing backup and check it instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy everything that runs here into a new folder, as of one moment, while work goes on.

    It holds the passwords and the admin key: keep it where nobody else can read, and not on this disk alone.
    """
    os.umask(0o077)
    folder = folder.resolve()
    started = time.monotonic()
    with err.status("reading the backup" if verify else "copying"):
        contents = _verified(folder) if verify else _taken(folder)
    took_s = round(time.monotonic() - started, 1)
    heads = {"folder": str(folder), "made_at": contents.made_at, "ledgers": contents.heads, "seconds": took_s}
    if as_json:
        print_json(heads)
        return
    shown = ", ".join(f"{name} from position {head}" for name, head in sorted(contents.heads.items()))
    out.print(
        f"{folder}: {'whole and unchanged' if verify else 'written'} in {took_s} s ({shown})", markup=False
    )


def restore(folder: Folder, as_json: AsJson = False) -> None:
    """Make an installation of a backup, in a folder that holds none (`var/`, or ENCOURS_VAR_DIR).

    The backup is checked first. Every ledger gets a new epoch: read models rebuild themselves after `encours up`, and
    what the backup shows as pending is not sent.
    """
    here = installation()
    if here.settings.database_url is not None:
        raise CliError(_NOT_OURS, Exit.USAGE)
    here.create_files()
    os.umask(0o077)
    started = time.monotonic()
    try:
        with sole_owner(here.layout), err.status("restoring"):
            restored = asyncio.run(restore_folder(here.layout, folder.resolve()))
    except AlreadyRunning as running:
        raise CliError(str(running), Exit.BUSY) from running
    except (BackupInvalid, SelfCheckFailed) as refused:
        raise CliError(str(refused), Exit.FAILED) from refused
    _report(here.layout.root, restored, round(time.monotonic() - started, 1), as_json=as_json)


def _report(root: Path, restored: list[Restored], took_s: float, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"folder": str(root), "seconds": took_s, "ledgers": [asdict(ledger) for ledger in restored]}
        )
        return
    table(
        f"Restored into {root} in {took_s} s",
        ("ledger", "position", "epoch"),
        ((ledger.ledger, ledger.position, ledger.epoch) for ledger in restored),
        right=("position",),
    )
    out.print("next: encours up, then encours doctor and encours verify", markup=False)


_NOT_OURS = (
    "the PostgreSQL of ENCOURS_DATABASE_URL is not run by Encours: use its own backups, then "
    "`encours ledger new-epoch` (deploy/runbooks/restore.md)"
)


def _taken(folder: Path) -> Contents:
    here = installation()
    if here.settings.database_url is not None:
        raise CliError(_NOT_OURS, Exit.USAGE)
    url = here.admin_url
    assert here.run is not None
    assert here.run.postgres is not None
    server = postgres.locate(
        here.layout, password=load_secrets(here.layout).postgres, port=int(here.run.postgres["port"])
    )
    with database_errors(here, url):
        return asyncio.run(take(here.layout, url, server, folder))


def _verified(folder: Path) -> Contents:
    try:
        return verify_folder(folder)
    except BackupInvalid as invalid:
        raise CliError(str(invalid), Exit.FAILED) from invalid

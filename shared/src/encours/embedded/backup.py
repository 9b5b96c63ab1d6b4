"""A whole local installation as one folder, and an installation from it: databases, passwords, letters, files received.

The databases are copied by `pg_basebackup` while everything runs: all of them as they stand at one moment. Whatever is
read back is checked against the digests taken while it was written, by `pg_verifybackup` and by our own list. NATS is
not in it: its streams are made again from the ledger.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from encours.embedded import postgres
from encours.embedded.layout import Layout, sync_tree, write_private
from encours.embedded.process import StartFailed, free_port
from encours.embedded.secrets import load_secrets
from encours.ledger.admin import all_heads, new_epoch
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn
from encours.ledger.selfcheck import require, self_check
from encours.postgres.connection import connect

FORMAT = "encours-backup/1"
DATABASES, FILES, CONTENTS = "postgres", "files", "backup.json"
"""Names in a backup's folder."""

_TIMEOUT_S = 6 * 3600.0


class BackupInvalid(Exception):
    """The folder is not a whole, unchanged backup; the message names the fault."""


class Contents(msgspec.Struct, frozen=True):
    """`backup.json`. `heads`: last position of each ledger when the copy began; `files`: SHA-256 of each path."""

    format: str
    made_at: str
    heads: dict[str, int]
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Restored:
    """One ledger after :func:`restore`: its last position, and the epoch that it had and has."""

    ledger: str
    position: int
    epoch: int


async def take(layout: Layout, admin_url: str, server: postgres.Postgres, target: Path) -> Contents:
    """Write a backup of a running installation into ``target``, which must not exist. Writers go on meanwhile.

    Raises :class:`StartFailed` when PostgreSQL cannot copy (disk full, say); nothing is left of it then.
    """
    if target.exists():
        raise StartFailed(f"{target} exists: name a folder that does not")
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    try:
        connection = await connect(database_dsn(admin_url, LEDGER_DATABASE), "encours backup")
        try:
            heads = await all_heads(connection)
        finally:
            await connection.close()
        _copy_databases(server, partial / DATABASES)
        # After the databases: a file that they name is there by then.
        _copy_files(layout, partial / FILES)
        contents = Contents(
            FORMAT, datetime.now(UTC).isoformat(timespec="seconds"), heads, dict(_digests(partial / FILES))
        )
        write_private(partial / CONTENTS, msgspec.json.format(msgspec.json.encode(contents)).decode() + "\n")
        sync_tree(partial)
        partial.rename(target)
        sync_tree(target / FILES)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return contents


def verify(source: Path) -> Contents:
    """Read a whole backup and compare it with its digests. Raises :class:`BackupInvalid`."""
    try:
        contents = msgspec.json.decode((source / CONTENTS).read_bytes(), type=Contents)
    except (OSError, msgspec.DecodeError) as error:
        raise BackupInvalid(f"{source} is not a backup: {CONTENTS} cannot be read ({error})") from error
    if contents.format != FORMAT:
        raise BackupInvalid(f"{source} has the format {contents.format}; this program reads {FORMAT}")
    if wrong := dict(_digests(source / FILES)).items() ^ contents.files.items():
        raise BackupInvalid(
            f"{source} was changed or damaged: {min(wrong)[0]} differs. Take another copy of it"
        )
    checked = _run(
        "pg_verifybackup", "--quiet", "--wal-directory", source / DATABASES / "pg_wal", source / DATABASES
    )
    if checked.returncode != 0:
        raise BackupInvalid(
            f"{source} was changed or damaged: {_last_line(checked)}. Take another copy of it"
        )
    return contents


async def restore(layout: Layout, source: Path) -> list[Restored]:
    """Make an installation of ``source`` in an empty folder, with a new epoch for every ledger.

    Positions that were handed out after the backup was taken mean nothing in it: whoever holds one finds out by the
    epoch. Nothing that the backup shows as pending is sent. Raises :class:`BackupInvalid`, :class:`StartFailed` and
    SelfCheckFailed; the folder holds no database then.
    """
    if layout.secrets_json.exists() or (layout.pg / "data").exists():
        raise StartFailed(
            f"{layout.root} holds an installation: restore into an empty folder (ENCOURS_VAR_DIR)"
        )
    verify(source)
    for name in ("secrets.json", "admin-key"):
        write_private(layout.root / name, (source / FILES / name).read_text())
    for folder in (layout.letters, layout.imports):
        shutil.copytree(source / FILES / folder.name, folder, dirs_exist_ok=True)
        sync_tree(folder)
    server = postgres.locate(layout, password=load_secrets(layout).postgres, port=free_port())
    beside = postgres.unfinished(server)
    try:
        _put_databases(source / DATABASES, beside)
        process = beside.start()
        try:
            restored = await _new_epochs(beside.dsn(LEDGER_DATABASE))
        finally:
            beside.stop(process)
    except BaseException:
        layout.secrets_json.unlink()
        raise
    postgres.finish(beside, server)
    return restored


def _copy_databases(server: postgres.Postgres, target: Path) -> None:
    copied = _run(
        "pg_basebackup",
        *("--pgdata", target, "--format", "plain", "--wal-method", "stream", "--checkpoint", "fast"),
        *("--manifest-checksums", "SHA256", "--no-password"),
        *("--host", server.sockets, "--port", server.port, "--username", postgres.SUPERUSER),
        PGPASSWORD=server.password,
    )
    if copied.returncode != 0:
        raise StartFailed(f"PostgreSQL cannot be copied: {_last_line(copied)}")


def _copy_files(layout: Layout, target: Path) -> None:
    target.mkdir(mode=0o700)
    for file in (layout.secrets_json, layout.admin_key):
        shutil.copy2(file, target / file.name)
    for folder in (layout.letters, layout.imports):
        (target / folder.name).mkdir(mode=0o700)
        if folder.exists():
            shutil.copytree(folder, target / folder.name, dirs_exist_ok=True)


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                yield str(path.relative_to(folder)), hashlib.file_digest(file, "sha256").hexdigest()


def _put_databases(source: Path, server: postgres.Postgres) -> None:
    shutil.copytree(source, server.data)
    account = server.account
    for place, _, files in os.walk(server.data):
        Path(place).chmod(0o700)
        for path in (Path(place), *(Path(place) / name for name in files)):
            if account is not None:
                os.chown(path, account.uid, account.gid)
    postgres.write_settings(server)
    sync_tree(server.data)


async def _new_epochs(dsn: str) -> list[Restored]:
    connection = await connect(dsn, "encours restore")
    try:
        heads = await all_heads(connection)
        restored = [Restored(name, head, await new_epoch(connection, name)) for name, head in heads.items()]
        require(await self_check(connection, full=True))
    finally:
        await connection.close()
    return restored


def _run(program: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(postgres.wheel_binaries() / program), *map(str, arguments)],
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    text = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return text[-1] if text else f"exit code {done.returncode}"

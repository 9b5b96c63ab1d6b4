"""Parts that commands share: exit codes, output for people and for programs, the installation to talk to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from encours.cli.settings import CliSettings
from encours.embedded.layout import Layout, default_layout
from encours.embedded.runstate import RunState, read_state
from encours.service.settings import reasons

PORTS = {"invoice": 8001, "dunning": 8002, "risk": 8003, "reporting": 8004}


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1  # it ran, and the answer is no: a difference found, a job failed
    USAGE = 2
    UNREACHABLE = 3  # a service, database or installation does not answer
    REFUSED = 4  # a service answered with a problem document
    BUSY = 5  # another `encours up` owns the folder


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Result of a check. `next` is the next step, empty if there is none."""

    check: str
    ok: bool
    detail: str
    next: str = ""


class CliError(Exception):
    """Error that ends the command with advice and an exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


# Not a terminal: wide enough that no table cell is cut short.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else 200)

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print JSON for programs on standard output, messages on standard error."),
]


def print_json(value: object) -> None:
    """Print a JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def print_line(value: object) -> None:
    """Print a JSON line on standard output, unbuffered."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """Print a table."""
    shown = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        shown.add_row(*("–" if cell is None else str(cell) for cell in row))
    out.print(shown)


def progress() -> Progress:
    """Show a progress bar on standard error, for work that may take over two seconds."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=not err.is_terminal,
    )


@dataclass(frozen=True)
class LocalInstallation:
    """Installation that the command works on: a local one, or another by its addresses and a key."""

    settings: CliSettings

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.settings.var_dir.resolve()) if self.settings.var_dir else default_layout()

    def create_files(self) -> None:
        """Create the folders of a local installation."""
        try:
            self.layout.create()
        except OSError as refused:
            raise CliError(
                f"{self.layout.root} cannot hold an installation ({refused.strerror}): "
                "set ENCOURS_VAR_DIR to a folder that you may write to",
                Exit.USAGE,
            ) from refused

    @cached_property
    def run(self) -> RunState | None:
        """Return the state that `encours up` wrote, or None if it never ran here."""
        return read_state(self.layout)

    def url(self, service: str) -> str:
        """Return the base address of a service: from the environment, from the supervisor, else the default."""
        configured: str | None = getattr(self.settings, f"url_{service}")
        if configured:
            return configured.rstrip("/")
        if self.run is not None and service in self.run.urls:
            return self.run.urls[service]
        return f"http://127.0.0.1:{PORTS[service]}"

    @cached_property
    def api_key(self) -> str:
        if self.settings.api_key is not None:
            return self.settings.api_key.get_secret_value()
        try:
            return self.layout.admin_key.read_text().strip()
        except OSError as missing:
            raise CliError(
                f"no API key: set ENCOURS_API_KEY, or start an installation here with `encours up` "
                f"({self.layout.admin_key} is missing)",
                Exit.UNREACHABLE,
            ) from missing

    @cached_property
    def admin_url(self) -> str:
        """Return PostgreSQL's address as administrator; an installation that is known by HTTP alone has none."""
        if self.settings.database_url is not None:
            return self.settings.database_url.get_secret_value()
        from encours.embedded.access import local_admin_url

        found = local_admin_url(self.layout, self.run)
        if found is None:
            raise CliError(
                "this needs the database: run it beside `encours up`, or set ENCOURS_DATABASE_URL",
                Exit.UNREACHABLE,
            )
        return found

    @property
    def ledger_admin_url(self) -> str:
        from encours.ledger.migrate import LEDGER_DATABASE, database_dsn

        return database_dsn(self.admin_url, LEDGER_DATABASE)


def installation() -> LocalInstallation:
    """Read the environment. A wrong or unknown variable ends the command with an explanation."""
    try:
        here = LocalInstallation(CliSettings())
    except ValidationError as wrong:
        raise CliError(reasons(wrong), Exit.USAGE) from wrong
    if here.layout.root.exists() and not here.layout.root.is_dir():
        raise CliError(f"{here.layout.root} is not a folder: set ENCOURS_VAR_DIR to one", Exit.USAGE)
    return here


def pick(row: dict[str, Any], *names: str) -> list[Any]:
    """Return the named fields of an answer; None for a missing one."""
    return [row.get(name) for name in names]

"""`encours audit`: questions of an auditor about exported entries, and events to take along."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from encours.cli.api import Api
from encours.cli.common import AsJson, CliError, Exit, err, installation, out, print_line, progress, table
from encours.cli.database import auditor_url, run_with_database
from encours.ledger.excerpt import Range, export_range

if TYPE_CHECKING:
    import duckdb

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

TABLE = "export"
_PROMPT = "sql> "


@app.callback()
def group() -> None:
    """Ask about exported entries, or take events along."""


@app.command("sql")
def sql(
    export_id: Annotated[str, typer.Argument(help="An export in the layout parquet, such as xpt_….")],
    query: Annotated[
        str | None, typer.Option("--query", "-q", help="One statement; without it a prompt begins.")
    ] = None,
    ledger: Annotated[
        str | None, typer.Option("--ledger", help="Another ledger than the default one of the key.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask in SQL about an export, whose rows are the table `export`. Read only: the ledger is not touched.

    Each answer is stamped with the ledger, the position and the SHA-256 of the file, so that anyone can repeat it. With
    --json each row is one JSON document per line, and the stamp the first.
    """
    with Api(installation(), ledger) as api, tempfile.TemporaryDirectory(prefix="encours-audit-") as folder:
        found = api.get("reporting", f"/v1/exports/{export_id}")
        if found["layout"] != "parquet" or found["manifest"] is None:
            raise CliError(
                f"{export_id} is {found['layout']} and {found['state']}: ask for an export with the layout parquet, "
                "and wait until it is completed",
                Exit.USAGE,
            )
        path = Path(folder) / "export.parquet"
        api.download("reporting", f"/v1/exports/{export_id}/file", path)
        stamp = {
            "export": export_id,
            "kind": found["kind"],
            "first_on": found["first_on"],
            "last_on": found["last_on"],
            "position": found["position"],
            "sha256": found["manifest"]["sha256"],
        }
        with Questions(path) as questions:
            for statement in [query] if query is not None else _typed():
                _show(questions, statement, stamp, as_json=as_json, end=query is not None)


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="A ledger.")],
    file: Annotated[Path, typer.Argument(dir_okay=False, help="File to write: a ZIP.")],
    first: Annotated[int, typer.Option("--from", min=1, help="First position.")] = 1,
    last: Annotated[
        int | None, typer.Option("--to", min=1, help="Last position; the head if not given.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help="Address of the ledger's database; ENCOURS_LEDGER_URL, else this installation."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the events of a range of positions with their schemas and a manifest. The same range is the same file."""
    here = installation()
    with progress() as bar:
        task = bar.add_task(f"exporting {name}", total=None)

        async def write(address: str) -> dict[str, Any]:
            return await export_range(
                address,
                name,
                Range(first, last),
                file,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )

        manifest = run_with_database(here, auditor_url(here, url), write)
    if as_json:
        print_line(manifest | {"file": str(file)})
    else:
        said = f"{manifest['events']} events, positions {manifest['first_position']} to {manifest['last_position']}"
        out.print(f"{file}: {said}, SHA-256 of the events {manifest['events_sha256']}", markup=False)


def _typed() -> Iterator[str]:
    """Iterate over statements that are typed in, one on a line, until the end of the input."""
    while True:
        try:
            text = input(_PROMPT if sys.stdin.isatty() else "").strip()
        except EOFError:
            return
        if text in ("exit", "quit", "\\q"):
            return
        if text:
            yield text


def _show(questions: Questions, statement: str, stamp: dict[str, Any], *, as_json: bool, end: bool) -> None:
    try:
        answer = questions.ask(statement)
    except CliError as refused:
        if end:
            raise
        err.print(str(refused), style="red", markup=False)
        return
    if as_json:
        print_line(stamp)
        for row in answer.rows:
            print_line(dict(zip(answer.columns, row, strict=True)))
        return
    title = f"{stamp['export']} at position {stamp['position']}, SHA-256 {stamp['sha256']}"
    table(title, answer.columns, answer.rows)


@dataclass(frozen=True, slots=True)
class SelectedRows:
    """SelectedRows of an answer, and the names of their columns."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class Questions:
    """SelectedRows of a Parquet file as a table in memory. Statements can neither change it nor read any other file."""

    def __init__(self, path: Path) -> None:
        try:
            import duckdb
        except ImportError as missing:
            raise CliError(
                "DuckDB is not installed here: use the environment of `make run`", Exit.USAGE
            ) from missing
        self._duckdb = duckdb
        self._db: duckdb.DuckDBPyConnection = duckdb.connect()
        self._db.execute(f"create table {TABLE} as select * from read_parquet(?)", [str(path)])
        self._db.execute("set enable_external_access = false; set lock_configuration = true")

    def __enter__(self) -> Questions:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def ask(self, statement: str) -> SelectedRows:
        """Return the answer to one SELECT. Raises :class:`CliError` for anything else, and for an error in it."""
        try:
            parsed = self._db.extract_statements(statement)
            if [each.type for each in parsed] != [self._duckdb.StatementType.SELECT]:
                raise CliError("only one SELECT at a time: nothing here can be changed", Exit.USAGE)
            answer = self._db.execute(parsed[0])
            return SelectedRows([each[0] for each in answer.description or ()], answer.fetchall())
        except self._duckdb.Error as wrong:
            raise CliError(str(wrong), Exit.USAGE) from wrong

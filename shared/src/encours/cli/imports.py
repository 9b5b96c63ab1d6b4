"""`encours import`: past customers, invoices, payments and disputes from a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import Progress

from encours.cli.api import Api, Outage
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
from encours.kernel.ids import uuid7

_CHUNK_BYTES = 256 * 1024
_POLL_S = 0.25
_SHOWN_LINES = 20
_MEDIA_TYPES = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson"}
_ENDED = ("completed", "failed")


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or NDJSON.")],
    ledger: Annotated[str, typer.Option("--ledger", help="Target ledger; created when it does not exist.")],
    column_map: Annotated[
        str | None,
        typer.Option("--map", help="Our field=your column, such as invoice_number=InvoiceNo,issued_on=Date."),
    ] = None,
    date_format: Annotated[
        str | None,
        typer.Option("--date-format", help="Format of dates, such as %d/%m/%Y; ISO 8601 by default."),
    ] = None,
    delimiter: Annotated[
        Literal["comma", "semicolon", "tab", "pipe", ",", ";", "|"] | None,
        typer.Option("--delimiter", help="Delimiter of a CSV file; detected if not given."),
    ] = None,
    decimal: Annotated[
        Literal["point", "comma", ".", ","] | None,
        typer.Option("--decimal", help="Decimal sign of the amounts; detected if not given."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            help="Encoding of a CSV file, such as macintosh; UTF-8 and Windows-1252 are detected.",
        ),
    ] = None,
    group: Annotated[
        Literal["lines", "none"] | None,
        typer.Option(
            "--group",
            help="lines: several lines with one invoice number add up to that invoice; none: each line is a whole one.",
        ),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="Currency of lines that have none.")
    ] = None,
    country: Annotated[
        str | None,
        typer.Option("--country", help="Country of customers for whom the file gives none, such as FR."),
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option(
            "--entity", help="Creditor (ent_…); by default the only one of the ledger, or a new one."
        ),
    ] = None,
    kind: Annotated[
        Literal["live", "sandbox"], typer.Option("--kind", help="Kind of ledger, when it is created now.")
    ] = "sandbox",
    as_json: AsJson = False,
) -> None:
    """Import a file. Every line gets a verdict; a line that was imported before is a duplicate and changes nothing.

    Exit code 1 when a line was rejected. The first reasons are printed, all are at GET /v1/imports/ID/lines.
    """
    here = installation()
    _ensure_ledger(here, ledger, kind)
    given = {
        "file_name": file.name,
        "map": column_map,
        "date_format": date_format,
        "delimiter": delimiter,
        "decimal": decimal,
        "encoding": encoding,
        "group": group,
        "currency": currency,
        "country": country,
        "entity_id": entity,
    }
    query = {name: value for name, value in given.items() if value is not None}
    with Api(here, ledger) as api, progress() as bar:
        accepted = _send(api, bar, file, query)
        outage = Outage(
            f"the import continues in the service: GET /v1/imports/{accepted['id']} shows its progress"
        )
        verdict = _followed(api, bar, accepted, outage)
        lines = f"/v1/imports/{verdict['id']}/lines"
        rejected = outage.through(
            lambda: api.get("invoice", lines, verdict="rejected", limit=_SHOWN_LINES)["data"]
        )
    if as_json:
        print_json({**verdict, "rejected_lines": rejected})
    else:
        _show(verdict, rejected)
    if verdict["state"] == "failed" or verdict.get("rejected"):
        raise typer.Exit(Exit.FAILED)


def _ensure_ledger(here: LocalInstallation, name: str, kind: Literal["live", "sandbox"]) -> None:
    """Create the ledger if the database is local; otherwise the service refuses an unknown ledger."""
    try:
        _ = here.admin_url
    except CliError:
        return
    from encours.cli.ledgers import ensure_ledger

    if ensure_ledger(here, name, kind):
        err.print(f"made the {kind} ledger {name}")


def _send(api: Api, bar: Progress, file: Path, query: dict[str, str]) -> dict[str, Any]:
    task = bar.add_task(f"sending {file.name}", total=file.stat().st_size)

    def content() -> Iterator[bytes]:
        for chunk in _chunks(file):
            yield chunk
            bar.advance(task, len(chunk))

    media_type = _MEDIA_TYPES.get(file.suffix.lower(), "text/csv")
    # A call of its own each time: what is known already is reported line by line, as duplicates.
    key = f"encours-import-{uuid7().hex}"
    return api.upload("invoice", "/v1/imports", content(), media_type=media_type, key=key, query=query)


def _followed(api: Api, bar: Progress, accepted: dict[str, Any], outage: Outage) -> dict[str, Any]:
    """Return the import once every line has its verdict."""
    task = bar.add_task("reading lines", total=None)
    state = accepted
    while state.get("state") not in _ENDED:
        time.sleep(_POLL_S)
        state = outage.through(lambda: api.get("invoice", f"/v1/imports/{accepted['id']}"))
        bar.update(task, description=f"reading lines: {state.get('lines', 0)}")
    bar.update(task, total=1, completed=1)
    return state


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            yield chunk


def _read_as(found: dict[str, Any]) -> str:
    """Return the format in which the file was read, with the parts that were detected."""
    texts = {
        "encoding": found["encoding"],
        "delimiter": f"delimiter {found['delimiter']}",
        "decimal": f"decimal {found['decimal'] or 'sign not shown'}",
    }
    shown = [text if name in found["given"] else f"{text} (detected)" for name, text in texts.items()]
    if found["thousands"]:
        shown.append(f"thousands marked by {found['thousands']}")
    return "Read as: " + ", ".join(shown)


def _show(verdict: dict[str, Any], rejected: list[dict[str, Any]]) -> None:
    if verdict["read_as"]:
        out.print(_read_as(verdict["read_as"]), markup=False)
    counts = ("lines", "accepted", "duplicates", "rejected", "pending")
    table(
        f"Import {verdict['id']}: {verdict['state']}",
        counts,
        [[verdict[name] for name in counts]],
        right=counts,
    )
    if verdict["problem"]:
        out.print(str(verdict["problem"]), style="red", markup=False)
    for line in rejected:
        place = f" {line['column']}" if line["column"] else ""
        out.print(f"line {line['line']}{place}: {line['detail']} ({line['code']})", markup=False)
    if len(rejected) < verdict["rejected"]:
        out.print(f"all of them: GET /v1/imports/{verdict['id']}/lines?verdict=rejected", markup=False)
    if verdict["pending"]:
        ledger = verdict["ledger"]
        out.print(
            f"{verdict['pending']} events wait for their day: encours clock advance {ledger} --to DATE",
            markup=False,
        )

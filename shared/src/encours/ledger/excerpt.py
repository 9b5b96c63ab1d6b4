"""Excerpt of a ledger: the events of a range of positions as a ZIP that explains itself.

``events.ndjson`` has the lines of an archive, ``schema.json`` the published contracts of all types, ``manifest.json``
the range and the digests of both. The same range of the same epoch gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg

from encours.kernel.errors import Invalid
from encours.ledger.archive import Progress, encoded_event, read_header
from encours.postgres.connection import connect

FORMAT = "encours-excerpt/1"
_PAGE = 2_000
_BEFORE_ZIP = (1980, 1, 1, 0, 0, 0)
"""First instant of ZIP: a file that bore the time of writing would never be the same twice."""
_EVENTS = (
    "select * from ledger.event where ledger = $1 and position >= $2 and position <= $3 order by position"
)


@dataclass(frozen=True, slots=True)
class Range:
    """Positions from ``first`` to ``last``; without a last one, to the head."""

    first: int
    last: int | None


class EmptyRange(Invalid):
    """The ledger has no event at the positions asked for (422)."""

    def __init__(self, wanted: Range, head: int) -> None:
        asked = f"{wanted.first} to {wanted.last or head}"
        super().__init__(f"The ledger has the positions 1 to {head}; {asked} is no range of them.", "/from")


async def export_range(
    dsn: str, name: str, wanted: Range, file: Path, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Write the events of a range to ``file`` and return its manifest. Raises UnknownLedger, :class:`EmptyRange`."""
    connection = await connect(dsn, application_name="encours audit export")
    partial = file.with_name(file.name + ".partial")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            header, ledger_id = await read_header(connection, name)
            last = header.head if wanted.last is None else wanted.last
            if not 1 <= wanted.first <= last <= header.head:
                raise EmptyRange(wanted, header.head)
            with (
                os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw,
                zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                events = await _events(connection, ledger_id, wanted.first, last, archive, progress)
                schema = files("encours.contracts").joinpath("schema.json").read_bytes()
                archive.writestr(_entry("schema.json"), schema)
                manifest = {
                    "format": FORMAT,
                    "ledger": header.name,
                    "epoch": header.epoch,
                    "time_zone": header.time_zone,
                    "first_position": wanted.first,
                    "last_position": last,
                    **events,
                    "schema_sha256": hashlib.sha256(schema).hexdigest(),
                }
                archive.writestr(
                    _entry("manifest.json"), json.dumps(manifest, indent=2, sort_keys=True) + "\n"
                )
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
        await connection.close()
    return manifest


async def _events(
    connection: asyncpg.Connection,
    ledger_id: int,
    first: int,
    last: int,
    archive: zipfile.ZipFile,
    progress: Progress | None,
) -> dict[str, Any]:
    """Write the events and return what the manifest says of them."""
    digest, types = hashlib.sha256(), Counter[str]()
    with archive.open(_entry("events.ndjson"), "w", force_zip64=True) as out:
        async for row in connection.cursor(_EVENTS, ledger_id, first, last, prefetch=_PAGE):
            line = encoded_event(row)
            digest.update(line)
            out.write(line)
            types[f"{row['type']}/{row['schema_version']}"] += 1
            if progress is not None and row["position"] % _PAGE == 0:
                progress(row["position"] - first + 1, last - first + 1)
    return {
        "events": types.total(),
        "events_sha256": digest.hexdigest(),
        "types": dict(sorted(types.items())),
    }


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _BEFORE_ZIP)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info

"""`make bench`: run every bench, print each figure beside its reference of the same run, write `var/bench.json`.

`python -m tests.bench [NAME …]` runs some of them. A bench is a module of this folder with `async def run()` that
returns entries (:data:`tests.bench.Entry`). Targets are floors; the exit code is 1 when one is missed.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from encours.embedded.layout import default_layout
from tests.bench import BENCHES, Entry


def main(names: list[str]) -> int:
    """Run the named benches, or all."""
    if unknown := set(names) - set(BENCHES):
        print(f"no bench named {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    console = Console()
    path = default_layout().root / "bench.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    for name in names or BENCHES:
        console.print(f"[dim]{name} …[/dim]")
        started = time.monotonic()
        entries += asyncio.run(importlib.import_module(f"tests.bench.{name}").run())
        _write(path, entries)
        console.print(f"[dim]{name}: {time.monotonic() - started:.0f} s[/dim]")
    console.print(_table(entries))
    missed = [str(entry["name"]) for entry in entries if entry["met"] is False]
    console.print(f"{path}" + (f"; below target: {', '.join(missed)}" if missed else "; every target is met"))
    return 1 if missed else 0


def _write(path: Path, entries: list[Entry]) -> None:
    path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def _table(entries: list[Entry]) -> Table:
    table = Table("measured", "value", "unit", "reference", "its value", "ratio", "target", "met")
    for entry in entries:
        values = (
            entry[key] for key in ("name", "value", "unit", "reference", "reference_value", "ratio", "target")
        )
        met = {True: "yes", False: "NO"}.get(entry["met"], "")
        table.add_row(*[_short(value) for value in values], met)
    return table


def _short(value: object) -> str:
    match value:
        case None:
            return ""
        case float() | int():
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
        case _:
            return str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

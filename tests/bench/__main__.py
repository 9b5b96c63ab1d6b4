"""`make bench`: run every bench, print each figure beside its reference of the same run, write `var/bench.json`.

`python -m tests.bench [NAME …]` runs some of them. A bench is a module of this folder with `async def run()` that
returns entries (:data:`tests.bench.Entry`). Targets are floors; the exit code is 1 when one is missed.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

from rich.console import Console

from encours.embedded.layout import default_layout
from tests.bench import BENCHES, Entry


def main(names: list[str]) -> int:
    """Run the named benches, or all."""
    if unknown := set(names) - set(BENCHES):
        print(f"no bench named {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    console = Console(soft_wrap=True, highlight=False)
    if (load := os.getloadavg()[0]) > (cores := os.cpu_count() or 1):
        # Shares go by process: what has one of them is pushed aside by a reference that has thirty-two.
        console.print(
            f"This machine is busy (load {load:.0f} on {cores} cores): figures and ratios will be too low."
        )
    path = default_layout().root / "bench.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    broken: list[str] = []
    for name in names or BENCHES:
        console.print(f"[dim]{name} …[/dim]")
        started = time.monotonic()
        try:
            entries += asyncio.run(importlib.import_module(f"tests.bench.{name}").run())
        except Exception:  # the figures of the others are wanted all the same
            traceback.print_exc()
            broken.append(name)
        _write(path, entries)
        console.print(f"[dim]{name}: {time.monotonic() - started:.0f} s[/dim]")
    for found in entries:
        console.print(_line(found))
    missed = [str(entry["name"]) for entry in entries if entry["met"] is False]
    faults = [f"broken: {', '.join(broken)}"] * bool(broken) + [f"below target: {', '.join(missed)}"] * bool(
        missed
    )
    console.print("; ".join([str(path), *(faults or ["every target is met"])]))
    return 1 if faults else 0


def _write(path: Path, entries: list[Entry]) -> None:
    path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def _line(entry: Entry) -> str:
    met = {True: "met", False: "[bold]NOT MET[/bold]"}.get(entry["met"], "")
    reference = f"{_short(entry['ratio'])} x {entry['reference']} ({_short(entry['reference_value'])})"
    figure = f"{_short(entry['value'])} {entry['unit']}"
    return f"{entry['name']:<44} {figure:>20}   {reference}; target {entry['target']}: {met}"


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

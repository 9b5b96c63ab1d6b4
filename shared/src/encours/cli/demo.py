"""`encours demo`: a year of real invoices with generated payments, and its figures."""

from __future__ import annotations

from typing import Any

import httpx
from rich.progress import Progress, TaskID

from encours.cli.api import Api
from encours.cli.common import AsJson, CliError, Exit, err, installation, print_json, progress
from encours.cli.figures import figures, show
from encours.demo import DEMO_LEDGER, load
from encours.demo.load import DemoStalled


def demo(as_json: AsJson = False) -> None:
    """Load the demo unless it is there, then print ageing, DSO, reminders and risk. May be stopped and repeated."""
    here = installation()
    with progress() as bar:
        report = _Report(bar)
        try:
            loaded = load(here.url, here.api_key, report)
        except DemoStalled as stalled:
            raise CliError(f"the demo does not get on: {stalled}", Exit.FAILED) from stalled
        except httpx.HTTPStatusError as refused:
            raise CliError(
                f"invoice-svc refused the demo: {refused.response.text}", Exit.REFUSED
            ) from refused
        except httpx.TransportError as away:
            raise CliError(
                f"invoice-svc does not answer at {here.url('invoice')} ({away}): `encours up` starts it",
                Exit.UNREACHABLE,
            ) from away
    with Api(here, DEMO_LEDGER) as api, err.status("reading the figures"):
        found: dict[str, Any] = figures(api)
    if as_json:
        print_json({"already": loaded.already, "seconds": round(loaded.seconds, 1), **found})
        return
    if not loaded.already:
        err.print(f"demo loaded in {loaded.seconds:.0f} s: {loaded.lines} lines, {loaded.events_fed} events")
    show(found)


class _Report:
    """Show the stages of the load: as bars on a terminal, as a line per tenth in a log."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, int] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=total)
        self._bar.update(self._tasks[stage], completed=done, total=total)
        tenth = 10 * done // max(total, 1)
        if not err.is_terminal and tenth != self._said.get(stage):
            self._said[stage] = tenth
            err.print(f"{stage}: {10 * tenth} %")

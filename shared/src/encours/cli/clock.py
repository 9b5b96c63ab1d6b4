"""`encours clock`: the test clock of a sandbox ledger."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.progress import TaskID

from encours.cli.api import Api
from encours.cli.common import AsJson, CliError, installation, out, print_json, progress

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

_POLL_S = 0.25


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="A ledger.")], as_json: AsJson = False) -> None:
    """What day it is in a ledger, and whether its clock is being moved."""
    with Api(installation(), name) as api:
        state = api.get("invoice", f"/v1/ledgers/{name}/clock")
    if as_json:
        print_json(state)
    else:
        out.print(f"{name}: {state['today']} ({state['state']})")


@app.command("advance")
def advance(
    name: Annotated[str, typer.Argument(help="A sandbox ledger.")],
    to: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The day that it shall be.")],
    wait: Annotated[bool, typer.Option(help="Wait until the day has come.")] = True,
    as_json: AsJson = False,
) -> None:
    """Open each day up to a date, none skipped, everything that is due on it done before the next."""
    with Api(installation(), name) as api:
        advance_to(api, name, to.date(), wait=wait)
        state = api.get("invoice", f"/v1/ledgers/{name}/clock")
    if as_json:
        print_json(state)
    else:
        out.print(f"{name}: {state['today']} ({state['state']})")


def advance_to(api: Api, name: str, to: date, *, wait: bool = True, label: str = "") -> None:
    """Ask for it and follow it with a progress bar. Raises :class:`CliError` when the job says that it failed."""
    state = api.post("invoice", f"/v1/ledgers/{name}/clock", {"to": to.isoformat()})
    if not wait:
        return
    with progress() as bar:
        task = bar.add_task(label or f"clock of {name}", total=None)
        began: date | None = None
        while True:
            today = (
                date.fromisoformat(state["day"] or state["today"])
                if state.get("day") or state.get("today")
                else to
            )
            began = began or today
            _move(bar, task, began, today, to, label or f"clock of {name}")
            if state.get("error"):
                raise CliError(f"the clock of {name} stopped on {today}: {state['error']}")
            if today >= to and state.get("state") not in ("running", "pending", "queued"):
                return
            time.sleep(_POLL_S)
            state = api.get("invoice", f"/v1/ledgers/{name}/clock")


def _move(bar: Any, task: TaskID, began: date, today: date, to: date, label: str) -> None:
    bar.update(
        task, description=f"{label} {today}", total=max((to - began).days, 1), completed=(today - began).days
    )

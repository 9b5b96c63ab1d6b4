"""`encours clock`: the test clock of a sandbox ledger."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from encours.cli.api import Api, Outage
from encours.cli.common import AsJson, CliError, err, installation, out, print_json, progress

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

_POLL_S = 0.25


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="A ledger.")], as_json: AsJson = False) -> None:
    """Show the business day of a ledger, and the state of its clock."""
    with Api(installation(), name) as api:
        state = api.get("invoice", f"/v1/ledgers/{name}/clock")
    if as_json:
        print_json(state)
    else:
        out.print(_said(state), markup=False)


@app.command("advance")
def advance(
    name: Annotated[str, typer.Argument(help="A sandbox ledger.")],
    to: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The business day to reach.")],
    wait: Annotated[bool, typer.Option(help="Wait until the clock has reached the day.")] = True,
    confirm: Annotated[
        datetime | None,
        typer.Option("--confirm", formats=["%Y-%m-%d"], help="The day again, if it is over 400 days ahead."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open every day up to a date. Work that is due on a day is done before the next day opens."""
    with Api(installation(), name) as api:
        advance_to(api, name, to.date(), wait=wait, confirm=confirm.date() if confirm else None)
        state = api.get("invoice", f"/v1/ledgers/{name}/clock")
    if as_json:
        print_json(state)
    else:
        out.print(_said(state), markup=False)


@app.command("stop")
def stop(name: Annotated[str, typer.Argument(help="A sandbox ledger.")], as_json: AsJson = False) -> None:
    """Stop a clock that advances, after the day in progress."""
    with Api(installation(), name) as api:
        state = api.post("invoice", f"/v1/ledgers/{name}/clock/stop", {})
    if as_json:
        print_json(state)
    else:
        out.print(_said(state), markup=False)


def advance_to(
    api: Api, name: str, to: date, *, wait: bool = True, label: str = "", confirm: date | None = None
) -> None:
    """Advance the clock and show a progress bar. Raises :class:`CliError` when the service reports a failure."""
    label = label or f"clock of {name}"
    body = {"to": to.isoformat()} | ({"confirm": confirm.isoformat()} if confirm else {})
    state = api.post("invoice", f"/v1/ledgers/{name}/clock", body)
    if not wait:
        return
    with progress() as bar:
        task = bar.add_task(label, total=None)
        began: date | None = None
        reported: str | None = None
        outage = Outage(f"the clock goes on without us: encours clock show {name}")
        while state["state"] != "idle":
            time.sleep(_POLL_S)
            state = outage.through(lambda: api.get("invoice", f"/v1/ledgers/{name}/clock"))
            if state["state"] == "failed":
                raise CliError(f"the clock of {name} stopped on {state['day']}: {state['error']}")
            if state["error"] and state["error"] != reported:
                reported = state["error"]
                err.print(f"{name} waits on {state['day']}: {reported}", markup=False)
            if state["day"]:
                day = date.fromisoformat(state["day"])
                began = began or day
                _move(bar, task, began, day, to, label)


def _said(state: dict[str, Any]) -> str:
    later = (
        f"; {state['events_waiting']} events are dated later, the last on {state['events_until']}: "
        f"encours clock advance {state['ledger']} --to {state['events_until']} records them"
        if state["events_waiting"]
        else ""
    )
    return f"{state['ledger']}: {state['today'] or 'its clock was never set'} ({state['state']}){later}"


def _move(bar: Progress, task: TaskID, began: date, day: date, to: date, label: str) -> None:
    bar.update(
        task,
        description=f"{label} {day}",
        total=max((to - began).days, 1),
        completed=(day - began).days,
    )

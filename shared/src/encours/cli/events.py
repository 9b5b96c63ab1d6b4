"""`encours events`: the events of a ledger, in the order of recording."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from encours.cli.api import Api, Outage, Unavailable
from encours.cli.common import AsJson, installation, out, print_line

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

_RECONNECT_S = 1.0


@app.callback()
def group() -> None:
    """Show the events of a ledger, in the order of recording."""


@app.command("tail")
def tail(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing new events as they are recorded.")
    ] = False,
    count: Annotated[
        int, typer.Option("--count", "-n", min=0, max=1000, help="Number of last events to print.")
    ] = 20,
    after: Annotated[
        int | None, typer.Option("--after", help="Print every event after this position instead.")
    ] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Only this type, such as invoice.issued.")
    ] = None,
    stream: Annotated[str | None, typer.Option("--stream", help="Only this stream, such as inv_….")] = None,
    ledger: Annotated[
        str | None, typer.Option("--ledger", help="Another ledger than the default one of the key.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the last events, one per line."""
    show = print_line if as_json else _show
    with Api(installation(), ledger) as api:
        found = _since(api, after, type_, stream) if after is not None else _last(api, count, type_, stream)
        position = after or 0
        for event in found:
            show(event)
        if follow:
            position = found[-1]["position"] if found else position or _head(api)
            for event in _live(api, position, type_=type_, stream=stream):
                show(event)


def _last(api: Api, count: int, type_: str | None, stream: str | None) -> list[dict[str, Any]]:
    """Return the last `count` events that match, from as far back as necessary."""
    begin, window = _head(api), count
    while True:
        begin = max(0, begin - window)
        found = list(_since(api, begin, type_, stream))
        if len(found) >= count or begin == 0:
            return found[-count:] if count else []
        window *= 8


def _since(api: Api, after: int, type_: str | None, stream: str | None) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while True:
        page = api.get("reporting", "/v1/events", after=after, type=type_, stream=stream, limit=1000)
        events += page["data"]
        after = page["next_after"]
        if page["end"]:
            return events


def _head(api: Api) -> int:
    """Return the ledger's last position, as reporting-svc sees it."""
    return max((model["head"] for model in api.get("reporting", "/v1/read-models")["data"]), default=0)


def _live(api: Api, after: int, *, type_: str | None, stream: str | None) -> Iterator[dict[str, Any]]:
    """Iterate over server-sent events after a position. The server ends a stream after an hour; the next continues."""
    outage = Outage("`encours events tail --follow --after POSITION` goes on after the last one shown")
    while True:
        try:
            for line in api.lines("reporting", "/v1/events/stream", after=after, type=type_, stream=stream):
                outage.over()
                if line.startswith("data:"):
                    event = json.loads(line[5:])
                    if isinstance(event, dict) and "position" in event:
                        after = event["position"]
                        yield event
        except Unavailable as away:
            outage.wait(away)
        else:
            time.sleep(_RECONNECT_S)


def _show(event: dict[str, Any]) -> None:
    out.print(
        f"{event['position']:>9}  {event.get('effective_on', ''):<10}  {event['type']:<28}  {event['stream']}",
        markup=False,
    )

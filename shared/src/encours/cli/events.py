"""`encours events`: what the ledger recorded, as it was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from encours.cli.api import Api
from encours.cli.common import AsJson, installation, out, print_line

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """What the ledger recorded, as it was recorded."""


@app.command("tail")
def tail(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with events as they come.")] = False,
    count: Annotated[
        int, typer.Option("--count", "-n", min=0, max=500, help="How many of the last ones.")
    ] = 20,
    after: Annotated[
        int | None, typer.Option("--after", help="Everything after this position instead.")
    ] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Only this type, such as invoice.issued.")
    ] = None,
    stream: Annotated[str | None, typer.Option("--stream", help="Only this stream, such as inv_….")] = None,
    ledger: Annotated[str | None, typer.Option("--ledger", help="Not the key's own ledger.")] = None,
    as_json: AsJson = False,
) -> None:
    """The last events, one line each."""
    show = print_line if as_json else _show
    with Api(installation(), ledger) as api:
        last = after if after is not None else _position_before(api, count, type_=type_, stream=stream)
        for event in _pages(api, last, type_=type_, stream=stream):
            last = event["position"]
            show(event)
        if follow:
            for event in _live(api, last, type_=type_, stream=stream):
                show(event)


def _position_before(api: Api, count: int, *, type_: str | None, stream: str | None) -> int:
    """A position after which about `count` events stand: exact without a filter, which is what a tail is for."""
    head = int(api.get("reporting", "/v1/events", limit=1, after=0).get("position") or 0)
    wide = count if type_ is None and stream is None else max(count, 10_000)
    return max(0, head - wide)


def _pages(api: Api, after: int, *, type_: str | None, stream: str | None) -> Iterator[dict[str, Any]]:
    while True:
        page = api.get("reporting", "/v1/events", after=after, type=type_, stream=stream, limit=500)
        yield from page["data"]
        if not page["data"] or page.get("next_cursor") is None:
            return
        after = page["data"][-1]["position"]


def _live(api: Api, after: int, *, type_: str | None, stream: str | None) -> Iterator[dict[str, Any]]:
    """Server-sent events, from the position on."""
    for line in api.lines("reporting", "/v1/events/stream", after=after, type=type_, stream=stream):
        if line.startswith("data:"):
            event = json.loads(line[5:])
            if isinstance(event, dict) and "position" in event:
                yield event


def _show(event: dict[str, Any]) -> None:
    out.print(
        f"{event['position']:>9}  {event.get('effective_on', ''):<10}  {event['type']:<28}  {event['stream']}",
        markup=False,
    )

"""From a finished command, or a question about one thing, to its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from starlette.responses import Response

from encours.contracts import Recorded
from encours.http.commands import Command
from encours.http.queries import Query
from encours.ledger.execute import Done
from encours.ledger.states import Folder
from encours.reading.moment import TimeTravel, View

S = TypeVar("S")
Json = dict[str, Any]
Render = Callable[[S, int, date], Json]


async def answer(
    cmd: Command,
    done: Done,
    folder: Folder[S],
    render: Render[S],
    *,
    status: int = 200,
    at: str | None = None,
) -> Response:
    """The thing as the command left it, on the business day of the command: equal for every repetition.

    ``at`` is the collection's path, for the ``Location`` of a thing that the command made.
    """
    if cmd.meta.dry_run:
        return cmd.respond(done, {})
    identifier = done.answer["id"]
    body, version = await answered(done, folder, identifier, render)
    location = None if at is None else f"{at}/{identifier}"
    return cmd.respond(done, body, status=status, version=version, location=location)


async def answered(done: Done, folder: Folder[S], stream: str, render: Render[S]) -> tuple[Json, int]:
    """The body and the version of the stream that it shows."""
    state, version = await done.state(folder, stream)
    day = date.fromisoformat(done.answer["as_of"])
    body = render(state, version, day)
    body |= {"as_of": done.answer["as_of"], "known_at": None, "position": done.position}
    if "note" in done.answer:
        body["note"] = done.answer["note"]
    return body, version


async def stream_of(q: Query, stream: str) -> tuple[list[Recorded], TimeTravel]:
    """A stream up to the moment of knowledge that is asked for, and the question's dates."""
    time = await q.time()
    return await q.ledger.read_stream(q.caller.ledger, stream, upto=time.position), time


async def render_all(
    q: Query, view: View, streams: Sequence[str], show: Callable[[list[Recorded], date], Json]
) -> dict[str, Json]:
    """What a list shows of each thing, from its stream at the view's position."""
    found = await q.ledger.read_streams(q.caller.ledger, streams, upto=view.time.position)
    return {stream: show(events, view.time.as_of) for stream, events in found.items()}


async def is_now(q: Query) -> bool:
    """Whether the question is for today, or later, and for all that is known."""
    return q.asked_position is None and q.as_of >= await q.ledger.today(q.caller.ledger)

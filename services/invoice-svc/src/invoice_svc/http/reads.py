"""Reads of one object or a page of them, folded from their streams as of the requested dates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

from starlette.responses import Response

from encours.contracts import Recorded
from encours.http.answers import Answer
from encours.http.queries import Query
from encours.ledger.states import Folder
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.reading.read_db import ReadModelNotReady

S = TypeVar("S")


Complete = Callable[[View, Sequence[dict[str, Any]]], Awaitable[bool]]
"""Completes answers by what the streams of the objects do not have; True if there never was anything."""


async def show(
    q: Query, answer: Answer[Any], stream: str, model: str = "", complete: Complete | None = None
) -> Response:
    """Answer with an object and its ``ETag``. Raises 404 if it did not exist, or its entity is not granted.

    ``complete``: completes the answer from a read model. While that is being built the answer is what the stream says,
    and its header that it is behind.
    """
    state, events, time = await read(q, answer, stream)
    q, last = await q.of_entity(events[0].entity), events[-1]
    body = answer.shown(state, last.version, time.as_of) | time.echo()
    if complete is None:
        return q.respond(body, last=last)
    same_by_version = False
    try:
        async with q.view(model) as view:
            same_by_version = await complete(view, [body])
    except ReadModelNotReady:
        q.mark_behind()
    return q.respond(body, last=last, same_by_version=same_by_version)


async def read(q: Query, answer: Answer[S], stream: str) -> tuple[S, list[Recorded], TimeTravel]:
    """Return the state as of the date, the events known at the instant, and both dates. Raises as :func:`show`.

    Without a date it is today's of the object's entity, in its own zone.
    """
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, stream, upto=time.position)
    if events:
        time = replace(time, as_of=(await q.of_entity(events[0].entity)).as_of)
    state = answer.folder.fold_as_of(events, time.as_of)
    assert answer.folder.missing is not None
    missing = answer.folder.missing(stream)
    if state == answer.folder.initial():
        raise missing
    q.caller.require_sight(events[0].entity, missing)
    return state, events, time


class FoldedObject(NamedTuple, Generic[S]):
    """State of an object on a page, its version, and the dates of its answer."""

    state: S
    version: int
    time: TimeTravel


async def show_page(
    q: Query,
    view: View,
    page: Page,
    rows: Sequence[Any],
    key: str,
    answer: Answer[Any],
    *,
    columns: Sequence[str] = (),
    complete: Complete | None = None,
) -> Response:
    """Answer with a page of objects, folded from their streams at the view's position; ``key`` is the column of ids.

    ``columns`` of the rows are answered beside the object.
    """
    found = await fold_page(q, view, rows, key, answer.folder)

    def shown(row: Any) -> dict[str, Any]:
        state, version, time = found[row[key]]
        body = answer.shown(state, version, time.as_of)
        return body | time.echo() | {column: row[column] for column in columns}

    body = page.body(rows, shown)
    if complete is not None:
        await complete(view, body["data"])
    return q.respond(body | view.time.echo())


async def fold_page(
    q: Query, view: View, rows: Sequence[Any], key: str, folder: Folder[S]
) -> dict[str, FoldedObject[S]]:
    """Return the objects of a page by id, folded from their streams at the view's position and the entity's day."""
    found = await q.ledger.read_streams(q.caller.ledger, [row[key] for row in rows], upto=view.time.position)
    days = {events[0].entity: view.time.as_of for events in found.values() if events}
    for entity in days:
        days[entity] = (await q.of_entity(entity)).as_of

    def folded(events: list[Recorded]) -> FoldedObject[S]:
        time = replace(view.time, as_of=days[events[0].entity] if events else view.time.as_of)
        version = events[-1].version if events else 0
        return FoldedObject(folder.fold_as_of(events, time.as_of), version, time)

    return {identifier: folded(events) for identifier, events in found.items()}


async def days_of(q: Query, entities: Sequence[str]) -> dict[str, date]:
    """Return today of each entity for which it is another day than the one asked about; none with ``as_of``."""
    found = {entity: (await q.of_entity(entity)).as_of for entity in entities}
    return {entity: day for entity, day in found.items() if day != q.as_of}


async def is_now(q: Query) -> bool:
    """Return True if the requested dates are today, or later, and all that is known."""
    return q.asked_position is None and q.as_of >= await q.ledger.today(q.caller.ledger)

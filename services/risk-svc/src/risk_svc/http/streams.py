"""One stream at the dates of a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from encours.contracts import Recorded
from encours.http.queries import Query
from encours.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class StreamThen:
    """Events of a stream that counted on the day, as they were known."""

    events: Sequence[Recorded]
    last: Recorded
    """Latest event that was known, whatever day is asked for: ``If-Match`` compares with its version."""
    echo: dict[str, Any]
    """Dates of the question."""


async def stream_then(q: Query, stream: str, missing: NotFound) -> StreamThen:
    """Return a stream of an entity that the caller sees. Raises ``missing`` if nothing of it counted on the day."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, stream, upto=time.position)
    visible = [event for event in events if event.effective_on <= time.as_of]
    if not visible:
        raise missing
    q.caller.require_sight(visible[0].entity, missing)
    return StreamThen(visible, events[-1], time.echo())

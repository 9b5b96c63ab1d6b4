"""Events of one stream at the dates of a question, for answers that are folded from them."""

from __future__ import annotations

from encours.contracts import Recorded
from encours.http.queries import Query


async def events_at(q: Query, stream: str, position: int) -> list[Recorded]:
    """Return the events of a stream up to a position that count by the day of the question, in order."""
    events = await q.ledger.read_stream(q.caller.ledger, stream, upto=position)
    return [event for event in events if event.effective_on <= q.as_of]

"""Events of one stream at the dates of a question, for answers that are folded from them."""

from __future__ import annotations

from encours.contracts import Recorded
from encours.http.queries import Query


async def of_object(q: Query, stream: str, position: int) -> tuple[Query, list[Recorded]]:
    """Return the question and the events of an object up to a position that count by its day, in order.

    Without a date it is about today of the object's entity, in its own zone.
    """
    events = await q.ledger.read_stream(q.caller.ledger, stream, upto=position)
    if events:
        q = await q.of_entity(events[0].entity)
    return q, [event for event in events if event.effective_on <= q.as_of]

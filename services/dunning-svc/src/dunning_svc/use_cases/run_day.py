"""The run of a day: every group in which a step's day has come is decided once, and what is to leave is offered.

A reaction to ``calendar.day_opened``: the read model stands exactly at that event, so the same decisions come
out whenever it is repeated, under the same command ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from dunning_svc.domain.ladder.decide import Decision, decide_customer
from dunning_svc.domain.ladder.events import DecisionEvent, as_event, decision_key, stream_of
from dunning_svc.domain.ladder.policy import DEFAULT_POLICY
from dunning_svc.outbox.dispatch import Outgoing
from dunning_svc.outbox.runs import ACTOR, Run, complete, completion_id
from dunning_svc.outbox.service import Offer
from dunning_svc.read_models.cases import MODEL
from dunning_svc.use_cases.views import Loaded, load_due
from encours.contracts import Recorded
from encours.contracts.calendar import DayOpened
from encours.contracts.dunning import ReminderRequested, ReminderSuppressed, TaskOpened
from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.projection.read_model import Reactor
from encours.reading.read_db import ReadDb

_AT_ONCE = 1024


class RunDay(Reactor):
    """Decides on ``calendar.day_opened``."""

    types = frozenset({DayOpened.TYPE})

    def __init__(self, ledger: Ledger, db: ReadDb, offer: Callable[[Offer], bool]) -> None:
        self._ledger = ledger
        self._db = db
        self._offer = offer

    async def react(self, e: Recorded) -> None:
        """Decide the day. Nothing is decided for a day that had passed when it was opened."""
        assert isinstance(e.data, DayOpened)
        if await self._ledger.find_command(e.ledger, completion_id(e.ledger, e.event_id)):
            return
        if e.data.late:
            await complete(self._ledger, _run(e, ()), 0)
            return
        async with self._db.snapshot(MODEL, e.ledger) as (conn, schema, _):
            loaded = await load_due(conn, schema, e.data.day)
        decided = list(decide_all(loaded, e))
        for start in range(0, len(decided), _AT_ONCE):
            await asyncio.gather(
                *(self._append(e, d, event) for d, event in decided[start : start + _AT_ONCE])
            )
        run = _run(e, [event for _, event in decided])
        outgoing = [
            Outgoing(event, loaded.customers[d.customer_id], loaded.entities[d.entity_id])
            for d, event in decided
            if isinstance(event, ReminderRequested)
        ]
        if outgoing:
            self._offer(Offer(run, outgoing))
        else:
            await complete(self._ledger, run, 0)

    async def _append(self, e: Recorded, decision: Decision, event: DecisionEvent) -> None:
        key = decision_key(e.ledger, e.event_id, decision.customer_id, decision.entity_id, decision.currency)
        assert isinstance(e.data, DayOpened)
        await self._ledger.append(
            Append(
                ledger=e.ledger,
                command_id=key,
                fingerprint=key.bytes,
                events=(NewEvent(stream_of(event), 1, event, decision.entity_id, e.data.day, uuid7()),),
                actor=ACTOR,
                causation_id=e.event_id,
                correlation_id=e.correlation_id,
                traceparent=e.traceparent,
            )
        )


def decide_all(loaded: Loaded, e: Recorded) -> Iterator[tuple[Decision, DecisionEvent]]:
    """Every decision of the day with its event."""
    assert isinstance(e.data, DayOpened)
    for view in loaded.views:
        decision = decide_customer(view, e.data.day, DEFAULT_POLICY, e.position)
        if decision is not None:
            key = decision_key(e.ledger, e.event_id, view.customer_id, view.entity_id, view.currency)
            yield decision, as_event(decision, key)


def _run(e: Recorded, events: Sequence[DecisionEvent]) -> Run:
    assert isinstance(e.data, DayOpened)
    kinds = [type(event) for event in events]
    return Run(
        ledger=e.ledger,
        day=e.data.day,
        day_event=e.event_id,
        entity=e.entity,
        requested=kinds.count(ReminderRequested),
        suppressed=kinds.count(ReminderSuppressed),
        tasks=kinds.count(TaskOpened),
    )

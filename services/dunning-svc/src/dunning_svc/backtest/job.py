"""The process of one back-test: ``python -m dunning_svc backtest ID``, started by the worker.

It reads the ledger itself, some customers at a time, so that its memory depends on the largest customer and not on the
ledger. Nothing in it can send: it has no outbox. It ends when the back-test is cancelled, or when its worker has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import timedelta
from operator import attrgetter

from dunning_svc.backtest.replay import Replay, Trial
from dunning_svc.backtest.results import TASKS, BacktestResult, FirstDay, Measured, Summing, channel_counts
from dunning_svc.backtest.store import Backtest, BacktestStore
from dunning_svc.backtest.tally import Findings, Tally
from dunning_svc.domain.ladder.grouping import decisions_of, in_units
from dunning_svc.domain.policy.shipped import DEFAULT_ID
from dunning_svc.models import MODELS, NAME
from dunning_svc.read_models.cases.debtors import components, with_roles
from dunning_svc.read_models.cases.due import due_pages
from dunning_svc.read_models.cases.fold.policies import (
    documents_of,
    groups_customers,
    policies_of,
    policy_rows,
    put_in_force,
)
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import streams_of
from dunning_svc.read_models.cases.query import customers_moved_since
from dunning_svc.use_cases.policies import record_backtest
from encours.contracts import Recorded
from encours.contracts.events import calendar
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.policy import BacktestTotal, PolicyBacktested
from encours.contracts.events.dunning.reminders import Channel
from encours.kernel.ids import derived_uuid
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.reading.merges import merges
from encours.service.long_work_process import LongWorkProcess, LongWorkRun
from encours.service.memory import peak_mib

ITEMS_AT_ONCE = 1_500
"""Invoices of the customers that are replayed together, unless one customer has more."""
_MARGIN = timedelta(days=2)
"""Rows have the day of a movement in UTC, the period is that of the ledger."""


class BacktestRun(LongWorkRun[BacktestStore, Backtest]):
    """One run of a back-test, from its beginning to its result."""

    _events = _lines = _done = 0

    async def run(self) -> None:
        """Replay all customers, store the result and record it in the ledger. Raises :class:`Abandoned`."""
        backtest = self._work
        info = await self._ledger.info(backtest.ledger)
        async with self._db.snapshot(MODEL, backtest.ledger) as (conn, schema, _):
            documents = documents_of(await policy_rows(conn, schema), backtest.policy_id)
            moved = await customers_moved_since(conn, schema, backtest.first_on - _MARGIN)
            known = await merges(conn, schema)
            # Customers whose cases may be decided together are replayed together.
            roles = (
                await with_roles(conn, schema) if groups_customers(await policy_rows(conn, schema)) else []
            )
        trial = Trial(
            backtest.policy_id,
            backtest.version,
            documents,
            backtest.first_on,
            backtest.last_on,
            info.time_zone,
        )
        opened = await self._ledger.read_stream(backtest.ledger, calendar.STREAM, upto=backtest.position)
        days = [
            e for e in opened if isinstance(e.data, DayOpened) and trial.first <= e.data.day <= trial.last
        ]
        summing = Summing(trial, backtest.position, backtest.costs)
        parts = parts_of(moved, components(roles, known))
        async for customers, events in self._read(parts):
            found = self._replay(trial, [*events, *days])
            self._done += len(customers)
            self._go_on(await self._store.keep(backtest, found, self._lines, len(moved), self._done))
            self._lines += len(found.lines)
            summing.add(found)
        result = BacktestResult(
            result_hash=summing.result_hash(),
            totals=summing.totals(),
            first_day=await self._first_day(trial),
            measured=Measured(
                events=self._events,
                seconds=round(time.monotonic() - self._started, 3),
                peak_mib=round(peak_mib(), 1),
            ),
        )
        await self._record(result)
        self._go_on(await self._store.complete(backtest, result))

    async def _read(self, parts: Sequence[list[str]]) -> AsyncIterator[tuple[list[str], list[Recorded]]]:
        """Yield each part of the customers with its events, the next part being read meanwhile."""
        ahead = asyncio.create_task(self._events_of(parts[0])) if parts else None
        for number, customers in enumerate(parts, 1):
            assert ahead is not None
            events = await ahead
            if number < len(parts):
                ahead = asyncio.create_task(self._events_of(parts[number]))
            yield customers, events

    async def _events_of(self, customers: list[str]) -> list[Recorded]:
        backtest = self._work
        async with self._db.snapshot(MODEL, backtest.ledger) as (conn, schema, _):
            streams = await streams_of(conn, schema, customers)
        read = await self._ledger.read_streams(backtest.ledger, streams, upto=backtest.position)
        events = [e for stream in read.values() for e in stream]
        self._events += len(events)
        return events

    def _replay(self, trial: Trial, events: list[Recorded]) -> Findings:
        replay, tally = Replay(trial), Tally(trial.first, trial.last)
        for e, decision in replay.run(sorted(events, key=attrgetter("position"))):
            if decision is not None:
                tally.decided(decision)
            else:
                tally.happened(e)
        tally.left(replay.left_out)
        return tally.findings(replay.thanked)

    async def _first_day(self, trial: Trial) -> FirstDay:
        """Decide the next day with the version in force from today on, from the state as it is now."""
        today = await self._ledger.today(self._work.ledger)
        day = today + timedelta(days=1)
        async with self._db.snapshot(MODEL, self._work.ledger) as (conn, schema, position):
            rows = {row.policy_id: row for row in await policy_rows(conn, schema)}
            if (policy_id := trial.policy_id) != DEFAULT_ID:
                rows[policy_id] = put_in_force(
                    rows.get(policy_id), policy_id, trial.documents, trial.version, today, position
                )
            counts: Counter[Channel] = Counter()
            async for due in due_pages(conn, schema, day, policies_of(rows.values())):
                decided = (
                    each
                    for unit in in_units(due.cases, lambda _: day, due.policies)
                    for each in decisions_of(unit, day, due.policies, position)
                )
                counts.update(each.step.channel for each in decided if each.cause is None)
        tasks = sum(count for channel, count in counts.items() if channel in TASKS)
        channels = channel_counts(counts, self._work.costs)
        return FirstDay(day=day, messages=counts.total() - tasks, tasks=tasks, channels=channels)

    async def _record(self, result: BacktestResult) -> None:
        """Append the back-test to its policy, once. Nobody activates the default policy."""
        backtest, totals = self._work, result.totals
        if backtest.policy_id == DEFAULT_ID:
            return
        event = PolicyBacktested(
            policy_id=backtest.policy_id,
            version=backtest.version,
            backtest_id=backtest.id,
            first_on=backtest.first_on,
            last_on=backtest.last_on,
            position=backtest.position,
            result_hash=result.result_hash,
            messages=totals.messages,
            tasks=totals.tasks,
            suppressed=sum(totals.suppressed.values()),
            customers=totals.customers,
            contradictions=sum(totals.contradictions.values()),
            channels=tuple(
                BacktestTotal(channel=each.channel, count=each.count, cost_minor=each.cost_minor)
                for each in totals.channels
            ),
        )
        today = await self._ledger.today(backtest.ledger)
        command_id = derived_uuid("policy backtested", backtest.ledger, backtest.id)
        meta = derived(backtest.ledger, command_id, actor=backtest.asked_by, today=today)
        await execute(self._ledger, meta, record_backtest, event)


PROCESS = LongWorkProcess(service=NAME, job="backtest", models=MODELS, store=BacktestStore, run=BacktestRun)


def parts_of(items: Mapping[str, int], together: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Return customers in parts of :data:`ITEMS_AT_ONCE` invoices; those that belong ``together`` are in one part."""
    parts: list[list[str]] = []
    seen: set[str] = set()
    size = ITEMS_AT_ONCE
    for customer_id in sorted(items):
        if customer_id in seen:
            continue
        component = items.keys() & together.get(customer_id, {customer_id})
        seen |= component
        if size >= ITEMS_AT_ONCE:
            parts.append([])
            size = 0
        parts[-1] += sorted(component)
        size += sum(items[each] for each in component)
    return parts

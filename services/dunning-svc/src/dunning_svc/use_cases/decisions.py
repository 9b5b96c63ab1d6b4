"""Replay of decisions from the ledger, to prove that they follow from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

import msgspec

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.events import DecisionEvent, as_event
from dunning_svc.domain.ladder.grouping import about_the_same, decisions_of, in_units
from dunning_svc.domain.policy.shipped import EARLIER
from dunning_svc.read_models.cases.fold.decisions import document_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows, cases_at, fold, streams_of
from dunning_svc.read_models.cases.query import decisions_between
from dunning_svc.read_models.cases.rows.reminders import DecisionRow
from encours.contracts import Recorded, encode
from encours.kernel.errors import Refusal
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.reading.moment import Granted
from encours.reading.read_db import ReadDb

DECISIONS_MAX = 100_000
"""Most decisions of one request; the year of the demo has 20,000."""
_CUSTOMERS_AT_ONCE = 50


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Reperformed:
    """A stored decision, and the one that its input in the ledger yields now."""

    stored: DecisionEvent
    recomputed: DecisionEvent | None

    @property
    def equal(self) -> bool:
        """True if both are equal byte by byte."""
        return self.recomputed is not None and encode(self.stored) == encode(self.recomputed)

    def differences(self) -> list[str]:
        """Return the names of the fields in which the two differ."""
        if self.recomputed is None:
            return ["the ledger yields no decision"]
        old, new = (msgspec.to_builtins(event) for event in (self.stored, self.recomputed))
        return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


async def reperform(ledger: Ledger, conn: Conn, schema: str, name: str, row: DecisionRow) -> Reperformed:
    """Fold the customer's streams and the policies up to the position that the decision saw, and decide again."""
    stored = document_of(row)
    rows = await cases_at(ledger, conn, schema, name, [row.customer_id], stored.basis.position)
    return _again(rows, stored, row.entity_id)


class PeriodTooLong(Refusal):
    """The period has more decisions than one request reperforms (422)."""

    code = "reperform-period-too-long"
    title = "Period has too many decisions"
    status = 422
    remedy = "Ask for a shorter period, and for the rest in further requests."


@dataclass(frozen=True, slots=True)
class ReperformedPeriod:
    """Decisions of a period at a position of the ledger: their number, and those that do not follow from it."""

    position: int
    decisions: int
    mismatches: list[Reperformed]


async def reperform_period(
    ledger: Ledger,
    db: ReadDb,
    name: str,
    period: Period,
    granted: Granted,
    gets_on: Callable[[], None],
) -> ReperformedPeriod:
    """Decide every case of the period again from the ledger. Raises :class:`PeriodTooLong`.

    The read model only lists the streams. The decisions too are those that the ledger has. ``gets_on`` is called after
    each :data:`_CUSTOMERS_AT_ONCE` customers.
    """
    async with db.snapshot(MODEL, name) as (conn, schema, position):
        found = await decisions_between(conn, schema, period.first, period.last, granted)
        if (total := sum(found.values())) > DECISIONS_MAX:
            raise PeriodTooLong(
                f"It has {total:,} decisions; at most {DECISIONS_MAX:,} are possible at once.", "/to"
            )
        ids = sorted(found)
        chunks = [
            await streams_of(conn, schema, ids[start : start + _CUSTOMERS_AT_ONCE])
            for start in range(0, len(ids), _CUSTOMERS_AT_ONCE)
        ]
    seen: set[str] = set()
    mismatches: list[Reperformed] = []
    for streams in chunks:
        read = await ledger.read_streams(name, streams, upto=position)
        for again in reperform_all((e for stream in read.values() for e in stream), period, granted):
            if again.stored.decision_id in seen:
                continue
            seen.add(again.stored.decision_id)
            if not again.equal:
                mismatches.append(again)
        gets_on()
    return ReperformedPeriod(position, len(seen), sorted(mismatches, key=lambda each: each.stored.day))


def reperform_all(
    events: Iterable[Recorded], period: Period, granted: Granted = None
) -> Iterator[Reperformed]:
    """Decide again each case that was decided in a period: the events are whole streams, folded once, in order."""
    ordered = sorted(events, key=lambda e: e.position)
    stored = [
        (e.data, e.entity)
        for e in ordered
        if isinstance(e.data, DecisionEvent)
        and (e.version == 1 and period.first <= e.data.day <= period.last)
        and (granted is None or e.entity in granted)
    ]
    rows, upcoming = MemoryRows(), deque(ordered)
    for decision, entity_id in sorted(stored, key=lambda each: each[0].basis.position):
        while upcoming and upcoming[0].position <= decision.basis.position:
            fold(upcoming.popleft(), rows)
        yield _again(rows, decision, entity_id)


def _again(rows: MemoryRows, stored: DecisionEvent, entity_id: str) -> Reperformed:
    """Decide again on the rows as the decision saw them.

    Its policy is chosen again too. Decisions under an earlier version of the default policy are taken under that one.
    """
    basis = stored.basis
    earlier = EARLIER.get((basis.policy_id, basis.policy_version))
    group = (stored.customer_id, entity_id, stored.currency)
    decision = None
    if earlier is not None:
        case = rows.case(group, stored.day, by_role=earlier.addresses_by_role)
        if case is not None:
            decision = decide_customer(case, stored.day, earlier, basis.position)
    else:
        policies = rows.policies()
        again = [
            each
            for unit in in_units(rows.cases_with([group], stored.day), lambda _: stored.day, policies)
            if (unit.joint is not None) == bool(stored.debtors)
            for each in decisions_of(unit, stored.day, policies, basis.position)
        ]
        decision = about_the_same(again, stored)
    key = UUID(hex=stored.decision_id.partition("_")[2])
    return Reperformed(stored, None if decision is None else as_event(decision, key))

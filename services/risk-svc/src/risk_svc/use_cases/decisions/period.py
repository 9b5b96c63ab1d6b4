"""All decisions on credit of a period, taken again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import get_args

from encours.contracts import names_of
from encours.kernel.errors import Refusal
from encours.ledger import Ledger
from encours.reading.moment import Granted
from encours.reading.read_db import ReadDb
from risk_svc.domain.reperform import CreditDecisionEvent
from risk_svc.models import CREDIT
from risk_svc.use_cases.decisions.archive import CreditArchive, CreditReperformed

DECIDED = names_of(*get_args(CreditDecisionEvent))
"""Events of decisions on credit."""
CREDIT_DECISIONS_MAX = 100_000
"""Most decisions of one request."""
_EVENTS_AT_ONCE = 1_000
_STREAMS_AT_ONCE = 500
"""So many that a look whose grades are taken again is read once and not for each customer."""


class CreditPeriodTooLong(Refusal):
    """The period has more decisions on credit than one request takes again (422)."""

    code = "credit-period-too-long"
    title = "Period has too many decisions on credit"
    status = 422
    remedy = "Ask for a shorter period, and for the rest in further requests."


@dataclass(frozen=True, slots=True)
class CreditPeriod:
    """Days, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class CreditPeriodReperformed:
    """Decisions of a period at a position: their number by type, and those that do not follow from the ledger."""

    position: int
    decisions: Counter[str]
    mismatches: list[CreditReperformed]


async def reperform_credit(
    ledger: Ledger,
    db: ReadDb,
    name: str,
    period: CreditPeriod,
    granted: Granted,
    gets_on: Callable[[], None],
) -> CreditPeriodReperformed:
    """Take every decision on credit of a period again. Raises :class:`CreditPeriodTooLong`.

    ``gets_on`` is called after each page of events and before each stream.
    """
    async with db.snapshot(CREDIT, name) as (_, _, position):
        pass
    wanted = await _decided(ledger, name, period, granted, position, gets_on)
    streams, decisions, mismatches = sorted(wanted), Counter[str](), list[CreditReperformed]()
    for start in range(0, len(streams), _STREAMS_AT_ONCE):
        some = streams[start : start + _STREAMS_AT_ONCE]
        read = await ledger.read_streams(name, some, upto=position)
        async with db.snapshot(CREDIT, name) as (conn, schema, _):
            archive = CreditArchive(ledger, name, conn, schema)
            await archive.read_ahead(e for each in some for e in read[each] if e.position in wanted[each])
            for stream in some:
                gets_on()
                for again in await archive.reperform(read[stream], wanted[stream]):
                    decisions[again.event.type] += 1
                    if again.again.differences:
                        mismatches.append(again)
    return CreditPeriodReperformed(
        position, decisions, sorted(mismatches, key=lambda each: each.event.position)
    )


async def _decided(
    ledger: Ledger,
    name: str,
    period: CreditPeriod,
    granted: Granted,
    position: int,
    gets_on: Callable[[], None],
) -> dict[str, set[int]]:
    """Return the positions of the decisions of a period by stream."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    after = total = 0
    while page := await ledger.read_types(name, DECIDED, after, _EVENTS_AT_ONCE):
        for e in page:
            seen = granted is None or e.entity in granted
            if e.position <= position and seen and period.first <= e.effective_on <= period.last:
                found[e.stream].add(e.position)
                total += 1
        if total > CREDIT_DECISIONS_MAX:
            raise CreditPeriodTooLong(
                f"It has more than {CREDIT_DECISIONS_MAX:,} decisions; ask for fewer days.", "/to"
            )
        after = page[-1].position
        gets_on()
    return found

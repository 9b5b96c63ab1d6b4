"""Early warnings that should have been judged by now: a pure function of the time and of the days that opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from msgspec import structs

from encours.contracts.events.credit_warning import WarningRulesSet

UnjudgedKind = Literal["warnings_not_judged", "customers_not_judged"]
_OPENED_BY = time(7, 0)
"""Local time by which a day, which opens at six, has to be open, and the work of the day before done."""


@dataclass(frozen=True, slots=True)
class UnjudgedCustomer:
    """A customer who could not be judged on a day, and why."""

    entity_id: str
    customer_id: str
    day: date
    problem: str


@dataclass(frozen=True, slots=True)
class UnjudgedWork:
    """Work on early warnings that is overdue, the first day of it, how much there is, and what to do next."""

    kind: UnjudgedKind
    since: date
    count: int
    detail: str
    remedy: str


def rules_on(events: Iterable[tuple[int, WarningRulesSet]]) -> Mapping[str, int]:
    """Return the entities with a rule in force, with the position from which on they have had one."""
    since: dict[str, int] = {}
    for position, event in events:
        if any(rule is not None for rule in structs.astuple(event.rules)):
            since.setdefault(event.entity_id, position)
        else:
            since.pop(event.entity_id, None)
    return since


def unjudged(
    now: datetime,
    opened: Iterable[tuple[int, date]],
    since: Mapping[str, int],
    failed: Sequence[UnjudgedCustomer],
) -> Iterator[UnjudgedWork]:
    """Yield what is overdue at a local time of the ledger.

    ``opened``: positions and days of the openings that were not judged. A day is judged by seven o'clock of the next
    one. A customer who could not be judged is told at once, until a later day is judged without a fault.
    """
    expected = now.date() if now.time() >= _OPENED_BY else now.date() - timedelta(days=1)
    first = min(since.values(), default=None)
    late = [day for position, day in opened if first is not None and position > first and day < expected]
    if late:
        yield UnjudgedWork(
            "warnings_not_judged",
            min(late),
            len(late),
            f"The early warnings of {min(late)} have not been judged.",
            "See with `encours status` whether the worker of risk-svc runs and follows the ledger, and read its log. "
            "It judges the days that were missed itself, each as on its date.",
        )
    told = [each for each in failed if each.entity_id in since]
    if told:
        oldest = min(told, key=lambda each: each.day)
        who = "1 customer" if len(told) == 1 else f"{len(told)} customers"
        yield UnjudgedWork(
            "customers_not_judged",
            oldest.day,
            len(told),
            f"Without a judgement for early warnings on {oldest.day}: {who}, the first {oldest.customer_id} "
            f"({oldest.problem}).",
            "Read the log of risk-svc's worker: `customer not judged` names each with its error. The others were "
            "judged; these are tried again with the next day that opens.",
        )

"""Result of a back-test: totals, a hash, and the first entries of what contradicts the past."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import date

import msgspec

from dunning_svc.backtest.replay import Trial
from dunning_svc.backtest.tally import Contradiction, Findings
from encours.contracts.events.dunning.reminders import Channel

COST_CURRENCY = "EUR"
CONTRADICTIONS_LISTED = 1_000
_SUM = 2**256
_canonical = msgspec.json.Encoder(order="sorted")


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of one message or task by channel, in cents.

    The defaults are estimates of postage and handling in France, for comparisons of policies; state your own.
    """

    email: int = 0
    letter: int = 200
    registered_letter: int = 800
    phone: int = 500
    file: int = 5_000
    sms: int = 8
    webhook: int = 0

    def of(self, channel: str) -> int:
        """Return the cost of a channel; nothing for one that has none."""
        cents: int = getattr(self, channel, 0)
        return cents


class ChannelCount(msgspec.Struct, frozen=True, kw_only=True):
    """Messages or tasks of one channel, their cost in cents, and those that really left."""

    channel: Channel
    count: int
    cost_minor: int


class StepCount(msgspec.Struct, frozen=True, kw_only=True):
    """Messages or tasks of a step."""

    policy_id: str
    policy_version: int
    step: str
    count: int


class FirstContacts(msgspec.Struct, frozen=True, kw_only=True):
    """Customers by their first message of the period, compared with the first that really left."""

    earlier: int = 0
    same_day: int = 0
    later: int = 0
    only_in_backtest: int = 0
    only_in_reality: int = 0


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Work of the process that made the back-test; not part of the hash."""

    events: int
    seconds: float
    peak_mib: float


class BacktestTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a result that follows from the ledger alone."""

    messages: int
    tasks: int
    customers: int
    real_messages: int
    channels: tuple[ChannelCount, ...]
    cost_minor: int
    steps: tuple[StepCount, ...]
    suppressed: dict[str, int]
    first_contacts: FirstContacts
    contradictions: dict[str, int]
    contradictions_listed: tuple[Contradiction, ...]
    thanks: int = 0


class FirstDay(msgspec.Struct, frozen=True, kw_only=True):
    """Messages and tasks of the first run after an activation now, and its day."""

    day: date
    messages: int
    tasks: int
    channels: tuple[ChannelCount, ...]


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result as it is stored."""

    result_hash: str
    totals: BacktestTotals
    first_day: FirstDay
    measured: Measured


class Summing:
    """Sums findings, customer by customer in any order, with a hash that does not depend on the order.

    The hash is the SHA-256 of the trial, the position, the costs and the sum of the SHA-256 of each line, in
    canonical JSON. It is the same on any machine and at any repetition.
    """

    def __init__(self, trial: Trial, position: int, costs: Costs) -> None:
        self._trial, self._position, self._costs = trial, position, costs
        self._sum = 0
        self._channels: Counter[Channel] = Counter()
        self._steps: Counter[tuple[str, int, str]] = Counter()
        self._suppressed: Counter[str] = Counter()
        self._first: Counter[str] = Counter()
        self._contradictions: Counter[str] = Counter()
        self._listed: list[Contradiction] = []
        self._customers = self._real = self._thanks = 0

    def add(self, found: Findings) -> None:
        """Add the findings about some customers."""
        for row in (*found.lines, *found.customers, *found.contradictions):
            digest = hashlib.sha256(type(row).__name__.encode() + _canonical.encode(row)).digest()
            self._sum = (self._sum + int.from_bytes(digest, "big")) % _SUM
        for line in found.lines:
            self._channels[line.channel] += 1
            self._steps[line.policy_id, line.policy_version, line.step] += 1
        self._suppressed.update(found.suppressed)
        self._thanks += found.thanks
        self._contradictions.update(each.kind for each in found.contradictions)
        self._listed = sorted([*self._listed, *found.contradictions], key=_canonical.encode)
        del self._listed[CONTRADICTIONS_LISTED:]
        for customer in found.customers:
            self._customers += customer.messages > 0
            self._real += customer.real_messages
            self._first[_compared(customer.first_on, customer.real_first_on)] += 1

    def totals(self) -> BacktestTotals:
        """Return the totals of all that was added."""
        channels = channel_counts(self._channels, self._costs)
        tasks = sum(each.count for each in channels if each.channel in TASKS)
        return BacktestTotals(
            messages=self._channels.total() - tasks,
            tasks=tasks,
            customers=self._customers,
            real_messages=self._real,
            channels=channels,
            cost_minor=sum(each.cost_minor for each in channels),
            steps=tuple(
                StepCount(policy_id=policy_id, policy_version=version, step=step, count=count)
                for (policy_id, version, step), count in sorted(self._steps.items())
            ),
            suppressed=dict(sorted(self._suppressed.items())),
            first_contacts=FirstContacts(**self._first),
            contradictions=dict(sorted(self._contradictions.items())),
            contradictions_listed=tuple(self._listed),
            thanks=self._thanks,
        )

    def result_hash(self) -> str:
        """Return the hash of all that was added."""
        head = {
            "policy_id": self._trial.policy_id,
            "version": self._trial.version,
            "documents": self._trial.documents[self._trial.version - 1 :][:1],
            "from": self._trial.first,
            "to": self._trial.last,
            "position": self._position,
            "costs": self._costs,
            "suppressed": dict(self._suppressed),
            "lines": f"{self._sum:064x}",
        }
        if self._thanks:
            head["thanks"] = self._thanks
        return hashlib.sha256(_canonical.encode(head)).hexdigest()


TASKS: frozenset[Channel] = frozenset({"phone", "file"})
"""Channels of work for a person at the creditor; the others reach the customer."""


def channel_counts(counts: Mapping[Channel, int], costs: Costs) -> tuple[ChannelCount, ...]:
    """Return counts by channel with their costs."""
    return tuple(
        ChannelCount(channel=channel, count=count, cost_minor=count * costs.of(channel))
        for channel, count in sorted(counts.items())
    )


def _compared(first: date | None, real: date | None) -> str:
    if first is None or real is None:
        return "only_in_reality" if first is None else "only_in_backtest"
    return "earlier" if first < real else "later" if first > real else "same_day"

"""Answers about back-tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from dunning_svc.backtest.results import (
    COST_CURRENCY,
    BacktestResult,
    BacktestTotals,
    ChannelCount,
    FirstDay,
)
from dunning_svc.backtest.store import Backtest
from dunning_svc.backtest.tally import Contradiction, ContradictionKind
from encours.contracts.events.dunning.reminders import Channel
from encours.http.long_work import LongWorkItem
from encours.http.models import MoneyModel
from encours.http.paging import Listing

SHOWS = (
    "What would have been sent, not what would have been paid: payments, disputes and answers are those that really "
    "came, also where another reminder would have changed them."
)


class ChannelCountOut(BaseModel):
    """Messages or tasks of a channel, and their cost."""

    channel: Channel
    count: int
    cost: MoneyModel

    @classmethod
    def of(cls, found: ChannelCount) -> ChannelCountOut:
        """Return a count."""
        cost = MoneyModel.of(found.cost_minor, COST_CURRENCY)
        return cls(channel=found.channel, count=found.count, cost=cost)


class StepCountOut(BaseModel):
    """Messages or tasks of a step."""

    policy_id: str
    policy_version: int
    step: str
    count: int


class FirstContactsOut(BaseModel):
    """Customers by the first message of the period, compared with the first one that really left."""

    earlier: int
    same_day: int
    later: int
    only_in_backtest: int
    only_in_reality: int


class ContradictionOut(BaseModel):
    """A place where the past would have been another one, or was known later than it counted."""

    kind: ContradictionKind = Field(
        description="`paid_after_a_reminder_not_sent`: the invoice was paid after a real reminder, and the back-test "
        "sends none before. `settled_before_but_known_later`, `disputed_before_but_known_later`: the message leaves, "
        "although by an event recorded later the invoice was settled or disputed before its day."
    )
    customer_id: str
    invoice_id: str
    message_on: date = Field(
        description="Day of the message of the back-test; of the real one if it sends none."
    )
    fact_on: date

    @classmethod
    def of(cls, found: Contradiction) -> ContradictionOut:
        """Return a contradiction."""
        return cls(
            kind=found.kind,
            customer_id=found.customer_id,
            invoice_id=found.invoice_id,
            message_on=found.message_on,
            fact_on=found.fact_on,
        )


class BacktestTotalsOut(BaseModel):
    """BacktestTotals over all customers, under all policies in force."""

    messages: int
    tasks: int
    customers: int = Field(description="Customers with a message.")
    real_messages: int = Field(description="Messages that really left in the period.")
    channels: list[ChannelCountOut]
    cost: MoneyModel
    steps: list[StepCountOut]
    suppressed: dict[str, int] = Field(description="Decisions that suppress a reminder, by cause.")
    thanks: int = Field(description="Thank-yous for paid invoices, besides the messages.")
    first_contacts: FirstContactsOut
    contradictions: dict[str, int]

    @classmethod
    def of(cls, found: BacktestTotals) -> BacktestTotalsOut:
        """Return totals."""
        first = found.first_contacts
        return cls(
            messages=found.messages,
            tasks=found.tasks,
            customers=found.customers,
            real_messages=found.real_messages,
            channels=[ChannelCountOut.of(each) for each in found.channels],
            cost=MoneyModel.of(found.cost_minor, COST_CURRENCY),
            steps=[
                StepCountOut(
                    policy_id=each.policy_id,
                    policy_version=each.policy_version,
                    step=each.step,
                    count=each.count,
                )
                for each in found.steps
            ],
            suppressed=found.suppressed,
            thanks=found.thanks,
            first_contacts=FirstContactsOut(
                earlier=first.earlier,
                same_day=first.same_day,
                later=first.later,
                only_in_backtest=first.only_in_backtest,
                only_in_reality=first.only_in_reality,
            ),
            contradictions=found.contradictions,
        )


class FirstDayOut(BaseModel):
    """Messages and tasks of the next run if the version is activated now, on the state at completion.

    Not part of the hash.
    """

    day: date
    messages: int
    tasks: int
    channels: list[ChannelCountOut]

    @classmethod
    def of(cls, found: FirstDay) -> FirstDayOut:
        """Return the first day."""
        channels = [ChannelCountOut.of(each) for each in found.channels]
        return cls(day=found.day, messages=found.messages, tasks=found.tasks, channels=channels)


class MeasuredOut(BaseModel):
    """Work of the process."""

    events: int
    seconds: float
    peak_mib: float


class BacktestResultOut(BaseModel):
    """Result of a back-test."""

    result_hash: str = Field(
        description="SHA-256 in hexadecimal digits: the same for the same version, period, position and costs."
    )
    totals: BacktestTotalsOut
    contradictions: list[ContradictionOut] = Field(description="The first 1,000; the totals count all.")
    first_day: FirstDayOut
    measured: MeasuredOut

    @classmethod
    def of(cls, found: BacktestResult) -> BacktestResultOut:
        """Return a result."""
        measured = found.measured
        return cls(
            result_hash=found.result_hash,
            totals=BacktestTotalsOut.of(found.totals),
            contradictions=[ContradictionOut.of(each) for each in found.totals.contradictions_listed],
            first_day=FirstDayOut.of(found.first_day),
            measured=MeasuredOut(
                events=measured.events, seconds=measured.seconds, peak_mib=measured.peak_mib
            ),
        )


class BacktestItem(LongWorkItem):
    """A back-test, without its result."""

    policy_id: str
    version: int
    customers: int = Field(description="Customers to replay; 0 before that is known.")
    customers_done: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> BacktestItem:
        """Return a row of the list."""
        return cls.model_validate(cls.plain(Backtest.of(row)))


class BacktestOut(BacktestItem):
    """A back-test."""

    shows: str = Field(description="What a back-test shows, and what it does not.", examples=[SHOWS])
    costs: dict[str, int] = Field(description="Cents by channel.")
    result: BacktestResultOut | None = Field(description="Null before it is completed.")

    @classmethod
    def shown(cls, found: Backtest) -> BacktestOut:
        """Return a back-test with its result."""
        costs = {name: getattr(found.costs, name) for name in found.costs.__struct_fields__}
        result = None if found.result is None else BacktestResultOut.of(found.result)
        return cls.model_validate(cls.plain(found) | {"shows": SHOWS, "costs": costs, "result": result})


class BacktestListing(Listing[BacktestItem]):
    """Back-tests, newest first."""


class BacktestLineOut(BaseModel):
    """A message or task that would have left."""

    line: int
    day: date
    customer_id: str
    entity_id: str
    policy_id: str
    policy_version: int
    channel: Channel
    step: str
    amount: MoneyModel
    invoices: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> BacktestLineOut:
        """Return a row."""
        fields = {name: row[name] for name in cls.model_fields if name != "amount"}
        return cls(**fields, amount=MoneyModel.of(row["amount_minor"], row["currency"]))


class BacktestLineListing(Listing[BacktestLineOut]):
    """Messages and tasks that would have left."""


class BacktestCustomerOut(BaseModel):
    """Messages to a customer, in the back-test and really."""

    customer_id: str
    messages: int
    first_on: date | None
    real_messages: int
    real_first_on: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> BacktestCustomerOut:
        """Return a row."""
        return cls(**{name: row[name] for name in cls.model_fields})


class BacktestCustomerListing(Listing[BacktestCustomerOut]):
    """Customers with a message, in the back-test or really."""


class DifferingCustomerOut(BaseModel):
    """A customer whose messages differ between two back-tests."""

    customer_id: str
    messages_a: int
    messages_b: int
    first_on_a: date | None
    first_on_b: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> DifferingCustomerOut:
        """Return a row."""
        return cls(**{name: row[name] for name in cls.model_fields})


class ComparedOut(Listing[DifferingCustomerOut]):
    """Two back-tests side by side, with a page of the customers whose messages differ."""

    a: BacktestOut
    b: BacktestOut
    same_period: bool = Field(
        description="False if period or position differ, so that totals do not compare."
    )

    @classmethod
    def compared(cls, found: Sequence[Backtest]) -> dict[str, Any]:
        """Return the two of them."""
        a, b = found
        same = (a.first_on, a.last_on, a.position) == (b.first_on, b.last_on, b.position)
        return {
            "a": BacktestOut.shown(a).model_dump(mode="json", by_alias=True),
            "b": BacktestOut.shown(b).model_dump(mode="json", by_alias=True),
            "same_period": same,
        }

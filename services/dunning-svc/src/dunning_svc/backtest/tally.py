"""Findings of a back-test: what would have left, compared with what really left, and what contradicts it.

They say what would have been sent. Payments, disputes and answers stay those that really came, also where another
reminder may have caused them or prevented them; :class:`Contradiction` names the places where that shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal

import msgspec

from dunning_svc.domain.ladder.decision import Decision
from encours.contracts import Recorded
from encours.contracts.books import movements
from encours.contracts.events import invoice, reminders
from encours.contracts.events.dunning.reminders import Channel

ContradictionKind = Literal[
    "paid_after_a_reminder_not_sent", "settled_before_but_known_later", "disputed_before_but_known_later"
]


class BacktestLine(msgspec.Struct, frozen=True, kw_only=True):
    """A message or a task that would have left. Amount in minor units."""

    day: date
    customer_id: str
    entity_id: str
    currency: str
    policy_id: str
    policy_version: int
    channel: Channel
    step: str
    amount_minor: int
    invoices: int


class CustomerContacts(msgspec.Struct, frozen=True, kw_only=True):
    """Messages to a customer in the period: number, and day of the first one. ``real``: those that left."""

    customer_id: str
    messages: int
    first_on: date | None
    real_messages: int
    real_first_on: date | None


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """A place where the past would have been another one, or was known later than it counted.

    ``message_on``: day of the message; of the real one for an invoice that was paid after it.
    """

    kind: ContradictionKind
    customer_id: str
    invoice_id: str
    message_on: date
    fact_on: date


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Findings about some customers."""

    lines: Sequence[BacktestLine]
    customers: Sequence[CustomerContacts]
    contradictions: Sequence[Contradiction]
    suppressed: dict[str, int]
    """Decisions that suppress a reminder, by cause."""
    thanks: int = 0
    """Thank-yous for paid invoices, besides the messages."""


class _Contact(msgspec.Struct, frozen=True):
    day: date
    customer_id: str
    invoice_ids: tuple[str, ...]


class Tally:
    """Collects the findings about the customers of one replay."""

    def __init__(self, first: date, last: date) -> None:
        self._first, self._last = first, last
        self._lines: list[BacktestLine] = []
        self._suppressed: Counter[str] = Counter()
        self._messages: list[_Contact] = []
        self._claimed: dict[str, list[date]] = {}
        self._paid: list[tuple[str, date]] = []
        self._found: list[Contradiction] = []
        self._real: dict[str, _Contact] = {}

    def decided(self, decision: Decision) -> None:
        """Add a decision of the replay."""
        if decision.cause is not None:
            self._suppressed[decision.cause] += 1
            return
        self._lines.append(
            BacktestLine(
                day=decision.day,
                customer_id=decision.customer_id,
                entity_id=decision.entity_id,
                currency=decision.currency,
                policy_id=decision.policy_id,
                policy_version=decision.policy_version,
                channel=decision.step.channel,
                step=decision.step.code,
                amount_minor=decision.amount_minor,
                invoices=len(decision.items),
            )
        )
        if decision.step.is_message:
            claimed = tuple(item.invoice_id for item in decision.items if item.asked_minor)
            self._messages.append(_Contact(decision.day, decision.customer_id, claimed))
            for invoice_id in claimed:
                self._claimed.setdefault(invoice_id, []).append(decision.day)

    def happened(self, e: Recorded) -> None:
        """Add an event of the ledger, in order."""
        if isinstance(e.data, invoice.PaymentApplied) and self._first <= e.effective_on <= self._last:
            self._paid.append((e.data.invoice_id, e.effective_on))
        for entry in movements(e):
            days = self._claimed.get(entry.invoice_id or "", ())
            on = next((day for day in days if e.effective_on < day), None)
            if on is None or entry.invoice_id is None:
                continue
            if entry.item_minor < 0:
                self._add(
                    "settled_before_but_known_later", entry.customer_id, entry.invoice_id, on, e.effective_on
                )
            elif entry.contested_minor > 0:
                self._add(
                    "disputed_before_but_known_later", entry.customer_id, entry.invoice_id, on, e.effective_on
                )

    def left(self, real: Iterable[Recorded]) -> None:
        """Add the decisions of the period that were really taken, with their outcomes."""
        for e in real:
            match e.data:
                case reminders.ReminderRequested() if self._first <= e.data.day <= self._last:
                    ids = tuple(item.invoice_id for item in e.data.items if item.asked_minor)
                    self._real[e.stream] = _Contact(e.data.day, e.data.customer_id, ids)
                case reminders.ReminderSuppressed() | reminders.ReminderFailed():
                    self._real.pop(e.stream, None)
                case _:
                    pass

    def findings(self, thanks: int = 0) -> Findings:
        """Return what was found, with the number of thank-yous."""
        for contradiction in self._paid_without_reminder():
            self._found.append(contradiction)
        return Findings(
            lines=self._lines,
            customers=self._customers(),
            contradictions=self._found,
            suppressed=dict(self._suppressed),
            thanks=thanks,
        )

    def _customers(self) -> list[CustomerContacts]:
        days: dict[str, list[date]] = {}
        real: dict[str, list[date]] = {}
        for message in self._messages:
            days.setdefault(message.customer_id, []).append(message.day)
        for message in self._real.values():
            real.setdefault(message.customer_id, []).append(message.day)
        return [
            CustomerContacts(
                customer_id=each,
                messages=len(days.get(each, ())),
                first_on=min(days.get(each, ()), default=None),
                real_messages=len(real.get(each, ())),
                real_first_on=min(real.get(each, ()), default=None),
            )
            for each in sorted(days.keys() | real.keys())
        ]

    def _paid_without_reminder(self) -> Iterator[Contradiction]:
        """Yield the first payment of each invoice that came after a real reminder, and before any of the replay."""
        reminded: dict[str, _Contact] = {}
        for message in sorted(self._real.values(), key=lambda each: (each.day, each.customer_id)):
            for invoice_id in message.invoice_ids:
                reminded.setdefault(invoice_id, message)
        seen: set[str] = set()
        for invoice_id, on in self._paid:
            message_ = reminded.get(invoice_id)
            if invoice_id in seen or message_ is None or message_.day > on:
                continue
            seen.add(invoice_id)
            if not any(day <= on for day in self._claimed.get(invoice_id, ())):
                yield Contradiction(
                    kind="paid_after_a_reminder_not_sent",
                    customer_id=message_.customer_id,
                    invoice_id=invoice_id,
                    message_on=message_.day,
                    fact_on=on,
                )

    def _add(
        self, kind: ContradictionKind, customer_id: str, invoice_id: str, message_on: date, fact_on: date
    ) -> None:
        self._found.append(
            Contradiction(
                kind=kind,
                customer_id=customer_id,
                invoice_id=invoice_id,
                message_on=message_on,
                fact_on=fact_on,
            )
        )

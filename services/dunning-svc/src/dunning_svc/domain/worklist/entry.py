"""An entry of the worklist: a customer, the work about it, and the reasons for its place in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dunning_svc.domain import formats
from dunning_svc.domain.worklist.formula import RiskFormula
from encours.kernel.money import money_text

WorklistReason = Literal["task_due", "escalated", "broken_promise", "high_value"]


@dataclass(frozen=True, slots=True)
class DueTask:
    """An open task that is due."""

    task_id: str
    kind: str
    due_on: date
    escalated: bool


@dataclass(frozen=True, slots=True)
class WorklistEntry:
    """A customer in one currency. ``overdue``: collectable amounts by days past due."""

    customer_id: str
    entity_id: str
    owner: str | None
    currency: str
    overdue: Mapping[int, int]
    tasks: tuple[DueTask, ...]
    broken_promises: int
    other_currencies: tuple[str, ...] = ()
    """Other currencies in which amounts are overdue; they count for nothing here."""

    @property
    def overdue_minor(self) -> int:
        """Overdue amount without what is disputed, planned or in hand."""
        return sum(self.overdue.values())

    def value_minor(self, by: RiskFormula) -> int:
        """Value at risk, in minor units."""
        return by.value_minor(self.overdue, self.broken_promises)

    def reasons(self, by: RiskFormula) -> tuple[WorklistReason, ...]:
        """Return the reasons for which the customer is listed; none if it is not."""
        owes = self.overdue_minor > 0
        value_minor = self.value_minor(by)
        found: list[tuple[WorklistReason, bool]] = [
            ("task_due", bool(self.tasks)),
            ("escalated", any(task.escalated for task in self.tasks)),
            ("broken_promise", owes and self.broken_promises > 0),
            ("high_value", value_minor > 0 and value_minor >= by.high_minor(self.currency)),
        ]
        return tuple(reason for reason, holds in found if holds)


def in_words(entry: WorklistEntry, by: RiskFormula, lang: Literal["en", "fr"]) -> list[str]:
    """Return the reasons for the place of an entry, sentence by sentence."""
    value = money_text(entry.value_minor(by), entry.currency, lang)
    overdue = money_text(entry.overdue_minor, entry.currency, lang)
    said = []
    if entry.overdue:
        percents = [by.percent(days, entry.broken_promises) for days in entry.overdue]
        low, high, days = min(percents), max(percents), max(entry.overdue)
        span = f"{low}" if low == high else f"{low}–{high}"
        said.append(
            f"Value at risk {value}: {overdue} overdue, up to {days} days, at {span} %."
            if lang == "en"
            else f"Montant à risque {value} : {overdue} échus, jusqu'à {days} jours, à {span} %."
        )
    if entry.broken_promises:
        count, more = entry.broken_promises, by.broken_promise_percent
        said.append(
            f"Promises not kept in full: {count}, {more} points each."
            if lang == "en"
            else f"Promesses non tenues en entier : {count}, {more} points chacune."
        )
    if entry.tasks:
        count, first = len(entry.tasks), formats.day(min(task.due_on for task in entry.tasks), lang)
        said.append(
            f"Open tasks that are due: {count}, the first since {first}."
            if lang == "en"
            else f"Tâches à faire : {count}, la première depuis le {first}."
        )
    if any(task.escalated for task in entry.tasks):
        said.append(
            "A task is overdue too long and has come to the second level."
            if lang == "en"
            else "Une tâche en retard est passée au second niveau."
        )
    return said

"""Steps and instalments of an item, from its row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import convert
from msgspec.structs import replace

from dunning_svc.domain.policy.policy import Step
from dunning_svc.domain.policy.schedule import Mark, Taken, next_step_on
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.rows.access import Rows
from dunning_svc.read_models.cases.rows.parties import CreditorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts import Recorded
from encours.contracts.common import Instalment
from encours.contracts.events.dunning.document import DunningAct
from encours.contracts.instalments import InstalmentRange, divided


def recorded_on(e: Recorded, rows: Rows) -> date:
    """Return the day that it was at the creditor's place when the event was recorded; by UTC before it is known."""
    creditor = rows.get(CreditorRow, e.entity)
    zone = ZoneInfo(creditor.time_zone if creditor is not None else "UTC")
    return e.recorded_at.astimezone(zone).date()


def marked(entry: str, mark: Mark | None) -> str:
    """Return an entry of the column ``taken`` with that mark in place of its own."""
    return " ".join([*entry.split(" ")[:4], *([mark] if mark else [])])


def scheduled(row: ItemRow) -> ItemRow:
    """Return the row with the day of its next step in the default policy, by which the run of a day selects rows."""
    day = None
    if row.open_minor > 0:
        taken = steps_taken(row)
        day = next_step_on(DEFAULT_POLICY, due_on=row.due_on, entered_on=row.entered_on, taken=taken)
    return replace(row, next_step_on=day)


def all_steps_taken(row: ItemRow) -> tuple[Taken, ...]:
    """Return the entries of the column ``taken``."""
    return tuple(_taken(entry) for entry in row.taken)


def steps_taken(row: ItemRow) -> tuple[Taken, ...]:
    """Return the entries of the column ``taken``; of an invoice in instalments those of the one that is due."""
    found = all_steps_taken(row)
    if not row.instalments:
        return found
    return tuple(taken for taken in found if taken.on >= _first_day(taken.step, row.due_on))


def _first_day(step: Step | None, due_on: date) -> date:
    """Return the first day on which a step belongs to the instalment of that due date."""
    first_day = DEFAULT_POLICY.steps[0].scheduled_on(due_on)
    return min(first_day, step.scheduled_on(due_on)) if step and step.announces else first_day


@lru_cache(maxsize=2**15)
def _taken(entry: str) -> Taken:
    code, on, act, offset_days, *mark = entry.split(" ")
    step = Step(code, int(offset_days), convert(act, DunningAct), "")
    return Taken(code, date.fromisoformat(on), step, convert(mark[0], Mark) if mark else None)


def open_parts(row: ItemRow) -> tuple[Instalment, ...]:
    """Return the open part of each instalment: settled are the earliest first, reduced the last."""
    found = instalments_in(row.instalments)
    if not found:
        return ()
    opened = divided(found, row.settled_minor, row.settled_minor + row.open_minor)
    return tuple(
        Instalment(due_on=each.due_on, amount_minor=minor)
        for each, minor in zip(found, opened, strict=True)
        if minor > 0
    )


def due_again(row: ItemRow) -> ItemRow:
    """Return the row with the due date of the first instalment that is not settled, and the day of its next step."""
    found = instalments_in(row.instalments)
    due_on = next(
        (day for day, upto in found if upto > row.settled_minor), found[-1][0] if found else row.due_on
    )
    return scheduled(replace(row, due_on=due_on))


def instalments_in(entries: Iterable[str]) -> list[InstalmentRange]:
    """Return the entries of a column ``instalments``."""
    found = (entry.split(" ") for entry in entries)
    return [InstalmentRange(date.fromisoformat(day), int(upto)) for day, upto in found]

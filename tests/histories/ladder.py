"""One invoice of 1,000.00 on the ladder of the default policy, and items for single decisions."""

from __future__ import annotations

from datetime import date
from typing import Any

from dunning_svc.domain.ladder.state import Case, LadderItem
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import ReminderSuppressed
from encours.contracts.events.score import ScoreGraded
from encours.kernel.ids import derived_id
from encours.testing.events import event
from tests.histories.dunning import CUS, History

DUE_IN, AMOUNT = 10, 100_000


def invoiced() -> History:
    """A history with the invoice."""
    history = History()
    history.issue(DUE_IN, AMOUNT)
    return history


def mirrored(history: History, kind: type[Event], amount: int, **fields: Any) -> None:
    """Record in the stream of the invoice what happened to a part of it elsewhere."""
    (invoice_id,) = history.open
    said = event(kind, invoice_id=invoice_id, customer_id=CUS, amount_minor=amount, **fields)
    history.add(said, invoice_id)


def graded(history: History, grade: str) -> None:
    """Give the customer a grade."""
    grade_id = derived_id("grd", CUS)
    history.add(event(ScoreGraded, score_grade_id=grade_id, customer_id=CUS, grade=grade), grade_id)


def lived(days: int, history: History) -> list[str]:
    """Open so many days; return the steps taken, and suppressed ones with their cause."""
    found = [history.open_day() for _ in range(days)]
    return [
        f"{each.step} {each.cause}" if isinstance(each, ReminderSuppressed) else each.step
        for each in found
        if each is not None
    ]


def item(number: str, **changes: Any) -> LadderItem:
    """Open item of 100.00, due on 31 March 2026."""
    values: dict[str, Any] = {
        "invoice_id": f"inv_{number}", "version": 1, "number": number, "due_on": date(2026, 3, 31),
        "open_minor": 10_000, "disputed_minor": 0, "entered_on": date(2026, 1, 1), "done": (),
        "suppressed": (), "events": (7,),
    }  # fmt: skip
    return LadderItem(**(values | changes))


def case(*items: LadderItem) -> Case:
    """Case of these items."""
    return Case(
        "cus_1", "ent_1", "EUR", "cus_1", "en", "a@example.com", None, None, None, 0, items, events=(2,)
    )

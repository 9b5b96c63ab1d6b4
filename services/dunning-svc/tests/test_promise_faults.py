"""A promise that cannot be judged is left to a person and stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import pytest
from msgspec.structs import replace

from dunning_svc.domain.promise.decide import Received
from dunning_svc.read_models.cases.rows.promises import PromiseRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.promises.judging import PromiseToJudge, judged_with
from dunning_svc.use_cases.promises import judge_all
from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.parties import Survivors
from encours.ledger.errors import EventUnreadable, LedgerUnavailable
from encours.testing.events import event
from encours.testing.history import happened, recorded
from encours.testing.memory import MemoryLedger
from tests.histories.dunning import History
from tests.histories.ladder import AMOUNT, DUE_IN
from tests.histories.promises import promised

DAY = date(2026, 3, 9)


class Damaged(MemoryLedger):
    """A ledger with promises, one of which cannot be read."""

    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self._fault = fault
        for name in ("prm_1", "prm_2", "prm_3"):
            made = event(
                PromiseMade, promise_id=name, amount_minor=100, promised_on=date(2026, 3, 2), credit_minor=0,
                suspended_until=date(2026, 3, 3),
            )  # fmt: skip
            (e,) = happened(made)
            self._streams[name].append(e)

    async def read_stream(self, ledger: str, stream: str, **bounds: Any) -> list[Recorded]:
        if stream == "prm_2":
            raise self._fault
        return self._streams[stream][bounds.get("after_version", 0) :]


async def judged(fault: Exception) -> tuple[list[str], Sequence[Any]]:
    ledger = Damaged(fault)
    received = Received(owed_minor=100, in_time_minor=0, credit_minor=0)
    found = [
        PromiseToJudge(name, (f"cus_{name}", "ent_1", "EUR"), received)
        for name in ("prm_1", "prm_2", "prm_3")
    ]
    opened = recorded(DayOpened(day=DAY, late=False))
    unserved = await judge_all(cast(Any, ledger), opened, found, {"ent_1": DAY})
    return sorted(e.stream for e in ledger.events if e.type == "promise.broken"), unserved


def test_the_others_are_judged_and_the_customer_is_named_with_the_fault() -> None:
    broken, unserved = asyncio.run(judged(EventUnreadable("prm_2", 7, "promise.made", "cut short")))
    assert broken == ["prm_1", "prm_3"]
    ((customer_id, cause),) = [(each.customer_id, each.cause) for each in unserved]
    assert customer_id == "cus_prm_2"
    assert cause.startswith("Promise prm_2 cannot be judged: EventUnreadable: prm_2 has an event")


def test_an_outage_is_no_fault_of_a_promise() -> None:
    with pytest.raises(LedgerUnavailable):
        asyncio.run(judged(LedgerUnavailable("away")))


def test_a_row_that_cannot_be_reckoned_with_stops_no_other() -> None:
    history = History()
    for _ in range(2):
        history.issue(DUE_IN, AMOUNT)
        promised(history, [list(history.open)[-1]], 3)
    rows = history.rows.all(PromiseRow)
    items = {row.invoice_id: row for row in history.rows.all(ItemRow)}
    first = rows[0].invoice_ids[0]
    items[first] = replace(items[first], settled_parts=["damaged"])
    found, unserved = judged_with(rows, items, [], Survivors([], DAY))
    assert [each.promise_id for each in found] == [rows[1].promise_id]
    assert [each.cause.partition(" cannot")[0] for each in unserved] == [f"Promise {rows[0].promise_id}"]

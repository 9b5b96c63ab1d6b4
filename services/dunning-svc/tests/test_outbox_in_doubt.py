"""Orders that a gateway may have taken before a process ended: each is concluded, and none holds up the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import httpx

from dunning_svc.outbox.carriers import Carriers
from dunning_svc.outbox.dispatch import Dispatcher
from dunning_svc.outbox.gateway import Gateway
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import ReminderUnconfirmed
from encours.ledger.model import Clock
from encours.mail.attempts import Attempt
from encours.testing.history import happened
from encours.testing.memory import MemoryLedger
from tests.histories.letters import CREDITOR, CUSTOMER, reminder


class Interrupted:
    """Attempts of a process that has ended while it handed messages over."""

    owner = uuid4()

    async def read(self, _ledger: str, reminder_ids: list[str]) -> dict[str, Attempt]:
        return {
            each: Attempt(
                each,
                "handing",
                uuid4(),
                1,
                timedelta(minutes=1),
                datetime.now(UTC),
                None,
                None,
                f"gateway:{each}",
            )
            for each in reminder_ids
        }

    async def claim(self, *_arguments: object) -> dict[str, Any]:
        return {}


class OpenLedger(MemoryLedger):
    """A ledger with a request on record."""

    def __init__(self, requested: Event) -> None:
        super().__init__()
        self.events = happened(requested)
        for e in self.events:
            self._streams[e.stream].append(e)

    async def info(self, name: str) -> Any:
        return SimpleNamespace(name=name, kind="live", epoch=1, clock_at=None, copy_of=None)

    async def clock(self, _name: str) -> Clock:
        return Clock(datetime(2026, 5, 4, 9, tzinfo=UTC), date(2026, 5, 4))

    async def today(self, _name: str) -> date:
        return date(2026, 5, 4)


async def test_an_order_whose_template_is_gone_waits_for_a_person_and_stops_nothing(tmp_path: Path) -> None:
    asked = reminder(channel="registered_letter", template="own_notice")
    ledger = OpenLedger(asked)
    transport = httpx.MockTransport(lambda _: httpx.Response(404))
    gateway = Gateway("http://gateway.test/", "whsec_" + "A" * 32, transport=transport)
    none: Any = None
    carriers = Carriers(none, none, tmp_path, gateway)
    dispatcher = Dispatcher(cast(Any, ledger), none, cast(Any, Interrupted()), carriers)
    assert await dispatcher.dispatch("main", [OutgoingReminder(asked, CUSTOMER, CREDITOR)]) == []
    assert isinstance(ledger.events[-1].data, ReminderUnconfirmed)
    await gateway.close()

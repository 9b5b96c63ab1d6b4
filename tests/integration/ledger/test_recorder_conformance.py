"""The `eventsourcing` package's own recorder test cases, unmodified, on the ledger."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from encours.contracts import UnknownType
from encours.contracts.events import calendar
from encours.replay.mapper import ContractMapper, StreamEvent
from encours.replay.recorder import LoopThread, SyncAggregateRecorder, SyncRecorder
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import DAY


class OnTheLedger:
    """Each case gets an empty ledger of its own."""

    loop: LoopThread

    @pytest.fixture(autouse=True)
    def on_the_ledger(self, offline: LoopThread) -> None:
        type(self).loop = offline

    def new_ledger(self) -> str:
        name = f"recorder-{uuid4().hex[:12]}"
        self.loop.run(self.loop.ledger.create_ledger(name, "live", "UTC"))
        return name


class Recording(OnTheLedger):
    """Cases that ask for positions too."""

    def create_recorder(self) -> SyncRecorder:
        return SyncRecorder(self.loop, self.new_ledger())


@pytest.fixture(scope="module")
def offline(module_installation: Installation) -> Iterator[LoopThread]:
    """The installing user may append any type; the library's cases invent their own."""
    loop = LoopThread(module_installation.admin_url("ledger"))
    yield loop
    loop.close()


class TestAggregateRecorder(OnTheLedger, AggregateRecorderTestCase):
    def create_recorder(self) -> SyncAggregateRecorder:
        return SyncAggregateRecorder(self.loop, self.new_ledger())


class TestApplicationRecorder(Recording, ApplicationRecorderTestCase[SyncRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()

    def test_a_subscription_under_load_sees_everything_once_and_in_order(self) -> None:
        recorder, writes = self.create_recorder(), 100

        def write() -> None:
            for _ in range(writes):
                recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"state")])

        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        with recorder.subscribe() as subscription:
            seen = [next(subscription).id for _ in range(4 * writes)]
        for writer in writers:
            writer.join()
        assert seen == list(range(1, 4 * writes + 1))


class TestNonInterleaving(Recording, NonInterleavingNotificationIDsBaseCase):
    pass


def test_contracts_go_through_the_recorder_under_their_explicit_topic(offline: LoopThread) -> None:
    name = f"recorder-{uuid4().hex[:12]}"
    offline.run(offline.ledger.create_ledger(name, "live", "UTC"))
    recorder, mapper = SyncRecorder(offline, name), ContractMapper()
    event = StreamEvent("calendar", 1, calendar.DayOpened(day=DAY, late=False))
    recorder.insert_events([mapper.to_stored_event(event)])
    (stored,) = recorder.select_events("calendar")
    assert stored.topic == "calendar.day_opened"
    assert mapper.to_domain_event(stored) == event


def test_an_unregistered_topic_is_refused_and_nothing_is_imported() -> None:
    with pytest.raises(UnknownType):
        ContractMapper().to_domain_event(StoredEvent("x", 1, "antigravity:Nothing", b"{}"))

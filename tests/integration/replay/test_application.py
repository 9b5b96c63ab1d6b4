"""The ledger as an application of the `eventsourcing` library, opened by the auditor."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import ProgrammingError, StoredEvent

from encours.contracts import Recorded, UnknownType, types
from encours.contracts.events.calendar import STREAM
from encours.kernel.ids import uuid7
from encours.ledger import NewEvent, RawEvent, UnknownLedger
from encours.ledger.stored import StoredEvent as Row
from encours.replay import LedgerApplication, Replayed
from encours.replay.folders import LATEST
from encours.replay.mapper import registered_topics
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.use_cases.folds import INVOICE
from tests.integration.replay.conftest import Audited


def _events(audited: Audited, stream: str) -> list[Recorded]:
    return [event.recorded() for event in audited.books.log if event.stream == stream]


def test_an_aggregate_is_ours_at_every_version(audited: Audited) -> None:
    with audited.open() as app:
        for stream in audited.streams("inv_"):
            events = _events(audited, stream)
            for version in range(1, len(events) + 1):
                found: Replayed = app.repository.get(stream, version=version)
                assert isinstance(found.state, Invoice)
                assert found.state == INVOICE.fold(events[:version])
                assert (found.id, found.version, found.position) == (
                    stream,
                    version,
                    events[version - 1].position,
                )
            assert app.repository.get(stream).version == len(events)
            assert stream in app.repository
        with pytest.raises(AggregateNotFoundError):
            app.repository.get("inv_nobody")


def test_every_aggregate_once_at_any_position(audited: Audited) -> None:
    log = audited.books.log
    for position in (1, len(log) // 2, len(log)):
        with audited.open(upto=position) as app:
            found = {each.id: each for each in app.replay()}
        heads: dict[str, Row] = {event.stream: event for event in log[:position]}
        assert {name: each.version for name, each in found.items()} == {
            name: event.version for name, event in heads.items()
        }
        for name, each in found.items():
            if name.startswith("inv_"):
                assert each.state == INVOICE.fold(
                    event for event in _events(audited, name) if event.position <= position
                )


def test_on_a_business_date_a_state_is_the_one_that_its_service_answers(audited: Audited) -> None:
    day = audited.books.log[len(audited.books.log) // 3].effective_on
    with audited.open(as_of=day) as app:
        found = {each.id: each.state for each in app.replay()}
    wanted = {name: fold_as_of(_events(audited, name), day) for name in audited.streams("inv_")}
    assert {n: s for n, s in found.items() if n.startswith("inv_")} == {
        name: state for name, state in wanted.items() if state != Invoice()
    }
    with audited.open(as_of=date(1990, 1, 1)) as app, pytest.raises(AggregateNotFoundError):
        app.repository.get(audited.streams("inv_")[0])


def test_a_stream_that_no_service_folds_shows_its_last_events(audited: Audited) -> None:
    with audited.open() as app:
        days: Replayed = app.repository.get(STREAM)
    assert days.state == LATEST.fold(_events(audited, STREAM))
    assert list(days.state) == ["calendar.day_opened"]


def test_notifications_are_the_ledger_in_order(audited: Audited) -> None:
    log = audited.books.log
    with audited.open() as app:
        page = app.notification_log.select(start=1, limit=len(log))
        assert [n.id for n in page] == list(range(1, len(log) + 1))
        assert [n.state for n in page] == [event.raw for event in log]
        assert app.recorder.max_notification_id() == len(log)
        section = app.notification_log["1,5"]
        assert (section.id, section.next_id) == ("1,5", "6,10")
        issued = app.recorder.select_notifications(1, 1000, topics=["invoice.issued"])
        assert [n.id for n in issued] == [e.position for e in log if e.type == "invoice.issued"]
        event = app.mapper.to_domain_event(page[0])
        assert isinstance(event, Recorded)
        assert (event.ledger, event.position, event.effective_on) == ("audited", 1, log[0].effective_on)
    with audited.open(upto=3) as app:
        assert [n.id for n in app.notification_log.select(start=1, limit=10)] == [1, 2, 3]
        assert app.recorder.max_notification_id() == 3


def test_a_subscription_brings_what_is_appended_later(audited: Audited) -> None:
    with audited.open() as app:
        head = app.recorder.max_notification_id()
        versions = audited.books.versions
        versions[STREAM] = version = versions.get(STREAM, 0) + 1
        payload = RawEvent("calendar.day_opened", 1, b'{"day":"2027-01-01","late":false}')
        with app.recorder.subscribe(gt=head) as subscription:
            event = NewEvent(STREAM, version, payload, "", date(2027, 1, 1), uuid7())
            position = audited.append(event)
            seen = next(subscription)
    assert seen.id == position
    assert seen.state == payload.data
    audited.books.record(STREAM, app.mapper.to_domain_event(seen).data, date(2027, 1, 1))  # type: ignore[attr-defined]
    versions[STREAM] = version


def test_it_only_reads(audited: Audited) -> None:
    with audited.open() as app:
        event = app.mapper.to_domain_event(app.notification_log.select(start=1, limit=1)[0])
        with pytest.raises(ProgrammingError, match="only reads"):
            app.save(event)


def test_topics_are_registered_at_the_start_and_no_other_is_read(audited: Audited) -> None:
    topics = registered_topics()
    assert {topic.partition(";")[0] for topic in topics} == set(types())
    assert {"payment.reversed", "payment.reversed;v=2"} <= set(topics)
    with audited.open() as app, pytest.raises(UnknownType):
        app.mapper.to_domain_event(StoredEvent("x", 1, "antigravity:Nothing", b"{}"))


def test_nothing_is_taken_from_the_environment(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "antigravity")
    monkeypatch.setenv("AGGREGATE_CACHE_MAXSIZE", "1")
    with audited.open() as app:
        assert app.repository.cache is None


def test_a_ledger_that_does_not_exist_is_said_at_once(audited: Audited) -> None:
    with pytest.raises(UnknownLedger):
        LedgerApplication(audited.installation.auditor_url(), "nowhere")


def test_reading_a_whole_ledger_reads_each_block_of_streams_once(audited: Audited) -> None:
    day = audited.books.log[0].effective_on + timedelta(days=10_000)
    with audited.open(as_of=day) as app, app.recorder.holding(audited.streams("inv_")):
        app.loop.run(app.loop.ledger.close())  # nothing more can be read
        assert all(app.repository.get(name).state for name in audited.streams("inv_"))

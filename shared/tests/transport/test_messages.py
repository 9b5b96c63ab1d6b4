"""An event is the same whether it came from the database or through NATS, and has every attribute of `Recorded`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from encours.contracts import Recorded, encode
from encours.contracts.events.calendar import DayOpened
from encours.ledger.stored import StoredEvent
from encours.transport.messages import event_from, headers_of
from encours.transport.relay import after

EVENT = DayOpened(day=date(2026, 1, 31), late=False)
# PostgreSQL's text holds no U+0000 and no half surrogates.
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=40)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - hypothesis wants them bare
    lambda at: at.replace(tzinfo=UTC)
)


@st.composite
def facts(draw: st.DrawFn) -> StoredEvent:
    return StoredEvent(
        draw(st.integers(1, 2**62)),
        draw(texts),
        draw(st.integers(1, 2**31 - 1)),
        EVENT.TYPE,
        EVENT.VERSION,
        draw(texts),
        draw(st.dates()),
        encode(EVENT),
        draw(texts),
        draw(st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))),
        draw(st.none() | st.uuids()),
        draw(st.none() | st.uuids()),
        draw(st.none() | texts),
        (draw(st.uuids()), draw(st.uuids()), draw(instants)),
        "demo",
    )


def as_received(fact: StoredEvent) -> dict[str, str]:
    """What nats-py makes of the header lines on the other side."""
    ((first, block),) = headers_of(fact, 7, after(fact.position - 1)).items()
    text = f"{first}: {block.strip().translate({}).encode().decode()}"
    assert all(32 <= ord(character) < 127 for line in text.split("\r\n") for character in line)
    lines = (line.partition(": ") for line in text.split("\r\n"))
    return {name.rstrip(":"): value for name, _, value in lines}


@given(facts())
def test_headers_and_body_give_the_row_again(fact: StoredEvent) -> None:
    headers = as_received(fact)
    again = event_from(headers, fact.raw, "demo")
    assert [getattr(again, name) for name in ATTRIBUTES] == [getattr(fact, name) for name in ATTRIBUTES]
    assert again.recorded().data == EVENT
    assert headers["encours-epoch"] == "7"
    assert headers["Nats-Expected-Last-Sequence"] == str(fact.position - 1)
    assert headers["ce-id"] == str(fact.event_id)


ATTRIBUTES = [name for name in Recorded.__struct_fields__ if name != "data"]


def test_a_fact_has_every_attribute_of_recorded() -> None:
    extra = {"originator_id", "originator_version"}
    missing = {*Recorded.__struct_fields__, *extra} - set(dir(StoredEvent))
    assert missing == set()


@given(st.uuids(), st.uuids(), instants)
def test_the_packed_ids_of_a_database_row_are_unpacked_exactly(
    event_id: UUID, command_id: UUID, at: datetime
) -> None:
    micros = (at - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    packed = event_id.bytes + command_id.bytes + micros.to_bytes(8, "big", signed=True)
    fact = StoredEvent(1, "s", 1, "t", 1, "e", date(2026, 1, 1), b"", ids=packed)
    assert (fact.event_id, fact.command_id, fact.recorded_at) == (event_id, command_id, at)

"""Every version of every type that was ever written loads for ever, in canonical bytes."""

from typing import Any, ClassVar

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from encours import contracts
from encours.contracts import NewerVersion, UnknownType, golden
from encours.contracts.base import Event, encode

SAMPLES = list(golden.samples())


@pytest.mark.parametrize(("type_name", "version", "data"), SAMPLES, ids=[f"{t}.v{v}" for t, v, _ in SAMPLES])
def test_a_golden_sample_loads_and_the_current_version_is_written_back_byte_for_byte(
    type_name: str, version: int, data: bytes
) -> None:
    event = contracts.decode(type_name, version, data)
    assert type_name == type(event).TYPE
    if version == type(event).VERSION:
        assert encode(event) == data


@pytest.mark.parametrize(("type_name", "version", "data"), SAMPLES, ids=[f"{t}.v{v}" for t, v, _ in SAMPLES])
def test_many_events_of_one_type_and_version_load_as_each_does(
    type_name: str, version: int, data: bytes
) -> None:
    event = contracts.decode(type_name, version, data)
    assert contracts.batch_decoder(type_name, version)(data + b"," + data) == [event, event]


def test_every_version_of_every_type_has_a_golden_sample() -> None:
    stored = {(type_name, version) for type_name, version, _ in SAMPLES}
    needed = {(name, v) for name, cls in contracts.types().items() for v in range(1, cls.VERSION + 1)}
    assert needed <= stored, "run: python -m encours.contracts.golden"


def test_every_field_of_every_type_is_in_a_golden_sample() -> None:
    assert golden.unsampled() == [], "run: python -m encours.contracts.golden"


def test_a_legal_number_is_the_first_and_only_number_of_its_payload() -> None:
    """The ledger's database cuts it out of the bytes, between ``number`` and ``origin``."""
    numbered = [data for _, _, data in SAMPLES if b'"number":"' in data and b'"origin":"' in data]
    assert len(numbered) > 5
    for data in numbered:
        assert data.count(b'"number":"') == 1
        cut = data.partition(b'"number":"')[2].partition(b'","origin":"')[0]
        assert cut.decode() == msgspec.json.decode(data)["number"]


@pytest.mark.parametrize("name", sorted(contracts.types()))
def test_no_field_lies_between_the_number_of_a_document_and_its_origin(name: str) -> None:
    """Fields are sorted by name, and those with their default are left out: no golden sample shows the fault."""
    fields = sorted(contracts.event_class(name).__struct_fields__)
    if {"number", "origin"} <= set(fields):
        assert fields.index("origin") == fields.index("number") + 1


def test_the_published_schema_is_the_one_of_the_code() -> None:
    assert golden.SCHEMA.read_bytes() == golden.schema(), "run: python -m encours.contracts.golden"


@given(st.sampled_from(sorted(contracts.types())), st.text(), st.integers(-(2**53) + 1, 2**53 - 1))
def test_stored_bytes_are_rfc_8785(type_name: str, text: str, number: int) -> None:
    event = golden.example(contracts.event_class(type_name))
    fields = {f: getattr(event, f) for f in event.__struct_fields__}
    changed = {f: text for f, v in fields.items() if isinstance(v, str) and v.endswith(" é")}
    changed |= {f: number for f, v in fields.items() if type(v) is int}  # type: ignore[misc]
    event = msgspec.structs.replace(event, **changed)
    assert encode(event) == rfc8785.dumps(msgspec.to_builtins(event))


def test_an_unknown_type_and_a_newer_version_stop_the_reader() -> None:
    with pytest.raises(UnknownType, match="older than the ledger"):
        contracts.decode("invoice.teleported", 1, b"{}")
    with pytest.raises(NewerVersion, match="up to v1"):
        contracts.decode("invoice.cancelled", 2, b"{}")


def test_an_older_version_is_brought_up_step_by_step() -> None:
    class Moved(Event, frozen=True, kw_only=True):
        TYPE: ClassVar[str] = "test.moved"
        VERSION: ClassVar[int] = 3
        UPCASTERS: ClassVar[dict[int, Any]] = {
            1: lambda fields: {"place": fields["city"]},
            2: lambda fields: {"place": fields["place"].title(), "floor": 0},
        }
        place: str
        floor: int

    try:
        assert contracts.decode("test.moved", 1, b'{"city":"lyon"}') == Moved(place="Lyon", floor=0)
        assert contracts.decode("test.moved", 2, b'{"place":"lyon"}') == Moved(place="Lyon", floor=0)
        assert contracts.decode("test.moved", 3, b'{"floor":2,"place":"Lyon"}') == Moved(
            place="Lyon", floor=2
        )
    finally:
        contracts.base._types.pop("test.moved")


def test_two_contracts_cannot_share_a_name() -> None:
    with pytest.raises(TypeError, match="two contracts"):
        msgspec.defstruct("Other", [], bases=(Event,), namespace={"TYPE": "invoice.issued"}, frozen=True)


def test_a_payload_with_a_field_that_is_not_in_the_contract_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        contracts.decode("invoice.cancelled", 1, b'{"customer_id":"c","invoice_id":"inv_1","extra":1}')

"""A stolen database password of one service: what `ledger.append` still refuses to its role."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import fields, replace

from encours import contracts
from encours.contracts import Event, encode
from encours.contracts.events.calendar import STREAM as CALENDAR
from encours.contracts.events.calendar import DayOpened
from encours.contracts.families import FAMILIES
from encours.contracts.golden import example
from encours.kernel.ids import uuid7
from encours.ledger import AppendRefused, FamilyRefused, Ledger, NewEvent, NumberStep, RawEvent
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import DAY, Books

SERVICES = ("invoice", "dunning", "risk", "reporting")
EXAMPLES = {name: example(cls) for name, cls in contracts.types().items() if not name.startswith("calendar.")}
OF_FAMILY = {family.name: family for family in FAMILIES}


def family_of(type_name: str) -> str:
    return type_name.partition(".")[0]


def written_by(service: str) -> set[str]:
    return {family.name for family in FAMILIES if service in family.writers}


def stream_for(type_name: str) -> str:
    return f"{OF_FAMILY[family_of(type_name)].streams[0]}_{uuid7().hex}"


def new(data: Event | RawEvent, stream: str, *, on: date = DAY, number: NumberStep | None = None) -> NewEvent:
    return NewEvent(stream, 1, data, "ent_a", on, uuid7(), number)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def own(module_installation: Installation, books: Books, service: str) -> AsyncIterator[Books]:
    """The ledger as that service's role sees it."""
    ledger = await Ledger.open(module_installation.ledger_url(service))
    yield Books(ledger, books.name)
    await ledger.close()


async def test_a_service_appends_its_own_families_and_no_other(own: Books, service: str) -> None:
    for name, event in EXAMPLES.items():
        if family_of(name) in written_by(service):
            await own.append(own.command(new(event, stream_for(name))))
        else:
            with pytest.raises(FamilyRefused, match=name):
                await own.append(own.command(new(event, f"inv_{uuid7().hex}")))
    assert {family_of(row["type"]) for row in await own.rows()} == written_by(service) - {"calendar"}


async def test_a_service_writes_into_streams_of_its_families_alone(own: Books, service: str) -> None:
    for family in FAMILIES:
        examples = [event for name, event in EXAMPLES.items() if family_of(name) == family.name]
        if service not in family.writers or not examples:
            continue
        prefixes = {prefix for other in FAMILIES for prefix in other.streams} - {*family.streams}
        for odd in ("", "x", *prefixes, *(f"{prefix}_{uuid7().hex}" for prefix in prefixes),
                    f"{family.streams[0]}x_1"):  # fmt: skip
            with pytest.raises(FamilyRefused, match=f" to {odd}"):
                await own.append(own.command(new(examples[0], odd)))


async def test_legal_numbers_are_for_numbered_families(own: Books, service: str) -> None:
    step = NumberStep("ent_a", "FAC", DAY.year, "FAC-", 5)
    for family in FAMILIES:
        if service in family.writers and not family.numbered:
            name = next(name for name in contracts.types() if family_of(name) == family.name)
            data = RawEvent(name, 1, b'{"number":""}')
            with pytest.raises(FamilyRefused, match="with a number"):
                await own.append(own.command(new(data, f"{family.streams[0]}_1", number=step)))
    taken = await own.ledger.query(
        "select s.* from ledger.series s join ledger.ledgers l on l.id = s.ledger where l.name = $1", own.name
    )
    assert taken == []


@pytest.mark.parametrize("service", ["invoice"], indirect=True)
async def test_an_invoice_takes_its_number(own: Books) -> None:
    issued = EXAMPLES["invoice.issued"]
    blank = encode(issued).replace(b'"number":"number \xc3\xa9"', b'"number":""')
    step = NumberStep("ent_a", "FAC", DAY.year, "FAC-", 5)
    data = RawEvent(issued.TYPE, issued.VERSION, blank)
    done = await own.append(own.command(new(data, stream_for(issued.TYPE), number=step)))
    assert done.numbers == ("FAC-00001",)


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "no JSON": lambda good: b"{",
    "no object": lambda good: b"[]",
    "nothing of it": lambda good: b"{}",
    "a field too few": lambda good: good.replace(b'"due_on":"2026-03-31",', b""),
    "a field too many": lambda good: good[:-1] + b',"zzz":1}',
}


@pytest.mark.parametrize("service", ["invoice"], indirect=True)
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_payload_without_the_fields_of_its_type_is_refused(own: Books, fault: str) -> None:
    issued = EXAMPLES["invoice.issued"]
    good = encode(issued)
    broken = BROKEN[fault](good)
    assert broken != good
    with pytest.raises(AppendRefused):
        await own.append(
            own.command(new(RawEvent(issued.TYPE, issued.VERSION, broken), stream_for(issued.TYPE)))
        )
    assert await own.head() == 0


@pytest.mark.parametrize("service", ["invoice"], indirect=True)
async def test_types_and_versions_that_no_contract_defines_are_refused(own: Books) -> None:
    good = encode(EXAMPLES["invoice.issued"])
    for name, version in (("invoice.issued", 99), ("invoice.stolen", EXAMPLES["invoice.issued"].VERSION)):
        with pytest.raises(AppendRefused, match="has not the fields"):
            await own.append(own.command(new(RawEvent(name, version, good), stream_for(name))))


async def test_fields_with_a_default_may_be_left_out(own: Books, service: str) -> None:
    for name, cls in contracts.types().items():
        if family_of(name) in written_by(service) - {"calendar"}:
            optional = {field.name for field in fields(cls) if not field.required}
            whole: dict[str, object] = json.loads(encode(EXAMPLES[name]))
            least = json.dumps({field: value for field, value in whole.items() if field not in optional})
            data = RawEvent(name, cls.VERSION, least.encode())
            await own.append(own.command(new(data, stream_for(name))))


@pytest.mark.parametrize("service", ["invoice"], indirect=True)
async def test_any_text_may_stand_in_a_payload(own: Books) -> None:
    drafted = replace(EXAMPLES["customer.registered"], name='\x00 \x1f \\u0000 " \U0001f600 {}')
    await own.append(own.command(new(drafted, stream_for("customer.registered"))))
    (read,) = await own.ledger.read(own.name, 0, 10)
    assert read.data == drafted


@pytest.mark.parametrize("service", ["invoice"], indirect=True)
async def test_one_refused_event_fails_alone_among_those_that_wait_together(own: Books) -> None:
    issued = EXAMPLES["invoice.drafted"]
    appends = [
        own.command(new(issued if n != 3 else EXAMPLES["reminder.sent"], stream_for("invoice.issued")))
        for n in range(6)
    ]
    results = await asyncio.gather(*[own.append(append) for append in appends], return_exceptions=True)
    assert [n for n, result in enumerate(results) if isinstance(result, FamilyRefused)] == [3]
    assert await own.head() == 5


async def test_only_invoice_svc_moves_the_clock_of_a_sandbox(own: Books, books: Books, service: str) -> None:
    start = datetime(2026, 1, 1, 5, tzinfo=UTC)
    name = f"sand-{uuid7().hex[-12:]}"
    await books.ledger.create_ledger(name, "sandbox", "Europe/Paris", clock_at=start)
    sandbox = Books(own.ledger, name)
    later = start + timedelta(days=1)
    day = later.date()
    opening = sandbox.command(new(DayOpened(day=day, late=False), CALENDAR, on=day), clock_at=later)
    if service == "invoice":
        assert (await sandbox.append(opening)).recorded_at == later
    else:
        for move in (opening, sandbox.command(clock_at=later)):
            with pytest.raises(FamilyRefused, match="may not set a clock"):
                await sandbox.append(move)
    after = day + timedelta(days=1)
    with pytest.raises(FamilyRefused, match="not before it"):
        await sandbox.append(sandbox.command(new(DayOpened(day=after, late=False), CALENDAR, on=after)))


async def test_a_live_ledger_opens_no_day_that_has_not_come(own: Books) -> None:
    today = datetime.now(UTC).date()
    for on, day in (
        (today + timedelta(days=2),) * 2,
        (today, today + timedelta(days=2)),
        (date(2126, 1, 1),) * 2,
    ):
        with pytest.raises(FamilyRefused, match="not before it"):
            await own.append(own.command(new(DayOpened(day=day, late=False), CALENDAR, on=on)))
    await own.append(own.command(new(DayOpened(day=today - timedelta(days=1), late=True), CALENDAR,
                                     on=today - timedelta(days=1))))  # fmt: skip

"""Legal numbers are given under the lock: no holes, no conflicts, dated in their order."""

from __future__ import annotations

import asyncio
import random
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from encours.kernel.errors import Invalid
from encours.ledger import Appended, IssueDateBeforeLast, NewEvent, NumberStep, NumberTaken, VersionConflict
from tests.integration.ledger.helpers import DAY, Books, event, numbered


async def numbers(books: Books) -> list[tuple[str, date]]:
    rows = await books.rows()
    found = [(msgspec.json.decode(row["data"])["number"], row["effective_on"]) for row in rows]
    return [(number, on) for number, on in found if number]


async def test_the_number_is_written_into_the_payload(books: Books) -> None:
    first = await books.append(books.command(event("cus_1"), numbered("inv_1"), numbered("inv_2")))
    assert first.numbers == (None, "FAC-2026-00001", "FAC-2026-00002")
    rows = await books.ledger.read_raw(books.name, 1, 1)
    assert rows[0]["data"] == b'{"number":"FAC-2026-00001"}'


async def test_series_count_by_entity_code_and_year(books: Books) -> None:
    done = await books.append(
        books.command(
            numbered("a"),
            numbered("b", entity="ent_b"),
            numbered("c", code="AV"),
            numbered("d", on=date(2027, 1, 1)),
            numbered("e"),
        )
    )
    assert done.numbers == (
        "FAC-2026-00001", "FAC-2026-00001", "AV-2026-00001", "FAC-2027-00001", "FAC-2026-00002",
    )  # fmt: skip


async def test_many_issuers_at_once_get_every_number_once_whoever_conflicts(books: Books) -> None:
    await books.append(books.command(event("taken")))
    appends = [books.command(numbered(f"inv_{n}" if n % 7 else "taken")) for n in range(400)]
    results = await asyncio.gather(*[books.append(a) for a in appends], return_exceptions=True)
    good = [result for result in results if isinstance(result, Appended)]
    assert sum(isinstance(result, VersionConflict) for result in results) == 400 - len(good)
    expected = [f"FAC-2026-{n:05}" for n in range(1, len(good) + 1)]
    assert sorted(str(result.numbers[0]) for result in good) == expected
    assert [number for number, _ in await numbers(books)] == expected  # in the order of positions


async def test_a_date_before_the_last_issue_is_refused_and_takes_no_number(books: Books) -> None:
    await books.append(books.command(numbered("inv_1")))
    with pytest.raises(IssueDateBeforeLast, match="2026-03-31"):
        await books.append(books.command(event("cus_1"), numbered("inv_2", on=DAY - timedelta(1))))
    done = await books.append(books.command(numbered("inv_2")))
    assert done.numbers == ("FAC-2026-00002",)
    assert await books.head() == 2


async def test_dates_that_go_back_within_one_command_are_refused(books: Books) -> None:
    with pytest.raises(IssueDateBeforeLast):
        await books.append(books.command(numbered("inv_1"), numbered("inv_2", on=DAY - timedelta(1))))
    assert await numbers(books) == []


async def test_random_dates_conflicts_and_replays_leave_series_without_a_hole_and_in_order(
    books: Books,
) -> None:
    draw = random.Random(7)
    sent = []
    for _ in range(8):
        appends = [
            books.command(
                *[
                    numbered(f"inv_{draw.randrange(300)}", on=DAY + timedelta(draw.randrange(4)))
                    for _ in range(k)
                ]
            )
            for k in (draw.choice((1, 1, 1, 2)) for _ in range(60))
        ]
        sent += appends
        appends += draw.sample(sent, 5)
        await asyncio.gather(*[books.append(a) for a in appends], return_exceptions=True)
    stored = await numbers(books)
    assert len(stored) > 10
    assert [number for number, _ in stored] == [f"FAC-2026-{n:05}" for n in range(1, len(stored) + 1)]
    assert [on for _, on in stored] == sorted(on for _, on in stored)


async def test_a_repetition_is_told_its_first_numbers(books: Books) -> None:
    again = books.command(numbered("inv_1"), numbered("inv_2"))
    first = await books.append(again)
    assert (await books.append(again)).numbers == first.numbers == ("FAC-2026-00001", "FAC-2026-00002")


async def test_a_series_longer_than_its_width_goes_on(books: Books) -> None:
    step = NumberStep("ent_a", "X", 2026, "X", 1)
    done = await books.append(books.command(*[event(f"inv_{n}", number=step) for n in range(12)]))
    assert [str(number) for number in done.numbers[8:]] == ["X9", "X10", "X11", "X12"]


@pytest.mark.parametrize("prefix", ['"', "\\", "a\nb", "é", "x" * 33])
async def test_a_prefix_cannot_break_out_of_the_payload(books: Books, prefix: str) -> None:
    with pytest.raises(Invalid):
        await books.append(books.command(event("inv_1", number=NumberStep("ent_a", "X", 2026, prefix, 3))))


@pytest.mark.parametrize("data", [b"{}", b'{"number":"7"}', b'{"a":{"number":""},"number":""}'])
async def test_a_payload_must_have_one_place_for_its_number(books: Books, data: bytes) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        await books.append(
            books.command(event("inv_1", data=data, number=NumberStep("ent_a", "X", 2026, "X", 3)))
        )


def given(stream: str, number: str, **more: Any) -> NewEvent:
    """A document of another system, with the number that it has."""
    return event(stream, data=encoded({"number": number, "origin": "import"}), **more)


def issued(stream: str, **more: Any) -> NewEvent:
    step = NumberStep("ent_a", "FAC", DAY.year, "FAC-2026-", 5)
    return event(stream, data=encoded({"number": "", "origin": "issued"}), number=step, **more)


def encoded(payload: dict[str, str]) -> bytes:
    return msgspec.json.encode(payload, order="sorted")


async def test_a_number_taken_over_is_not_given_again_and_costs_the_others_of_the_batch_nothing(
    books: Books,
) -> None:
    await books.append(books.command(given("old", "FAC-2026-00002")))
    sent = (issued("a"), given("b", "FAC-2026-00002"), given("c", "X1"), event("d"), issued("e"))
    a, b, c, d, e = await asyncio.gather(
        *(books.append(books.command(each)) for each in sent), return_exceptions=True
    )
    assert isinstance(a, Appended)
    assert isinstance(b, NumberTaken)
    assert "FAC-2026-00002" in b.detail
    assert isinstance(c, Appended)
    assert isinstance(d, Appended)
    assert isinstance(e, Appended)
    assert sorted(map(str, [*a.numbers, *e.numbers])) == ["FAC-2026-00003", "FAC-2026-00004"]
    assert await books.head() == 5


async def test_a_number_given_here_is_not_taken_over(books: Books) -> None:
    await books.append(books.command(issued("a")))
    with pytest.raises(NumberTaken):
        await books.append(books.command(given("old", "FAC-2026-00001")))
    await books.append(books.command(given("note", "FAC-2026-00001", type="invoice.credited")))
    await books.append(books.command(given("other", "FAC-2026-00001", entity="ent_b")))


@pytest.mark.parametrize("number", ["7", 'A","origin":"', "é/\\", '"number":"', " "])
async def test_a_number_is_read_whatever_it_is_made_of(books: Books, number: str) -> None:
    await books.append(books.command(given("first", number)))
    await books.append(books.command(given("second", number + "x")))
    with pytest.raises(NumberTaken):
        await books.append(books.command(given("third", number)))


async def test_a_rehearsal_tells_number_and_refusal_and_takes_nothing(books: Books) -> None:
    await books.append(books.command(numbered("inv_1")))
    for _ in range(2):
        tried = await books.ledger.rehearse(books.command(event("cus_1"), numbered("inv_2")))
        assert (tried.first_position, tried.numbers) == (2, (None, "FAC-2026-00002"))
    with pytest.raises(IssueDateBeforeLast, match="2026-03-31"):
        await books.ledger.rehearse(books.command(numbered("inv_2", on=DAY - timedelta(1))))
    with pytest.raises(VersionConflict):
        await books.ledger.rehearse(books.command(numbered("inv_1")))
    await books.append(books.command(given("old", "FAC-2026-00002")))
    assert (await books.ledger.rehearse(books.command(issued("inv_2")))).numbers == ("FAC-2026-00003",)
    with pytest.raises(NumberTaken):
        await books.ledger.rehearse(books.command(given("new", "FAC-2026-00002")))
    assert await books.head() == 2

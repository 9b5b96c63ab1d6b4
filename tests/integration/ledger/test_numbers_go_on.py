"""A series goes on where the numbers of another system ended, whenever these are taken over."""

from __future__ import annotations

import asyncio
import random
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from encours.ledger import Appended, IssueDateBeforeLast, NewEvent, NumberTaken
from tests.integration.ledger.helpers import DAY, Books, event, numbered

PREFIX = "FAC-2026-"


def taken(number: str, *, on: date = DAY, type: str = "invoice.issued") -> NewEvent:
    data = f'{{"number":"{number}","origin":"import"}}'.encode()
    return event(f"old_{type}_{number}", type=type, data=data, on=on)


def own(stream: str, *, on: date = DAY, first: int = 1) -> NewEvent:
    made = numbered(stream, on=on)
    assert made.number is not None
    data = event(stream, data=b'{"number":"","origin":"issued"}').data
    return replace(made, data=data, number=replace(made.number, first=first))


async def number_of(books: Books, made: NewEvent) -> str | None:
    return (await books.append(books.command(made))).numbers[0]


async def test_the_first_number_follows_those_taken_over(books: Books) -> None:
    """It was 1, then 2 was refused for ever."""
    for number in ("FAC-2026-00002", "FAC-2026-00003", "FAC-2025-00009", "FAC-2026-x7", "FAC-2026-4711-1"):
        await books.append(books.command(taken(number)))
    assert [await number_of(books, own(f"inv_{n}")) for n in range(3)] == [
        f"{PREFIX}0000{n}" for n in (4, 5, 6)
    ]


async def test_the_first_number_is_not_dated_before_those_taken_over(books: Books) -> None:
    await books.append(books.command(taken("FAC-2026-00003", on=DAY)))
    with pytest.raises(IssueDateBeforeLast, match="2026-03-31"):
        await number_of(books, own("inv_1", on=DAY - timedelta(1)))
    assert await number_of(books, own("inv_1")) == f"{PREFIX}00004"


async def test_numbers_taken_over_after_the_first_are_passed_by(books: Books) -> None:
    assert await number_of(books, own("inv_1")) == f"{PREFIX}00001"
    await books.append(books.command(taken("FAC-2026-00002"), taken("FAC-2026-3"), taken("FAC-2026-00004")))
    done = await books.append(books.command(own("inv_2"), own("inv_3")))
    assert done.numbers == (f"{PREFIX}00005", f"{PREFIX}00006")
    with pytest.raises(NumberTaken):
        await books.append(books.command(taken("FAC-2026-00005")))


async def test_no_number_between_those_taken_over_is_left_out(books: Books) -> None:
    assert await number_of(books, own("inv_1")) == f"{PREFIX}00001"
    late = DAY + timedelta(30)
    await books.append(books.command(taken("FAC-2026-00003"), taken("FAC-2026-00006", on=late)))
    done = await books.append(books.command(*(own(f"inv_{n}") for n in range(2, 6))))
    assert done.numbers == tuple(f"{PREFIX}0000{n}" for n in (2, 4, 5, 7))
    assert await number_of(books, own("inv_6")) == f"{PREFIX}00008"


async def test_a_credit_note_of_another_system_has_its_number_too(books: Books) -> None:
    await books.append(books.command(taken("FAC-2026-00001", type="invoice.credited")))
    assert await number_of(books, own("inv_1")) == f"{PREFIX}00002"


async def test_a_series_may_begin_with_another_number_than_one(books: Books) -> None:
    assert await number_of(books, own("inv_1", first=101)) == f"{PREFIX}00101"
    assert await number_of(books, own("inv_2", first=999)) == f"{PREFIX}00102"
    await books.append(books.command(taken("FAC-2027-00007", on=date(2027, 1, 1))))
    assert await number_of(books, own("inv_3", on=date(2027, 1, 2), first=5)) == "FAC-2027-00008"


async def test_whatever_is_taken_over_meanwhile_every_issue_gets_the_next_free_number(books: Books) -> None:
    dice = random.Random(3)

    async def act(n: int) -> Appended | NumberTaken:
        if dice.random() < 0.3:
            number = f"{PREFIX}{dice.randrange(1, 150):05}"
            try:
                return await books.append(books.command(replace(taken(number), stream=f"old_{n}")))
            except NumberTaken as refusal:
                return refusal
        return await books.append(books.command(own(f"inv_{n}")))

    for first in range(0, 300, 30):
        await asyncio.gather(*(act(n) for n in range(first, first + 30)))
    rows = await books.rows()
    numbers = [row["data"].split(b'"number":"')[1].split(b'"')[0] for row in rows]
    assert len(set(numbers)) == len(numbers)
    issued = [n for n, row in zip(numbers, rows, strict=True) if row["stream"].startswith("inv_")]
    assert issued == sorted(issued)
    running = {int(number[len(PREFIX) :]) for number in numbers}
    assert set(range(1, int(issued[-1][len(PREFIX) :]) + 1)) <= running | set(
        range(1, int(issued[0][len(PREFIX) :]))
    )

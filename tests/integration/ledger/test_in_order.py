"""Commands of one request are stored in their order, however long each of them takes to be decided."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable
from datetime import date, timedelta

from encours.ledger import Appended, NewEvent
from encours.ledger.appending.wire import Prepared
from encours.ledger.errors import VersionConflict
from encours.ledger.in_order import InOrder
from tests.integration.ledger.helpers import Books, event, numbered

FIRST_DAY = date(2026, 1, 1)
COMMANDS = 120


async def side_by_side(
    books: Books, decide: Callable[[int], list[NewEvent]], *, dice: random.Random
) -> list[Appended]:
    """Run the commands as a batch does: a conflict is decided again."""
    turns = InOrder(books.ledger, COMMANDS)

    async def command(place: int) -> Appended:
        append = turns.append_at(place)
        try:
            while True:
                await asyncio.sleep(dice.random() / 50)  # the time that loading and deciding take
                try:
                    return await append(books.command(*decide(place)))
                except VersionConflict:
                    continue
        finally:
            turns.leave(place)

    return await asyncio.gather(*(command(place) for place in range(COMMANDS)))


async def test_each_gets_its_number_before_those_after_it(books: Books) -> None:
    """Appended alone, whichever was decided first took the number, and the date of an earlier one was refused."""
    dice = random.Random(7)

    def decide(place: int) -> list[NewEvent]:
        return [numbered(f"inv_{place}", on=FIRST_DAY + timedelta(place))]

    async def others() -> None:
        await asyncio.gather(*(books.append(books.command(event(f"cus_{n}"))) for n in range(300)))

    stored, _ = await asyncio.gather(side_by_side(books, decide, dice=dice), others())
    assert [done.numbers[0] for done in stored] == [f"FAC-2026-{n:05}" for n in range(1, COMMANDS + 1)]


async def test_a_command_that_ends_without_an_append_holds_nobody_up(books: Books) -> None:
    turns = InOrder(books.ledger, 3)
    last = asyncio.create_task(turns.append_at(2)(books.command(numbered("inv_2"))))
    first = asyncio.create_task(turns.append_at(0)(books.command(numbered("inv_0"))))
    await asyncio.sleep(0)
    turns.leave(1)
    assert [(await first).numbers, (await last).numbers] == [("FAC-2026-00001",), ("FAC-2026-00002",)]


async def test_a_group_that_is_decided_before_its_turn_is_stored_after_the_one_before(books: Books) -> None:
    first = InOrder(books.ledger, 1)
    second = InOrder(books.ledger, 1, after=first)
    begun = asyncio.create_task(second.begin())
    early = asyncio.create_task(second.append_at(0)(books.command(numbered("inv_1"))))
    await asyncio.sleep(0)
    late = await first.append_at(0)(books.command(numbered("inv_0")))
    first.leave(0)
    await begun
    assert [late.numbers, (await early).numbers] == [("FAC-2026-00001",), ("FAC-2026-00002",)]


async def test_those_behind_one_that_is_decided_again_wait_for_it(books: Books) -> None:
    """They took the numbers, and its date was then refused."""
    await books.append(books.command(event("cus_1")))
    attempts = [0] * COMMANDS

    def decide(place: int) -> list[NewEvent]:
        attempts[place] += 1
        moved = [event("cus_1", version=1 if attempts[place] == 1 else 2)] if place == 40 else []
        return [*moved, numbered(f"inv_{place}", on=FIRST_DAY + timedelta(place))]

    stored = await side_by_side(books, decide, dice=random.Random(1))
    assert [done.numbers[-1] for done in stored] == [f"FAC-2026-{n:05}" for n in range(1, COMMANDS + 1)]
    assert attempts[:40] == [1] * 40


async def test_what_was_stored_together_is_freed_without_the_garbage_collector(books: Books) -> None:
    """Appends of a group held each other: collections took a fifth of the time of a batch of invoices."""
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)  # what a collection finds is kept in gc.garbage
    try:
        for series in range(4):  # each connection still holds the last group that it sent

            def decide(place: int, series: int = series) -> list[NewEvent]:
                return [event(f"cus_{series}_{place}")]

            await side_by_side(books, decide, dice=random.Random(series))
        gc.collect()
        found = [each for each in gc.garbage if isinstance(each, Prepared)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert found == []

"""One writer process of test_tailing: `python -m tests.integration.ledger.writer DSN LEDGER EVENTS SEED`.

Appends with several callers and random pauses, and prints how many events were acknowledged and what was refused.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter

from encours.kernel.errors import DomainError
from encours.kernel.ids import new_id
from encours.ledger import Ledger
from tests.integration.ledger.helpers import Books, event

CALLERS = 4


async def write(dsn: str, name: str, events: int, seed: int) -> None:
    draw = random.Random(seed)
    books = Books(await Ledger.open(dsn, readers=1), name)
    acknowledged: list[int] = []
    refused: Counter[str] = Counter()
    remaining = events

    async def caller() -> None:
        nonlocal remaining
        while remaining > 0:
            size = min(remaining, draw.choice((1, 1, 1, 2, 5, 20)))
            remaining -= size
            stream = new_id("inv")
            try:
                done = await books.append(
                    books.command(*[event(stream, version) for version in range(1, size + 1)])
                )
                acknowledged.extend(range(done.first_position, done.last_position + 1))
            except DomainError as error:
                refused[error.code] += size
            if draw.random() < 0.3:
                await asyncio.sleep(draw.expovariate(1 / 0.01))

    await asyncio.gather(*[caller() for _ in range(CALLERS)])
    await books.ledger.close()
    print(json.dumps({"acknowledged": acknowledged, "refused": refused}))


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))

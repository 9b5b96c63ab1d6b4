"""Check of the tie-out of every day of a period, as known at some positions: ``python -m reporting_svc tie-out``.

One JSON object a line: for each position and currency the number of days, and of those that disagree the first ones
with their sums. The exit code is 1 if a day disagrees, 2 if nothing could be checked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any

from encours.ledger import Ledger, UnknownLedger
from encours.reading.moment import TimeTravel, View
from encours.reading.read_db import ReadDb
from encours.service.settings import ServiceSettings
from reporting_svc.models import MODELS
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import DayTieOut, tie_out_days

SHOWN = 10
WAIT_S = 600.0
YEAR = timedelta(days=364)
NOT_CHECKED = 2


class TieOutNotPossible(Exception):
    """Days, positions or a ledger that there is nothing to check of."""


def main(settings: ServiceSettings, options: Sequence[str]) -> int:
    """Check the days and print what was found; 1 if a day disagrees, 2 if nothing could be checked."""
    try:
        return asyncio.run(_main(settings, parsed(options)))
    except (TieOutNotPossible, UnknownLedger) as refused:
        print(refused, file=sys.stderr)
        return NOT_CHECKED


def parsed(options: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command."""
    parser = argparse.ArgumentParser(prog="python -m reporting_svc tie-out")
    parser.add_argument("--ledger", default="main")
    parser.add_argument("--to", type=date.fromisoformat, help="last day; today if not given")
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, help="first day; a year before the last"
    )
    parser.add_argument(
        "--known-at", type=int, nargs="*", default=[], help="positions; the ledger's head if none"
    )
    return parser.parse_args(options)


async def _main(settings: ServiceSettings, asked: argparse.Namespace) -> int:
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(settings.ledger_url.get_secret_value(), readers=1)
        stack.push_async_callback(ledger.close)
        db = await ReadDb.open(settings.store_url.get_secret_value(), ledger=ledger, models=MODELS, size=1)
        stack.push_async_callback(db.close)
        last = asked.to or await ledger.today(asked.ledger)
        first = asked.first or last - YEAR
        head = (await ledger.head(asked.ledger)).position
        if first > last:
            raise TieOutNotPossible(f"The period begins on {first}, after its last day, {last}.")
        for position in asked.known_at:
            if not 1 <= position <= head:
                raise TieOutNotPossible(f"Positions of the ledger are 1 to {head}: {position} is none.")
        broken = False
        for position in asked.known_at or [head]:
            found = await _days(db, asked.ledger, position, first, last)
            for line in _lines(position, found):
                broken |= not line["equal"]
                print(json.dumps(line), flush=True)
    return int(broken)


async def _days(db: ReadDb, ledger: str, position: int, first: date, last: date) -> list[DayTieOut]:
    if not await db.wait_for(Receivables.name, ledger, position, timeout=WAIT_S):
        raise TieOutNotPossible(f"The receivables have not reached position {position}.")
    async with db.snapshot(Receivables.name, ledger) as moment:
        time = TimeTravel.known_at_position(last, position)
        view = View(moment.conn, moment.schema, time, None, moment.incomplete)
        return [day async for day in tie_out_days(view, Scope(), first, last)]


def _lines(position: int, found: Sequence[DayTieOut]) -> list[dict[str, Any]]:
    """Return a line for each currency."""
    lines = []
    for currency in sorted({day.currency for day in found}):
        days = [day for day in found if day.currency == currency]
        off = [day for day in days if day.first_position is not None]
        lines.append(
            {
                "known_at": position,
                "currency": currency,
                "days": len(days),
                "equal": not off,
                "disagreeing": [
                    {
                        "day": day.day.isoformat(),
                        "buckets_minor": day.buckets_minor,
                        "open_items_minor": day.open_items_minor,
                        "ledger_minor": day.ledger_minor,
                        "first_position": day.first_position,
                    }
                    for day in off[:SHOWN]
                ],
            }
        )
    return lines

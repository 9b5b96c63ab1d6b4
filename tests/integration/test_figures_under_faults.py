"""Faults of the way to reporting-svc: after kills, copies and losses every figure is that of a rebuild."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import nats
import nats.js.errors
from nats.js import JetStreamContext

from encours.ledger import Ledger
from encours.reading.moment import TimeTravel, View
from encours.reading.read_db import ReadDb
from encours.testing.forks import Fork, run_fork
from encours.testing.servers import Installation, announcing_ledger
from encours.testing.waiting import HANG_S, until
from encours.transport.names import stream_name
from reporting_svc.models import MODELS
from reporting_svc.read_models.aged_balance.query import aged
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from tests.integration.receivable_histories import Books, replay
from tests.integration.reporting_process import LEDGER, append_facts, random_books

FAULTS = 4


@contextmanager
def worker(installation: Installation, service: str = "reporting") -> Iterator[Fork]:
    """A worker that the test may kill. That of invoice-svc relays the ledger to NATS."""
    running = Fork(f"{service}_svc", "worker", env=os.environ | installation.environment(service))
    try:
        yield running
    finally:
        running.kill()
        running.wait(HANG_S)


async def repeat_out_of_order(installation: Installation) -> None:
    """Publish copies of old messages behind the newest one: position and sequence disagree."""
    client = await nats.connect(installation.nats.server.url())
    try:
        js = client.jetstream()
        await until(lambda: holds_events(js))
        last = (await js.stream_info(stream_name(LEDGER))).state.last_seq
        for sequence in (*range(max(1, last - 8), last), 1):
            old = await js.get_msg(stream_name(LEDGER), sequence)
            assert old.subject is not None
            await client.publish(old.subject, old.data or b"", headers=old.headers)
        await client.flush()
    finally:
        await client.close()


async def holds_events(js: JetStreamContext) -> bool:
    try:
        return (await js.stream_info(stream_name(LEDGER))).state.last_seq > 0
    except nats.js.errors.NotFoundError:
        return False


async def lose_the_stream(installation: Installation) -> None:
    client = await nats.connect(installation.nats.server.url())
    try:
        await client.jetstream().delete_stream(stream_name(LEDGER))
    except nats.js.errors.NotFoundError:
        pass  # the relay is about to make it anew
    finally:
        await client.close()


async def load_with_faults(installation: Installation, books: Books) -> None:
    """Append the books in parts; each part meets a fault while it is followed."""
    ledger = await Ledger.open(installation.ledger_url("invoice"))
    await ledger.create_ledger(
        LEDGER, "sandbox", "Europe/Paris", clock_at=datetime(2026, 1, 1, 5, tzinfo=UTC)
    )
    db = await ReadDb.open(installation.store_url("reporting"), ledger=ledger, models=MODELS, size=1)
    cuts = [0, *(books.ends[len(books.ends) * n // FAULTS - 1] for n in range(1, FAULTS + 1))]

    async def reached(position: int) -> bool:
        return await db.wait_for(Receivables.name, LEDGER, position, timeout=1)

    try:
        async with announcing_ledger(installation.ledger_url(), installation.nats_url()) as writer:
            with worker(installation, "invoice"):
                for n in range(FAULTS):
                    with worker(installation) as running:
                        part = books.log[cuts[n] : cuts[n + 1]]
                        await append_facts(writer, part[: len(part) // 2])
                        await until(lambda n=n: reached(cuts[n] + 1))
                        if n == 1:
                            await repeat_out_of_order(installation)
                        if n == 2:
                            await lose_the_stream(installation)
                        await append_facts(writer, part[len(part) // 2 :])
                        if n % 2:
                            await until(lambda n=n: reached(cuts[n + 1]))
                        running.kill()
                with worker(installation):
                    await until(lambda: reached(len(books.log)))
    finally:
        await db.close()
        await ledger.close()


async def sums(installation: Installation, books: Books) -> dict[str, tuple[list[int], int]]:
    ledger = await Ledger.open(installation.ledger_url("reporting"))
    db = await ReadDb.open(installation.store_url("reporting"), ledger=ledger, models=MODELS, size=1)
    try:
        async with db.snapshot(Receivables.name, LEDGER) as (conn, schema, _):
            time = TimeTravel(books.today, len(books.log), None, is_now=True)
            found = (await aged(View(conn, schema, time, granted=None), Scope())).sums
    finally:
        await db.close()
        await ledger.close()
    assert all(each.tied for each in found)
    return {each.currency: (list(each.bands), each.ledger) for each in found}


def test_after_kills_copies_and_a_lost_stream_every_figure_is_that_of_a_rebuild(
    installation: Installation,
) -> None:
    books = random_books(seed=11, acts=160)
    asyncio.run(load_with_faults(installation, books))
    expected: dict[str, tuple[list[int], int]] = {}
    for (_, currency), e in replay(books.log, books.today, len(books.log)).items():
        bands, account = expected.get(currency, ([0] * 6, 0))
        expected[currency] = [a + b for a, b in zip(bands, e.bands, strict=True)], account + e.account
    assert asyncio.run(sums(installation, books)) == expected
    environment = os.environ | installation.environment("reporting")
    done = run_fork("reporting_svc", "rebuild", "--ledger", LEDGER, "--json", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    assert {each["model"]: each["equal"] for each in results} == {model.name: True for model in MODELS}

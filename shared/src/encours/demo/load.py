"""The demo into a running installation, through the API like any other takeover.

May be stopped and started again at any moment: files carry idempotency keys, lines are known by their
business keys, and the clock goes on from its day.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import httpx
import msgspec

from encours.demo.desk import CreditDesk
from encours.demo.model import COUNTRY, CURRENCY, generate
from encours.demo.orders import days_at_the_desk
from encours.demo.source import invoices_csv, retail_invoices

DEMO_LEDGER = "demo"
FIRST_DAY = date(2010, 12, 1)
LAST_DAY = date(2011, 12, 31)
COLUMN_MAP = "invoice_number=InvoiceNo,issued_on=InvoiceDate,customer=CustomerID,amount=TotalPrice"
POLL_S = 0.4
STALLED_S = 180.0
"""Time without progress after which the command reports the services' state and stops waiting; they go on."""

Progress = Callable[[str, int, int], None]
"""Stage in words, done, total."""
Url = Callable[[str], str]
"""Address of a service, by its name."""


class DemoStalled(Exception):
    """The services make no progress; the message names what they wait for."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Result of loading. ``already``: the demo had been loaded before, nothing was sent."""

    already: bool
    lines: int
    rejected: int
    events_fed: int
    seconds: float


def load(
    url: Url,
    key: str,
    progress: Progress | None = None,
    *,
    ledger: str = DEMO_LEDGER,
    until: date = LAST_DAY,
) -> Loaded:
    """Take the demo over into a sandbox ledger that exists, and run its clock to ``until``.

    The clock stops on the days on which the credit desk works. Idempotent. Raises :class:`httpx.HTTPStatusError`
    when the API refuses, :class:`DemoStalled`.
    """
    report = progress or (lambda stage, done, total: None)
    started = time.monotonic()
    headers = {"Authorization": f"Bearer {key}", "Encours-Ledger": ledger}
    with httpx.Client(
        base_url=url("invoice"), headers=headers, timeout=httpx.Timeout(60, connect=5)
    ) as client:
        clock = _clock(client, ledger)
        if clock["state"] == "idle" and clock["today"] is not None and clock["today"] >= until.isoformat():
            return Loaded(True, 0, 0, clock["events_recorded"], time.monotonic() - started)
        report("making the demo", 0, 1)
        invoices = retail_invoices()
        generated = b"".join(msgspec.json.encode(line) + b"\n" for line in generate(invoices, LAST_DAY))
        report("making the demo", 1, 1)
        sent = [
            _send(client, "demo-generated.ndjson", generated, "application/x-ndjson", {"generated": "true"}),
            _send(client, "online-retail.csv", invoices_csv(invoices), "text/csv", {"map": COLUMN_MAP}),
        ]
        expected = generated.count(b"\n") + len(invoices)
        taken: list[dict[str, Any]] = []
        for import_id in sent:
            taken.append(_taken(client, import_id, sum(t["lines"] for t in taken), expected, report))
        desk = CreditDesk(client, url("risk"), invoices)
        for day in days_at_the_desk(until):
            if date.fromisoformat(_clock(client, ledger)["today"] or FIRST_DAY.isoformat()) <= day:
                _advance(client, ledger, day, until, report)
                desk.work(day)
        clock = _advance(client, ledger, until, until, report)
        lines, rejected = sum(t["lines"] for t in taken), sum(t["rejected"] for t in taken)
        return Loaded(False, lines, rejected, clock["events_recorded"], time.monotonic() - started)


def _send(client: httpx.Client, name: str, body: bytes, media_type: str, options: dict[str, str]) -> str:
    answer = client.post(
        "/v1/imports",
        params={"file_name": name, "currency": CURRENCY, "country": COUNTRY, **options},
        content=body,
        headers={"Content-Type": media_type, "Idempotency-Key": f"demo-{sha256(body).hexdigest()[:32]}"},
    )
    answer.raise_for_status()
    import_id: str = answer.json()["id"]
    return import_id


def _taken(
    client: httpx.Client, import_id: str, before: int, expected: int, report: Progress
) -> dict[str, Any]:
    watch = _Watch()
    while True:
        found = _get(client, f"/v1/imports/{import_id}")
        report("taking the files over", before + found["lines"], expected)
        if found["state"] == "completed":
            return found
        if found["state"] == "failed":
            raise DemoStalled(f"import {import_id}: {found['problem']}")
        watch.moved(found["lines"], f"import {import_id} is {found['state']}")
        time.sleep(POLL_S)


def _advance(client: httpx.Client, ledger: str, day: date, until: date, report: Progress) -> dict[str, Any]:
    """Advance the clock to a day, on the way to ``until``."""
    client.post(f"/v1/ledgers/{ledger}/clock", json={"to": day.isoformat()}).raise_for_status()
    watch = _Watch()
    days = (until - FIRST_DAY).days + 1
    while True:
        clock = _clock(client, ledger)
        finished = clock["state"] == "idle" and clock["today"] == day.isoformat()
        reached = day if finished else date.fromisoformat(clock["day"] or FIRST_DAY.isoformat())
        report("running through the year", (reached - FIRST_DAY).days + finished, days)
        if finished:
            return clock
        if clock["state"] == "failed":
            raise DemoStalled(f"the clock of {ledger} stopped at {clock['day']}: {clock['error']}")
        state = clock["error"] or f"the clock of {ledger} is at {clock['day']}"
        watch.moved((clock["day"], clock["events_recorded"]), state)
        time.sleep(POLL_S)


def _clock(client: httpx.Client, ledger: str) -> dict[str, Any]:
    return _get(client, f"/v1/ledgers/{ledger}/clock")


def _get(client: httpx.Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


class _Watch:
    """Notices that nothing moves any more."""

    def __init__(self) -> None:
        self._last: object = None
        self._since = time.monotonic()

    def moved(self, mark: object, state: str) -> None:
        now = time.monotonic()
        if mark != self._last:
            self._last, self._since = mark, now
        elif now - self._since > STALLED_S:
            raise DemoStalled(f"nothing has moved for {STALLED_S:.0f} s: {state}")

"""kill -9 of the worker while a file is read and while the clock runs: it goes on, nothing is lost or done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.takeover import Takeover

INVOICES = 600
FIRST = date(2025, 3, 1)
DAYS = 25


def file() -> bytes:
    lines = ["invoice_number,issued_on,amount,customer,settled_on"]
    for n in range(INVOICES):
        issued = FIRST + timedelta(days=n % DAYS)
        lines.append(f"F{n},{issued},{n + 1}.50,C{n % 97},{issued + timedelta(days=n % 9)}")
    return "\n".join(lines).encode()


def test_a_worker_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice(
    own_system: System,
) -> None:
    takeover = Takeover.into(own_system, "sandbox")
    answer = takeover.send(file())
    assert answer.status_code == 202
    import_id = answer.json()["id"]
    _kill_worker(own_system, once=lambda: takeover.get(f"/v1/imports/{import_id}")["state"] != "received")
    taken = takeover.finished(import_id)
    assert (taken["lines"], taken["accepted"], taken["pending"]) == (INVOICES, INVOICES, 2 * INVOICES)

    until = FIRST + timedelta(days=DAYS + 10)
    assert (
        takeover.http.post(f"/v1/ledgers/{takeover.ledger}/clock", json={"to": until.isoformat()}).status_code
        == 202
    )
    for days in (4, 13, 22):
        _kill_worker(own_system, once=partial(_at, takeover, FIRST + timedelta(days=days)))
    wait_until(lambda: takeover.clock()["state"] == "idle", "the clock does not get on")
    own_system.wait_caught_up(takeover.ledger)

    counts = Counter(e["type"] for e in takeover.events())
    assert (
        counts["invoice.issued"]
        == counts["payment.received"]
        == counts["invoice.payment_applied"]
        == INVOICES
    )
    assert counts["customer.registered"] == 97
    assert counts["calendar.day_opened"] == (until - FIRST).days + 1
    invoices = takeover.invoices()
    assert {invoice["outstanding"]["amount"] for invoice in invoices} == {"0.00"}
    assert takeover.finished(import_id)["rejected"] == 0


def _kill_worker(system: System, *, once: Callable[[], bool]) -> None:
    wait_until(once, "the work does not get on")
    (worker,) = system.processes("worker", "invoice")
    system.kill(worker)


def _at(takeover: Takeover, day: date) -> bool:
    today = takeover.clock()["today"]
    return today is not None and date.fromisoformat(today) >= day

"""The merge of a customer with 10,000 invoices, and the first figures of the record that stands for it.

A whole installation as `make run` starts it. The merge is one event however many invoices there are: its reference, in
the same run, is a note in the file of the same customer. The aged balance of both records after the merge is compared
with that of the customer alone before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import httpx

from encours.testing.system import System, running_system
from tests.bench import Entry, entry

INVOICES, BATCH = 10_000, 1_000
ROUNDS = 15
LEDGER = "bench"
LEAST_RATIO = 3.0


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_system() as system:
        system.encours("ledger", "create", LEDGER)
        with system.client("invoice", LEDGER) as invoicing, system.client("reporting", LEDGER) as reporting:
            return _measure(system, invoicing, reporting)


def _measure(system: System, invoicing: httpx.Client, reporting: httpx.Client) -> list[Entry]:
    double, survivor = _books(invoicing)
    system.wait_caught_up(LEDGER)

    def balance() -> None:
        found = _sent(reporting.get("/v1/aged-balance", params={"customer_id": double}))
        assert found["totals"]["outstanding"]["amount"] == f"{INVOICES * 120}.00"

    alone = _ms(balance)
    merges, notes = [], []
    path = f"/v1/customers/{double}"
    for n in range(ROUNDS):
        notes.append(_posted_ms(invoicing, f"{path}/notes", {"text": f"note {n}"}))
        merges.append(_posted_ms(invoicing, f"{path}/merge", {"into": survivor}))
        if n + 1 < ROUNDS:
            _posted_ms(invoicing, f"{path}/merge/reverse", {})
    system.wait_caught_up(LEDGER)
    together = _ms(balance)
    merge, note = median(merges), median(notes)
    return [
        entry(
            f"merge of a customer with {INVOICES:,} invoices", merge, "ms", reference="a note on the same customer",
            reference_value=note, target=f"<= {LEAST_RATIO:g} x", met=merge <= LEAST_RATIO * note,
        ),
        entry(
            "aged balance of the merged customer", together, "ms", reference="of the customer alone, before",
            reference_value=alone, target=f"<= {LEAST_RATIO:g} x", met=together <= LEAST_RATIO * alone,
        ),
    ]  # fmt: skip


def _ms(work: Callable[[], None]) -> float:
    """Median time of some runs."""
    work()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def _posted_ms(http: httpx.Client, path: str, body: dict[str, Any]) -> float:
    started = time.perf_counter()
    answer = http.post(path, json=body)
    taken = (time.perf_counter() - started) * 1000
    _sent(answer)
    return taken


def _sent(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _books(http: httpx.Client) -> tuple[str, str]:
    """Return two records of one debtor, the first with all invoices."""
    address = {"lines": ["1 rue"], "postal_code": "75002", "city": "Paris", "country": "FR"}
    entity = {
        "name": "Lumière SAS", "country": "FR", "currency": "EUR", "time_zone": "Europe/Paris",
        "legal_form": "SAS, capital 10 000 EUR, RCS Paris", "siren": "552100554", "vat_id": "FR96552100554",
        "address": address,
    }  # fmt: skip
    owner = _sent(http.post("/v1/entities", json=entity))["id"]
    customer = {"entity_id": owner, "name": "Garage Dupont", "address": address}
    double, survivor = (_sent(http.post("/v1/customers", json=customer))["id"] for _ in range(2))
    line = {"description": "Pneu", "quantity": "1", "unit_price": "100.00", "vat_rate": "20"}
    invoice = {"entity_id": owner, "customer_id": double, "lines": [line]}
    for _ in range(INVOICES // BATCH):
        _sent(http.post("/v1/invoices:batch", json={"issue": True, "items": [invoice] * BATCH}))
    return double, survivor

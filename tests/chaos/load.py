"""Clients that issue invoices and pay them through the HTTP APIs, and never give up on a request.

A request whose answer is lost is sent again with the same Idempotency-Key until it is acknowledged, as a careful
integrator does. What was acknowledged is written down here and must be in the ledger afterwards, once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from encours.testing.system import System
from encours.testing.waiting import HANG_S
from tests.e2e.world import World, eur

DAY = "2026-03-02"


@dataclass
class Load:
    """A creditor, its customers and a number of client threads."""

    system: System
    ledger: str
    clients: int = 6
    pause_s: float = 0.02
    """Pause of a client between a payment and its next invoice: without one, clients leave no core to the services."""
    invoices: dict[str, dict[str, Any]] = field(default_factory=dict)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    retries: int = 0
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._world = World.make(self.system, self.ledger)
        self._customers = [self._world.customer(name=f"Client {n}") for n in range(self.clients)]

    def start(self) -> None:
        """Begin."""
        self._threads = [
            threading.Thread(target=self._client, args=(n,), daemon=True) for n in range(self.clients)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each client finish the request that it is at."""
        self._stop.set()
        for thread in self._threads:
            thread.join(HANG_S)
            assert not thread.is_alive(), "a client hangs"
        assert not self.failures, self.failures[:3]

    def _client(self, number: int) -> None:
        try:
            while not self._stop.is_set():
                reference = uuid4().hex
                invoice = self._until_acknowledged("/v1/invoices", self._invoice(number, reference))
                with self._lock:
                    self.invoices[reference] = invoice
                paid = {
                    "entity_id": self._world.entity,
                    "customer_id": self._customers[number],
                    "received_on": DAY,
                    "amount": eur("50.00"),
                    "remittance_text": f"partial {invoice['number']}",
                    "allocations": [{"invoice_id": invoice["id"], "amount": eur("50.00")}],
                }
                payment = self._until_acknowledged("/v1/payments", paid)
                with self._lock:
                    self.payments[payment["id"]] = payment
                self._stop.wait(self.pause_s)
        except Exception as error:
            self.failures.append(repr(error))

    def _invoice(self, number: int, reference: str) -> dict[str, Any]:
        return self._world.draft_body(
            self._customers[number], issue=True, issued_on=DAY, supply_on=DAY, reference=reference
        )

    def _until_acknowledged(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return until_acknowledged(self.system, self.ledger, path, body, self._stop, on_retry=self._retry)

    def _retry(self) -> None:
        with self._lock:
            self.retries += 1


def until_acknowledged(
    system: System,
    ledger: str,
    path: str,
    body: dict[str, Any],
    stop: threading.Event,
    on_retry: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The first answer that is not «try again»; anything else than success is a failure of the test."""
    headers = {"Idempotency-Key": uuid4().hex}
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        try:
            with system.client("invoice", ledger) as http:
                answer = http.post(path, json=body, headers=headers)
            if answer.status_code < 300:
                acknowledged: dict[str, Any] = answer.json()
                return acknowledged
            if answer.status_code not in (409, 429, 503):
                raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        except (httpx.HTTPError, OSError):
            pass
        on_retry()
        stop.wait(0.1)
    raise TimeoutError(f"{path} was not acknowledged within {HANG_S:g} s")

"""A creditor and a customer in a ledger of their own, and the few requests that every end-to-end test needs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from encours.testing.system import System
from encours.testing.waiting import HANG_S, wait_until

ADDRESS = {"lines": ["12 rue de la Paix"], "postal_code": "75002", "city": "Paris", "country": "FR"}
ENTITY = {
    "name": "Atelier Lumière SAS",
    "country": "FR",
    "currency": "EUR",
    "time_zone": "Europe/Paris",
    "legal_form": "SAS, capital 10 000 EUR, RCS Paris",
    "siren": "552100554",
    "vat_id": "FR96552100554",
    "address": ADDRESS,
}


def get_when_reached(client: httpx.Client, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """GET as a client of the API does: a 503 that says when to come back is repeated."""
    deadline = time.monotonic() + HANG_S
    while True:
        answer = client.get(path, params=parameters)
        if answer.status_code != 503 or "Retry-After" not in answer.headers or time.monotonic() > deadline:
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found


def eur(amount: str) -> dict[str, str]:
    """Money as the APIs take it."""
    return {"amount": amount, "currency": "EUR"}


LIMIT_FORMULA = {
    "currency": "EUR", "turnover_bps": 5_000, "equity_bps": 1_000, "round_to": eur("10.00"), "max_days_past_due": 60,
    "grade_factors": {"A": 12_000, "B": 10_000, "C": 8_000, "D": 2_000, "E": 0}, "valid_days": 20, "file_days": 400,
}  # fmt: skip


TO_THE_PAYER: dict[str, Any] = {
    "name": "To the payer",
    "priority": 40,
    "grouping": "payer",
    "minimums": {"EUR": "5.00"},
    "steps": [
        {"code": "J+2", "offset_days": 2, "act": "email", "template": "first"},
        {"code": "J+20", "offset_days": 20, "act": "email", "template": "first"},
    ],
}


def line(price: str = "100.00") -> dict[str, Any]:
    """An invoice line at 20 % VAT."""
    return {"description": "Maintenance", "quantity": "1", "unit_price": eur(price), "vat_rate": "20"}


@dataclass
class World:
    """One ledger. Positions of the last write are kept, so that reads can wait for it."""

    system: System
    ledger: str
    position: int = 0
    entity: str = ""
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    @classmethod
    def make(cls, system: System, ledger: str | None = None, *, day: str | None = None) -> World:
        """A creditor in that ledger, or in a new live one, or in a new sandbox that stands at ``day``."""
        name = ledger or f"t{uuid4().hex[:10]}"
        world = cls(system, name)
        if ledger is None:
            system.create_ledger(name, "sandbox" if day else "live")
        if day:
            world.advance(day)
        world.entity = world.post("invoice", "/v1/entities", ENTITY)["id"]
        return world

    @property
    def today(self) -> str:
        """The ledger's business date."""
        found: str = self.clock()["today"]
        return found

    def clock(self) -> dict[str, Any]:
        """The ledger's clock."""
        answer = self.client("invoice").get(f"/v1/ledgers/{self.ledger}/clock")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def advance(self, day: str) -> None:
        """Move the sandbox's clock there, day by day."""
        answer = self.client("invoice").post(f"/v1/ledgers/{self.ledger}/clock", json={"to": day})
        assert answer.status_code == 202, answer.text
        wait_until(lambda: self.clock()["state"] == "idle", f"the clock does not reach {day}")

    def client(self, service: str) -> httpx.Client:
        """A client kept open for the test."""
        if service not in self.clients:
            self.clients[service] = self.system.client(service, self.ledger)
        return self.clients[service]

    def send(self, service: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """POST, and remember the position."""
        payload = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = self.client(service).post(path, **payload, **options)
        self.position = max(self.position, int(answer.headers.get("encours-position", "0")))
        return answer

    def post(self, service: str, path: str, body: Any = None) -> dict[str, Any]:
        """POST that must succeed."""
        answer = self.send(service, path, body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """PUT to invoice-svc that must succeed."""
        answer = self.client("invoice").put(path, json=body)
        assert answer.status_code < 300, answer.text
        self.position = max(self.position, int(answer.headers["encours-position"]))
        found: dict[str, Any] = answer.json()
        return found

    def get(self, service: str, path: str, **parameters: Any) -> dict[str, Any]:
        """GET that must succeed, of a read model that has seen the last write."""
        return get_when_reached(self.client(service), path, {"min_position": self.position} | parameters)

    def customer(self, **fields: Any) -> str:
        """A new customer's id."""
        body = {
            "entity_id": self.entity,
            "name": "Garage Dupont SARL",
            "email": "compta@dupont.example",
        } | fields
        identifier: str = self.post("invoice", "/v1/customers", body | {"address": ADDRESS})["id"]
        return identifier

    def draft_body(self, customer: str, price: str = "100.00", **fields: Any) -> dict[str, Any]:
        """The body of a draft."""
        return {
            "entity_id": self.entity,
            "customer_id": customer,
            "series": "FAC",
            "lines": [line(price)],
        } | fields

    def invoice(self, customer: str, price: str = "100.00", **fields: Any) -> dict[str, Any]:
        """A new issued invoice."""
        return self.post("invoice", "/v1/invoices", self.draft_body(customer, price, issue=True, **fields))

    def payment(self, customer: str, amount: str, received_on: str, **fields: Any) -> dict[str, Any]:
        """A new payment."""
        body = {
            "entity_id": self.entity,
            "customer_id": customer,
            "amount": eur(amount),
            "received_on": received_on,
        }
        return self.post("invoice", "/v1/payments", body | fields)

    def decisions_follow(self) -> dict[str, int]:
        """Take all decisions of risk-svc again, none of which may differ; return their numbers by kind."""
        self.system.wait_caught_up(self.ledger)
        again = self.post("risk", "/v1/decisions/reperform", {"from": "2000-01-01", "to": "2099-12-31"})
        assert again["mismatches"] == []
        found: dict[str, int] = again["by_kind"]
        return found

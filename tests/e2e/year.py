"""One debtor's year over HTTP: the requests of the story, and what is held against the naive ledger after each step."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx

from encours.testing.system import System
from tests.e2e.naive import NaiveBooks, Trial, cents
from tests.e2e.world import World, eur, line

START = "2026-01-05"
TERMS = {"days": 30, "discount": {"rate": "2", "days": 10}}
LANGUAGES = ("en", "fr")
KNOWN_NOW = {"position", "known_at", "version"}
"""Fields of an answer that tell when it was asked."""


class Year:
    """A creditor, one customer with terms of 30 days and 2 % for payment within 10, and the naive ledger of both."""

    def __init__(self, system: System, start: str = START, terms: dict[str, Any] = TERMS) -> None:
        self.world = World.make(system, day=start)
        self.customer = self.world.customer()
        self.owner = {"entity_id": self.world.entity, "customer_id": self.customer}
        self.world.put(f"/v1/customers/{self.customer}/terms", terms)
        self.books = NaiveBooks()
        self.trial = Trial()
        self.day = start
        self.half = f"{start[:4]}-07"
        self.seen: dict[str, tuple[int, dict[str, Any]]] = {}
        """Answers at the end of each month, and the ledger's position then."""

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        """POST to invoice-svc."""
        return self.world.post("invoice", path, body)

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """GET from invoice-svc."""
        return self.world.get("invoice", path, **parameters)

    def invoice(self, price: str, **more: Any) -> dict[str, Any]:
        """Issue an invoice with one line at 20 % VAT."""
        return self.post("/v1/invoices", self.owner | {"lines": [line(price)], "issue": True} | more)

    def pay(self, amount: str, text: str) -> dict[str, Any]:
        """Receive money today with a bank text."""
        body = self.owner | {"received_on": self.day, "amount": eur(amount), "remittance_text": text}
        return self.post("/v1/payments", body)

    def raced(self, count: int, path: str, body: Any) -> tuple[dict[str, Any], set[str]]:
        """Return the answer of the one request of many that succeeds, and the problems of the others."""
        with ThreadPoolExecutor(count) as racers:
            answers: list[httpx.Response] = list(
                racers.map(lambda _: self.world.send("invoice", path, body), range(count))
            )
        (won,) = [answer.json() for answer in answers if answer.status_code < 300]
        return won, {answer.json()["type"] for answer in answers if answer.status_code >= 300}

    def advance(self, day: str) -> None:
        """Go on to a day; the end of each month in between is looked at on that day."""
        for month_end in month_ends(self.day, day):
            self.world.advance(month_end)
            self.day = month_end
            self.world.position = self.world.get("reporting", "/v1/aged-balance")["position"]
            self.seen[month_end] = self.world.position, self.answers()
        if self.day < day:
            self.world.advance(day)
            self.day = day

    def answers(self, **parameters: Any) -> dict[str, Any]:
        """Return what the services answer about the customer, without the fields that tell when it was asked."""
        mine = {"customer_id": self.customer} | parameters
        found = {
            path: self.get(f"/v1/{path}", **mine)
            for path in (
                "invoices",
                "payments",
                "credit-notes",
                "quotes",
                "orders",
                "deliveries",
                "recurring",
            )
        }
        for path in ("aged-balance", "overdue", "turnover"):
            found[path] = self.world.get("reporting", f"/v1/{path}", **mine)
        return {path: timeless(answer) for path, answer in found.items()}

    def check(self) -> None:
        """Hold aged balance, invoices and trial balance of today against the naive ledger; each event balances."""
        books, today = self.books, date.fromisoformat(self.day)
        feed = self.world.get("reporting", "/v1/events", after=self.trial.position, limit=1000)
        assert feed["end"]
        for event in feed["data"]:
            self.trial.post(event)
        items = sum(books.items.values())
        assert self.trial.sums == {"item": items, "cash": books.unapplied, "account": books.account}
        aged = self.world.get("reporting", "/v1/aged-balance", customer_id=self.customer)
        shown = {name: cents(money["amount"]) for name, money in aged["totals"]["bands"].items()}
        assert shown == books.bands(today)
        assert cents(aged["totals"]["unapplied"]["amount"]) == books.unapplied
        assert aged["tie_out"]["equal"]
        assert cents(aged["tie_out"]["ledger"]["amount"]) == books.account == items - books.unapplied
        listed = self.get("/v1/invoices", customer_id=self.customer, limit=200)["data"]
        outstanding = {each["id"]: cents(each["outstanding"]["amount"]) for each in listed if each["number"]}
        assert outstanding == books.items

    def told(self, path: str) -> list[str]:
        """Return the history of an object in English words, after the check that each event has words in French too."""
        spoken = {each: self.get(f"{path}/history", lang=each)["data"] for each in LANGUAGES}
        for english, french in zip(*spoken.values(), strict=True):
            assert english["type"] not in (english["summary"], french["summary"])
            assert english["summary"] != french["summary"]
        return [event["summary"] for event in spoken["en"]]

    def on_day(self, path: str, day: str) -> dict[str, Any] | None:
        """Return an object as of a day; None before it was there."""
        answer = self.world.client("invoice").get(path, params={"as_of": day})
        return answer.json() if answer.status_code == 200 else None

    def listed(self, path: str, **parameters: Any) -> set[str]:
        """Return the ids of a list of the customer's."""
        return {each["id"] for each in self.get(path, customer_id=self.customer, **parameters)["data"]}

    def seen_again(self) -> None:
        """Ask for each month-end again, and for the first half as known then too: the answers are those of that day."""
        for day, (position, seen) in self.seen.items():
            assert self.answers(as_of=day) == seen, day
            if day < self.half:
                assert self.answers(as_of=day, known_at=position) == seen, day


def month_ends(after: str, until: str) -> Iterable[str]:
    """Yield the last days of months after a day, up to another."""
    year = int(after[:4])
    for month in range(1, 13):
        last = date(year + month // 12, month % 12 + 1, 1).toordinal() - 1
        if after < (end := date.fromordinal(last).isoformat()) <= until:
            yield end


def timeless(answer: Any) -> Any:
    """Return an answer without the fields that tell when it was asked."""
    match answer:
        case dict():
            return {name: timeless(value) for name, value in answer.items() if name not in KNOWN_NOW}
        case list():
            return [timeless(value) for value in answer]
        case _:
            return answer

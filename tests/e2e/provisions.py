"""The provision matrix, computed again from the raw events: every sum written out, nothing of risk-svc used."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from encours.contracts.books import movements
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.parties.customer import CustomerRegistered
from tests.e2e.naive import BANDS, cents, recorded
from tests.e2e.takeover import Takeover

ENDS = (0, 30, 60, 90, 120, 365)
NAMES = [name for _, name in BANDS]


_NOBODY = "nobody"
Cell = tuple[str, str]
"""Segment and band."""


class ClosingFromEvents:
    """Rates, open amounts and losses at a closing in one currency, without cover and guarantees."""

    def __init__(self, events: list[dict[str, Any]], on: date) -> None:
        self.on = on
        self.open = Counter[str]()
        self.rates, self.losses = dict[Cell, int | None](), dict[Cell, int]()
        self.cash = Counter[str]()
        self._segments: dict[str, str] = {}
        self._issued: dict[str, InvoiceIssued] = {}
        self._owed: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
        self._paid: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
        self._balance, self._conceded = Counter[str](), Counter[str]()
        for event in events:
            if date.fromisoformat(event["effective_on"]) <= on:
                self._read(event)
        self._roll()
        self._lose()

    def _read(self, event: dict[str, Any]) -> None:
        data = recorded(event)
        if isinstance(data.data, InvoiceIssued):
            self._issued[data.data.invoice_id] = data.data
        if isinstance(data.data, CustomerRegistered):
            self._segments[data.data.customer_id] = data.data.segment or ""
        for each in movements(data):
            if each.effective_on > self.on:
                continue
            self.cash[each.customer_id] += each.cash_minor
            if each.invoice_id is not None:
                self._balance[each.invoice_id] += each.item_minor
                self._conceded[each.invoice_id] += each.conceded_minor
                self._owed[each.invoice_id].append((each.effective_on, each.owed_minor))
                if each.payment_id is not None:
                    self._paid[each.invoice_id].append((each.effective_on, -each.item_minor))

    def _unpaid(self, invoice_id: str, day: date) -> int:
        owed = sum(minor for on, minor in self._owed[invoice_id] if on <= day)
        return owed - sum(minor for on, minor in self._paid[invoice_id] if on <= day)

    def _roll(self) -> None:
        entered, passed = Counter[tuple[str | None, int]](), Counter[tuple[str | None, int]]()
        for invoice_id, issued in self._issued.items():
            for n, days in enumerate(ENDS):
                end = issued.due_on + timedelta(days=days)
                if not self.on - timedelta(days=365) <= end < self.on:
                    continue
                if n:
                    came = self._unpaid(invoice_id, issued.due_on + timedelta(days=ENDS[n - 1]))
                else:
                    came = sum(minor for on, minor in self._owed[invoice_id] if on <= issued.due_on)
                for segment in (self._segments.get(issued.customer_id, ""), None):
                    entered[segment, n] += came
                    passed[segment, n] += self._unpaid(invoice_id, end)
        for segment in {self._segments.get(each.customer_id, "") for each in self._issued.values()}:
            product: Fraction | None = Fraction(1)
            for n in reversed(range(len(ENDS))):
                # Without a history of its own a segment has that of all.
                of = next((each for each in (segment, None) if entered[each, n] > 0), _NOBODY)
                if of != _NOBODY:
                    ratio = Fraction(max(0, min(passed[of, n], entered[of, n])), entered[of, n])
                    product = None if product is None else product * ratio
                elif n == 0:
                    product = None
                self.rates[segment, NAMES[n]] = None if product is None else _half_up(product * 1_000_000)

    def _lose(self) -> None:
        exposed, cash = Counter[Cell](), Counter(self.cash)
        for invoice_id, issued in sorted(self._issued.items(), key=lambda each: (each[1].due_on, each[0])):
            late = (self.on - issued.due_on).days
            band = next(name for last, name in BANDS if late <= last)
            opened = self._balance[invoice_id]
            self.open[band] += opened
            left = opened - max(0, min(self._conceded[invoice_id], opened))
            paid = max(0, min(cash[issued.customer_id], left))
            cash[issued.customer_id] -= paid
            left, net = left - paid, issued.net_minor
            exposed[self._segments.get(issued.customer_id, ""), band] += (
                left if net is None else _half_up(Fraction(left * net, issued.total_minor))
            )
        for cell, minor in exposed.items():
            rate = self.rates[cell]
            if minor and rate is not None:
                self.losses[cell] = _half_up(Fraction(minor * rate, 1_000_000))


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def closings_tie(takeover: Takeover, *days: str) -> list[int]:
    """Compare the matrix at closings with one from the raw events, and with the aged balance; return the losses."""
    events = takeover.events()
    risk = takeover.system.client("risk", takeover.ledger)
    reporting = takeover.system.client("reporting", takeover.ledger)
    found_losses = []
    for day in days:
        naive = ClosingFromEvents(events, date.fromisoformat(day))
        answer = risk.get("/v1/provision-matrix", params={"on": day})
        assert answer.status_code == 200, answer.text
        [found] = answer.json()["matrices"]
        aged = reporting.get("/v1/aged-balance", params={"as_of": day}).json()
        totals = aged["totals"]
        assert (found["bands"], found["outstanding"]) == (totals["bands"], totals["outstanding"])
        assert {band: cents(each["amount"]) for band, each in found["bands"].items()} == {
            band: naive.open[band] for band in NAMES
        }
        assert cents(found["unapplied"]["amount"]) == naive.cash.total()
        assert {(each["segment"], each["band"]): each["loss_ppm"] for each in found["rates"]} == naive.rates
        losses = {
            (each["segment"], each["band"]): cents(each["expected_loss"]["amount"])
            for each in found["cells"]
            if each["expected_loss"] and cents(each["exposed"]["amount"])
        }
        assert losses == naive.losses
        assert cents(found["expected_loss"]["amount"]) == sum(losses.values())
        found_losses.append(sum(losses.values()))
    return found_losses
